"""A run that the egress, the brake or a full disk has stopped leaves that behind for people."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from strmctl.domain.alert import Kind
from strmctl.errors import DatabaseError, EgressError, LockedError, SafetyError, StrmctlError
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.troubles import Troubles

_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def noting_trouble(database: Path, command: str) -> Iterator[None]:
    """Around a run that holds the lock; what ends well ends its own trouble."""
    try:
        yield
    except LockedError:
        raise
    except StrmctlError as error:
        kind = _kind(error)
        if kind is not None:
            _note(database, kind, command if kind is Kind.BRAKE else "", str(error))
        raise
    with suppress(DatabaseError), Database.open(database, create=False, migrate=False) as opened:
        troubles = Troubles(opened)
        troubles.close(Kind.BRAKE, command)
        troubles.close(Kind.DISK, "")


def is_disk_full(error: BaseException | None) -> bool:
    """Whether that is behind it, however often it was said anew."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _FULL:
            return True
        if isinstance(error, sqlite3.Error):
            return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
        error = error.__cause__ or error.__context__
    return False


def _kind(error: StrmctlError) -> Kind | None:
    if isinstance(error, EgressError):
        return Kind.EGRESS
    if isinstance(error, SafetyError):
        return Kind.BRAKE
    return Kind.DISK if is_disk_full(error) else None


def _note(database: Path, kind: Kind, name: str, reason: str) -> None:
    """Where not even that can be written, the run's own line has to do."""
    with suppress(DatabaseError), Database.open(database, create=False, migrate=False) as opened:
        Troubles(opened).open(kind, name, reason, datetime.now(UTC))
