"""What `write` changes is journalled in the transaction of its rows: `undo` takes it back."""

from collections.abc import Iterable, Iterator, Mapping as Table

from strmctl.domain.change import Action, Change
from strmctl.domain.identity import Identity
from strmctl.domain.mapping import Mapping
from strmctl.services.library.undoable_run import UndoableRun
from strmctl.services.writing.plan import Outcome, Plan
from strmctl.storage.database.connection import Database


class WriteJournal(UndoableRun):
    """One run: writing the same again changes nothing, and leaves none."""

    def __init__(self, database: Database, command: str = "write") -> None:
        super().__init__(database, command)

    def add(
        self, plans: Iterable[Plan], rows: Table[Identity, Mapping], moved: Table[Identity, bytes]
    ) -> None:
        """`rows` are as they are now; `moved` holds what the files held that are at another path
        by now. Called inside the transaction that changes the rows."""
        changes = [
            change
            for plan in plans
            if plan.outcome is not Outcome.UNCHANGED
            for change in _changes(plan, rows[plan.target.identity], moved)
        ]
        if not changes:
            return
        # cron writes the same list each night: no change takes no place in `undo`.
        self._journal.add(self._begun(), changes)

    def done(self, plans: Iterable[Plan]) -> None:
        """The files of these are written as well."""
        changed = any(plan.outcome is not Outcome.UNCHANGED for plan in plans)
        if changed and self._run is not None:
            self._journal.forget_earlier()


def _changes(plan: Plan, row: Mapping, moved: Table[Identity, bytes]) -> Iterator[Change]:
    action = Action.CREATED if plan.row is None else Action.UPDATED
    if plan.moved_from is not None:
        action = Action.MOVED
        if (before := moved.get(row.identity)) is not None:
            yield Change(action, plan.moved_from, file_before=before)
    yield Change(action, plan.path, plan.row, row, plan.before, plan.content)
