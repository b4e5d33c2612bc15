"""A copy of the database is whole or not there at all, and its owner's alone.

Whoever makes one holds a lock on what is not whole yet; what nobody holds was left by a run that
was killed, and goes.
"""

import errno
import fcntl
import glob
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from strmctl.errors import DatabaseError
from strmctl.storage.files.durable import sync

# FAT, exFAT, some network shares and FUSE have no hard links.
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS}


def copy_database(source: Path, target: Path) -> None:
    """Copy while others read and write; raises DatabaseError where `target` exists already."""
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        if target.exists():
            raise FileExistsError
        for leftover in (*abandoned(source), *abandoned(target)):
            leftover.unlink(missing_ok=True)
        with _held(partial):
            _vacuum_into(source, partial)
            _name(partial, target)
    except FileExistsError:
        raise DatabaseError(f"{target}: exists already: name a file that does not") from None
    except OSError as error:
        raise DatabaseError(f"{target}: cannot be written: {error.strerror}") from error
    sync(target.parent)


def read_copy(source: Path, target: Path) -> None:
    """Copy what may only be read, such as a file on a read-only disk. Raises DatabaseError."""
    # A pipe would be waited for until somebody writes to it.
    if not source.is_file():
        raise DatabaseError(f"{source}: cannot be read: it is not a file")
    failure: sqlite3.Error | None = None
    # Without a -shm that it may write SQLite reads a WAL database as immutable only.
    for mode in ("mode=ro", "mode=ro&immutable=1"):
        try:
            with (
                closing(sqlite3.connect(f"{source.absolute().as_uri()}?{mode}", uri=True)) as old,
                closing(sqlite3.connect(target)) as new,
            ):
                old.backup(new)
                return
        except sqlite3.Error as error:
            failure = error
    raise DatabaseError(f"{source}: cannot be read: {failure}") from failure


def _name(partial: Path, target: Path) -> None:
    """Raises FileExistsError where something has appeared there meanwhile."""
    try:
        # Unlike a rename it replaces nothing.
        target.hardlink_to(partial)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # The name is ours first: what the rename replaces, or a kill leaves, is empty.
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        try:
            partial.replace(target)
        except OSError:
            target.unlink()
            raise


def abandoned(file: Path) -> list[Path]:
    """What killed runs have left beside it of copies that they were making, of it or there."""
    pattern = f".{glob.escape(file.name)}.*.partial"
    return [path for path in file.parent.glob(pattern) if _is_free(path)]


@contextmanager
def _held(partial: Path) -> Iterator[None]:
    """A new file, its owner's alone and gone in the end."""
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        with suppress(OSError):
            partial.unlink()
        os.close(descriptor)


def _is_free(partial: Path) -> bool:
    try:
        with partial.open("rb") as file:
            # The kernel frees the lock of a killed run: what can be locked is nobody's.
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:  # it is being made, or gone by now
        return False
    return True


def _vacuum_into(source: Path, partial: Path) -> None:
    with closing(sqlite3.connect(source, isolation_level=None)) as connection:
        # It leaves out free pages, and takes an empty file for a new one.
        connection.execute("VACUUM INTO ?", (str(partial),))
    # VACUUM INTO does not sync what it writes.
    sync(partial)
