"""What a media server has yet to be told of a file: later changes join the one that waits.

Whatever happens to a file before the server hears of it, it hears of it once, and not at all
where nothing is left of it.
"""

import re
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

_FIRST_DELAY = timedelta(seconds=10)
_LONGEST_DELAY = timedelta(hours=1)
_DRIVE = "[A-Za-z]:"


class FileChange(StrEnum):
    CREATED = "created"
    MODIFIED = "modified"
    DELETED = "deleted"


_C, _M, _D = FileChange.CREATED, FileChange.MODIFIED, FileChange.DELETED
_JOINED: dict[tuple[FileChange, FileChange], FileChange | None] = {
    (_C, _C): _C, (_C, _M): _C, (_C, _D): None,
    (_M, _C): _M, (_M, _M): _M, (_M, _D): _D,
    (_D, _C): _M, (_D, _M): _M, (_D, _D): _D,
}  # fmt: skip


class Notice(Struct, frozen=True):
    """One file of which one `[notify.NAME]` table, the `target`, does not show the change yet.

    `told_at` is when the server confirmed that it was told; `alone` says that the notice waits for
    itself, not for its server, so that others may be told meanwhile.
    """

    id: int
    target: str
    strm_path: str
    change: FileChange
    changed_at: datetime
    attempts: int
    next_attempt_at: datetime
    told_at: datetime | None = None
    alone: bool = False


def joined(waiting: FileChange | None, later: FileChange) -> FileChange | None:
    """The two as one change; None where the server need not know that there ever was a file."""
    return later if waiting is None else _JOINED[waiting, later]


def retry_delay(attempts: int, chance: float) -> timedelta:
    """How long to leave a server alone after that many failures: 10 s to 1 h.

    `chance` from 0 to 1 spreads it by a quarter either way, so that not all come back at once.
    """
    doubled = _FIRST_DELAY * 2.0 ** min(max(attempts, 1) - 1, 20)
    spread = min(doubled, _LONGEST_DELAY) * (0.75 + chance / 2)
    return min(max(spread, _FIRST_DELAY), _LONGEST_DELAY)


def server_path(library: str, strm_path: str) -> str:
    """Where the server sees the file; `library` is its folder there, such as `/media/strm`,
    `D:\\strm`, `\\\\nas\\strm` or `smb://nas/strm`."""
    separator = "\\" if _is_windows(library) else "/"
    return library.rstrip(separator) + separator + strm_path.replace("/", separator)


def _is_windows(library: str) -> bool:
    if "\\" in library:
        return not library.startswith("/")
    return re.fullmatch(_DRIVE, library) is not None
