"""The database is whole, current, its owner's alone, and lies where SQLite can be trusted."""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from strmctl.errors import DatabaseError, ItemError
from strmctl.services.doctor.finding import Finding, of_error
from strmctl.services.doctor.installation import Installation
from strmctl.services.doctor.keys import is_open_to_others, open_to_others
from strmctl.storage.database import file_system
from strmctl.storage.database.backup import abandoned
from strmctl.storage.database.connection import Database
from strmctl.storage.database.integrity import DatabaseHealth, is_damage
from strmctl.storage.files.library_tree import strm_paths
from strmctl.storage.tables.journal import Journal

NEEDED_SPACE = 100 * 1024 * 1024
"""Bytes, besides a copy of the database, which every migration makes."""

_MUCH_UNUSED = 64 * 1024 * 1024
_REBUILD = "`strmctl doctor --rebuild` makes a new one from the library"
_BESIDE = ("", "-wal", "-shm", ".lock", ".resolving")
_COPIES = (".*.bak", ".damaged-*")


def database_opens(installation: Installation) -> Iterator[Finding]:
    settings = installation.settings
    try:
        installation.open_database()
    except DatabaseError as error:
        subject = str(settings.database)
        if installation.has_database:
            yield of_error(error, "database", subject, _REBUILD if is_damage(error) else "")
        elif not installation.is_player:
            remedy = _REBUILD if _has_files(settings.library) else "`strmctl init`"
            yield of_error(DatabaseError("there is no database"), "database", subject, remedy)


def database_whole(installation: Installation) -> Iterator[Finding]:
    database = _opened(installation)
    if database is None:
        return
    subject = str(installation.settings.database)
    health = DatabaseHealth(database)
    remedy = f"restore a backup, or {_REBUILD}"
    try:
        complaints = health.complaints()
        dangling = health.dangling()
    except DatabaseError as error:
        yield of_error(error, "database", subject, remedy)
        return
    if complaints:
        reason = f"it is damaged ({len(complaints)} faults): {complaints[0]}"
        yield of_error(DatabaseError(reason), "database", subject, remedy)
    if dangling:
        reason = f"{dangling} rows refer to others that were removed by hand"
        yield Finding.warning("database", subject, reason, "`strmctl doctor --fix`", health.let_go)


def rows_readable(installation: Installation) -> Iterator[Finding]:
    database = installation.usable_database()
    for row in DatabaseHealth(database).unreadable_rows() if database else ():
        yield Finding.error(
            "row",
            f"mapping {row}",
            "it holds what strmctl never writes: it was edited by hand",
            f"correct it with `sqlite3 {installation.settings.database}`, or restore a backup",
        )


def database_current(installation: Installation) -> Iterator[Finding]:
    database = _opened(installation)
    if database is not None and (pending := database.pending()):
        yield Finding.warning(
            "migrations",
            str(installation.settings.database),
            f"{len(pending)} pending, the first is {pending[0]}",
            "`strmctl migrate`",
            database.migrate,
        )


def database_mode(installation: Installation) -> Iterator[Finding]:
    """It and its copies hold upstream URLs with tokens."""
    file = installation.settings.database
    copies = [path for end in _COPIES for path in sorted(file.parent.glob(file.name + end))]
    paths = [*(file.with_name(file.name + end) for end in _BESIDE), *copies]
    if found := [path for path in paths if path.is_file() and is_open_to_others(path)]:
        yield open_to_others("database", *found)


def database_place(installation: Installation) -> Iterator[Finding]:
    file = installation.settings.database
    kind = file_system.file_system(file)
    # SQLite's WAL needs shared memory, which NFS and SMB do not have.
    if file_system.is_network(kind):
        yield Finding.warning(
            "database",
            str(file),
            f"it lies on a network file system ({kind}), where SQLite's locks cannot be trusted",
            "move it to a local disk and set `database`",
        )


def write_ahead(installation: Installation) -> Iterator[Finding]:
    """Without it, whoever reads keeps others from writing."""
    database = _opened(installation)
    if database is None:
        return
    mode = DatabaseHealth(database).journal_mode()
    # Restoring from a dump loses the journal mode, which lies in the file; a player node reads a
    # copy once, and nobody writes it.
    if mode != "wal" and not installation.is_player:
        yield Finding.warning(
            "database",
            str(installation.settings.database),
            f"its journal mode is {mode} instead of wal",
            "`strmctl migrate`; if that does not help, move it to a local disk",
            lambda: _use_wal(installation),
        )


def free_space(installation: Installation) -> Iterator[Finding]:
    settings = installation.settings
    size = settings.database.stat().st_size if settings.database.is_file() else 0
    # Every migration makes a copy before it changes anything.
    yield from _space(settings.database.parent, NEEDED_SPACE + size)
    yield from _space(settings.library, NEEDED_SPACE)


def room_within(installation: Installation) -> Iterator[Finding]:
    database = _opened(installation)
    file = installation.settings.database
    if database is None:
        return
    unused = DatabaseHealth(database).unused_bytes()
    # SQLite gives no space back by itself: deleted pages stay in the file.
    if unused > _MUCH_UNUSED and 2 * unused > file.stat().st_size:
        yield Finding.info(
            "database",
            str(file),
            f"{unused // 2**20} MiB of the file are unused",
            f"`sqlite3 {file} VACUUM` while nothing else runs",
        )


def copies_abandoned(installation: Installation) -> Iterator[Finding]:
    """They hold upstream URLs, and as much space as the database."""
    # A kill -9 during a backup leaves them.
    for partial in abandoned(installation.settings.database):
        yield Finding.warning(
            "leftover",
            str(partial),
            "a run that was killed has left it while it made a copy",
            "`strmctl doctor --fix`",
            partial.unlink,
        )


def run_unfinished(installation: Installation) -> Iterator[Finding]:
    database = installation.usable_database()
    last = Journal(database).last() if database else None
    if last is not None and last.finished_at is None:
        yield Finding.info(
            "run",
            last.command,
            "the last one was interrupted, or is under way",
            f"`strmctl {last.command}` again goes on, `strmctl undo` takes back what it has done",
        )


def _opened(installation: Installation) -> Database | None:
    try:
        return installation.open_database()
    except DatabaseError:
        return None


def _has_files(library: Path) -> bool:
    with suppress(ItemError):
        return any(strm_paths(library))
    return False


def _use_wal(installation: Installation) -> None:
    installation.close()
    Database.open(installation.settings.database, create=False).close()


def _space(folder: Path, needed: int) -> Iterator[Finding]:
    if not folder.is_dir():
        return
    free = shutil.disk_usage(folder).free
    if free < needed:
        yield Finding.warning(
            "space",
            str(folder),
            f"{free // 2**20} MiB are free on its disk, {needed // 2**20} MiB should be",
            "free some space",
        )
