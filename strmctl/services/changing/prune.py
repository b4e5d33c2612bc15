"""Forgets rows whose file is gone and removes strmctl's own files whose row is gone.

Nothing that was only moved is forgotten, and nothing that strmctl cannot prove to be its own is
removed. A library without any `.strm` is taken for one that is not mounted, a database without
any mapping for one that was lost.
"""

from collections.abc import Iterator
from itertools import islice

from strmctl.domain.change import Action, Change, Finding, Step
from strmctl.domain.mapping import Mapping
from strmctl.domain.selection import Selection
from strmctl.errors import ItemError, SafetyError
from strmctl.services.library.mounted import emptied
from strmctl.services.library.strays import strays
from strmctl.services.library.tree import TreeFile
from strmctl.settings.model import Auth, Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.files.strm_file import LibraryFiles
from strmctl.storage.tables.mappings import Mappings

_BATCH = 1000

MOVED, UNPROVED = "moved", "unproved"
_UNPROVED = (
    "no mapping knows it, and no key of yours proves that it is strmctl's: remove it by hand, "
    "or take it over with `strmctl import`"
)
_LOST = (
    "{}: holds no mapping, but the library files of strmctl: was it lost? `strmctl import` takes "
    "them over. Nothing was done; run again with --force if it is right"
)


def plan(
    settings: Settings, database: Database, files: LibraryFiles, *, force: bool = False
) -> Iterator[Step]:
    """Raises SafetyError for a library or database that seems lost, unless `force`d; ItemError
    for a folder that cannot be read."""
    count = Mappings(database).count(Selection())
    # An NFS or SMB share that is not mounted looks like an empty library.
    if not force and (reason := emptied(settings, database)) is not None:
        raise SafetyError(f"{reason} Nothing was done; run again with --force if it is right")
    homes: dict[int, str] = {}
    for stray in strays(database, files, settings):
        if stray.row is not None:
            homes[stray.row.id] = stray.file.strm_path
        elif not _is_ours(settings, stray.file):
            yield Finding(UNPROVED, stray.file.strm_path, _UNPROVED)
        # A database that was lost must not take the library with it.
        elif not (count or force):
            raise SafetyError(_LOST.format(settings.database))
        else:
            file = stray.file
            yield Change(Action.REMOVED, file.strm_path, file_before=file.content)
    yield from _rows(database, files, homes)


def _is_ours(settings: Settings, file: TreeFile) -> bool:
    """Without signatures there is only the base URL to tell another strmctl's files."""
    if settings.proxy.auth is Auth.NONE:
        # Two strmctl may share a library: the other's files have another base URL.
        return (file.url or "").startswith(settings.proxy.public_base_url)
    return file.proved


def _rows(database: Database, files: LibraryFiles, homes: dict[int, str]) -> Iterator[Step]:
    rows = Mappings(database).select(Selection())
    while batch := list(islice(rows, _BATCH)):
        contents = files.read_all(row.strm_path for row in batch)
        for row in batch:
            content = contents[row.strm_path]
            if isinstance(content, ItemError):
                yield Finding("bad", row.strm_path, str(content), row)
            elif content is None:
                yield _gone(row, homes.get(row.id))


def _gone(row: Mapping, home: str | None) -> Step:
    if home is None:
        return Change(Action.REMOVED, row.strm_path, row_before=row)
    reason = f"it is at {home} by now: `strmctl import` follows it"
    return Finding(MOVED, row.strm_path, reason, row)
