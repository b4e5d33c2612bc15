"""A change is one row, one file or both, as they were and as they shall be; it can be reversed."""

from enum import StrEnum

from msgspec import Struct, structs

from strmctl.discreet import Discreet
from strmctl.domain.mapping import Mapping


class Action(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    ADOPTED = "adopted"
    MOVED = "moved"
    REWRITTEN = "rewritten"
    REMOVED = "removed"
    RESTORED = "restored"


class Change(Discreet, frozen=True):
    """`row_*` None is no row, `file_*` None no file at `strm_path`; equal ones are left alone.

    Where both rows are there, they are one row, and of their columns only those that differ are
    changed, so that what others store meanwhile stays. A file that moves is two changes: one with
    the rows at its new path, one without rows at its old.
    """

    hidden = ("file_before", "file_after")

    action: Action
    strm_path: str
    row_before: Mapping | None = None
    row_after: Mapping | None = None
    file_before: bytes | None = None
    file_after: bytes | None = None

    @property
    def changes_row(self) -> bool:
        return self.row_before != self.row_after

    @property
    def changes_file(self) -> bool:
        return self.file_before != self.file_after

    @property
    def alters(self) -> bool:
        """Whether the brake counts it: something of the library is changed, or a file goes.

        What only joins the library does not count: adopting a file loses nothing of it.
        """
        if self.row_before is not None:
            return self.changes_row or self.changes_file
        if self.action is Action.MOVED:
            return False
        return self.file_before is not None and self.file_after is None

    @property
    def is_old_place(self) -> bool:
        """The second half of a move, which its first half speaks for."""
        return self.action is Action.MOVED and self.mapping is None

    @property
    def mapping(self) -> Mapping | None:
        """The row that it is about, as it shall be or was."""
        return self.row_after or self.row_before

    def reversed(self) -> "Change":
        remains = self.row_before is not None or self.file_before is not None
        action = Action.RESTORED if remains else Action.REMOVED
        return structs.replace(
            self,
            action=Action.MOVED if self.is_old_place else action,
            row_before=self.row_after,
            row_after=self.row_before,
            file_before=self.file_after,
            file_after=self.file_before,
        )


class Finding(Struct, frozen=True):
    """A file or row that a plan leaves as it is, and why; `kind` is one word for JSON."""

    kind: str
    strm_path: str
    reason: str = ""
    mapping: Mapping | None = None


Step = Change | Finding
