"""A run that the egress, the brake or a full disk has stopped leaves that behind for people."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from strmctl.domain.alert import Kind
from strmctl.errors import DatabaseError, EgressError, LockedError, SafetyError, StrmctlError
from strmctl.storage.database.connection import Database
from strmctl.storage.database.file_system import is_disk_full
from strmctl.storage.tables.alerts import Troubles


@contextmanager
def noting_trouble(
    database: Path, command: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Iterator[None]:
    """Around a run that holds the lock; what ends well ends its own trouble."""
    with noting_failure(database, command, now):
        yield
    with suppress(DatabaseError), Database.open(database, create=False, migrate=False) as opened:
        end_troubles(opened, command)


@contextmanager
def noting_failure(
    database: Path, command: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Iterator[None]:
    """For a run that calls `end_troubles` itself while it has the database open."""
    try:
        yield
    # Another run's lock is no trouble: cron's next turn comes.
    except LockedError:
        raise
    except StrmctlError as error:
        kind = kind_of(error)
        if kind is not None:
            _note(database, kind, command if kind is Kind.BRAKE else "", str(error), now())
        raise


def end_troubles(database: Database, command: str) -> None:
    """A run that ended well has shown these to be over."""
    with suppress(DatabaseError):
        troubles = Troubles(database)
        troubles.close(Kind.BRAKE, command)
        troubles.close(Kind.DISK, "")
    with suppress(OSError):
        full_disk_marker(database.path).unlink(missing_ok=True)


def full_disk_marker(database: Path) -> Path:
    """The file that says that people were told of a full disk which holds the database too."""
    return database.with_name(f"{database.name}.full")


def kind_of(error: StrmctlError) -> Kind | None:
    """None for what is no trouble that lasts."""
    if isinstance(error, EgressError):
        return Kind.EGRESS
    if isinstance(error, SafetyError):
        return Kind.BRAKE
    return Kind.DISK if is_disk_full(error) else None


def _note(database: Path, kind: Kind, name: str, reason: str, now: datetime) -> None:
    """Where not even that can be written, the run's own line has to do."""
    with suppress(DatabaseError), Database.open(database, create=False, migrate=False) as opened:
        Troubles(opened).open(kind, name, reason, now)
