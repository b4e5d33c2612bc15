"""Which migrations a database has had and which it still needs."""

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from strmctl.storage.database import schema
from strmctl.storage.database.connection import Database, database_exists


class MigrationState(Struct, frozen=True):
    """`ran` are those of `applied` that this run has applied; `folder` holds their files."""

    applied: Sequence[str]
    pending: Sequence[str]
    folder: Path
    ran: Sequence[str] = ()


def look(database: Path) -> MigrationState:
    """Changes nothing; a database that does not exist yet needs every migration."""
    if not database_exists(database):
        return MigrationState((), schema.known(), schema.folder())
    with Database.open(database, migrate=False) as opened:
        return MigrationState(opened.applied(), opened.pending(), schema.folder())


def bring_up_to_date(database: Path) -> MigrationState:
    """Apply what is pending, after a backup; a database that does not exist yet is made."""
    missing = look(database).pending
    with Database.open(database) as opened:
        applied = opened.applied()
        ran = [name for name in applied if name in missing]
        return MigrationState(applied, opened.pending(), schema.folder(), ran)
