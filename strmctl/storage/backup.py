"""A copy of the database is whole or not there at all, and its owner's alone.

Whoever makes one holds a lock on what is not whole yet; what nobody holds was left by a run that
was killed, and goes.
"""

import fcntl
import glob
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from strmctl.errors import DatabaseError
from strmctl.storage.durable import sync


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
            # A link, unlike a rename, never replaces what has appeared there meanwhile.
            target.hardlink_to(partial)
    except FileExistsError:
        raise DatabaseError(f"{target}: exists already: name a file that does not") from None
    except OSError as error:
        raise DatabaseError(f"{target}: cannot be written: {error.strerror}") from error
    sync(target.parent)


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
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:  # it is being made, or gone by now
        return False
    return True


def _vacuum_into(source: Path, partial: Path) -> None:
    with closing(sqlite3.connect(source, isolation_level=None)) as connection:
        connection.execute("VACUUM INTO ?", (str(partial),))
    # VACUUM INTO does not sync what it writes.
    sync(partial)
