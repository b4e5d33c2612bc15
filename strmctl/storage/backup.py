"""A copy of the database is whole or not there at all, and its owner's alone."""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from strmctl.errors import DatabaseError
from strmctl.storage.durable import sync


def copy_database(source: Path, target: Path) -> None:
    """Copy while others read and write; raises DatabaseError where `target` exists already."""
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        if target.exists():
            raise FileExistsError
        _vacuum_into(source, partial)
        # A link, unlike a rename, never replaces what has appeared there meanwhile.
        target.hardlink_to(partial)
    except FileExistsError:
        raise DatabaseError(f"{target}: exists already: name a file that does not") from None
    except OSError as error:
        raise DatabaseError(f"{target}: cannot be written: {error.strerror}") from error
    finally:
        with suppress(OSError):
            partial.unlink()
    sync(target.parent)


def _vacuum_into(source: Path, partial: Path) -> None:
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with closing(sqlite3.connect(source, isolation_level=None)) as connection:
        connection.execute("VACUUM INTO ?", (str(partial),))
    # VACUUM INTO does not sync what it writes.
    sync(partial)
