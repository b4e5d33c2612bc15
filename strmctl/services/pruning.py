"""Forgets rows whose file is gone and removes strmctl's own files whose row is gone.

Nothing that was only moved is forgotten, nothing that strmctl cannot prove to be its own is
removed, and a library that holds no `.strm` at all is taken for one that is not mounted.
"""

from collections.abc import Iterator
from itertools import islice

from strmctl.domain.change import Action, Change, Finding, Step
from strmctl.domain.mapping import Mapping
from strmctl.domain.selection import Selection
from strmctl.errors import ItemError, SafetyError
from strmctl.services.strays import strays
from strmctl.services.tree import TreeFile
from strmctl.settings.model import Auth, Settings
from strmctl.storage.database import Database
from strmctl.storage.library_tree import strm_paths
from strmctl.storage.mappings import Mappings
from strmctl.storage.strm_file import LibraryFiles

_BATCH = 1000

MOVED, UNPROVED = "moved", "unproved"


def plan(
    settings: Settings, database: Database, files: LibraryFiles, *, force: bool = False
) -> Iterator[Step]:
    """Raises SafetyError for a library without any `.strm`, ItemError for an unreadable folder."""
    if not force:
        _check_mounted(settings, database)
    homes: dict[int, str] = {}
    for stray in strays(database, files, settings):
        if stray.row is not None:
            homes[stray.row.id] = stray.file.strm_path
        else:
            yield _orphan(settings, stray.file)
    yield from _rows(database, files, homes)


def _check_mounted(settings: Settings, database: Database) -> None:
    mappings = Mappings(database).count(Selection())
    if mappings and next(strm_paths(settings.library), None) is None:
        raise SafetyError(
            f"{settings.library}: holds no .strm though there are {mappings} mappings: is it "
            "mounted? Nothing was done; run again with --force if it is right"
        )


def _orphan(settings: Settings, file: TreeFile) -> Step:
    if _is_ours(settings, file):
        return Change(Action.REMOVED, file.strm_path, file_before=file.content)
    return Finding(
        UNPROVED,
        file.strm_path,
        "no mapping knows it, and no key of yours proves that it is strmctl's: remove it by hand, "
        "or take it over with `strmctl import`",
    )


def _is_ours(settings: Settings, file: TreeFile) -> bool:
    """Without signatures there is only the base URL to tell another strmctl's files."""
    if settings.proxy.auth is Auth.NONE:
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
