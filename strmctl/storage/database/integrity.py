"""What a database tells about itself; nothing is changed."""

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from strmctl.domain.mapping import Mapping
from strmctl.errors import DatabaseError, UsageError
from strmctl.storage.database import rows
from strmctl.storage.database.connection import Database

_COMPLAINTS = 20
_DATED = ("created_at", "updated_at", "resolved_at", "last_probed_at")

_PAGE = "SELECT * FROM strm_mapping WHERE id > ? ORDER BY id LIMIT 1000"
_SITES = """
SELECT site, count(*) AS mappings, count(*) - count(resolved_url) AS unresolved
FROM strm_mapping GROUP BY site ORDER BY site
"""


def is_damaged(path: Path) -> bool:
    """Whether the file is, or holds, what SQLite cannot read.

    Raises DatabaseError where something else keeps it from being used: no such file, no
    permission, another program's, a newer one's.
    """
    try:
        with Database.open(path, migrate=False) as database:
            return bool(DatabaseHealth(database).complaints())
    except DatabaseError as error:
        if is_damage(error):
            return True
        raise


def is_damage(error: DatabaseError) -> bool:
    """Whether SQLite does not understand the file's content."""
    code = getattr(error.__cause__, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def check_answers(database: Database) -> None:
    """Raises DatabaseError where it does not."""
    database.query("SELECT 1 FROM strm_mapping LIMIT 1")


class Site(Struct, frozen=True):
    """`unresolved` of its `mappings` have no URL to play."""

    name: str
    mappings: int
    unresolved: int


class DatabaseHealth:
    def __init__(self, database: Database) -> None:
        self._database = database

    def complaints(self) -> Sequence[str]:
        """What `PRAGMA integrity_check` finds, at most 20 lines."""
        # A pragma takes no parameters.
        found = self._database.query(f"PRAGMA integrity_check({_COMPLAINTS})")
        return [str(row[0]) for row in found if row[0] != "ok"]

    def dangling(self) -> int:
        """Rows that refer to others which are not there."""
        return len(self._database.query("PRAGMA foreign_key_check"))

    def let_go(self) -> None:
        """What those rows refer to is gone for good: history loses its mapping, as if the mapping
        had been removed, and changes without their run go."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE event SET mapping_id = NULL"
                " WHERE mapping_id NOT IN (SELECT id FROM strm_mapping)"
            )
            connection.execute("DELETE FROM change WHERE run_id NOT IN (SELECT id FROM run)")

    def unreadable_rows(self) -> Iterator[int]:
        """The ids of mappings that no program of ours has written like that."""
        last = 0
        while page := self._database.query(_PAGE, (last,)):
            for row in page:
                try:
                    rows.mapping(row)
                except (UsageError, ValueError, TypeError):
                    yield int(row["id"])
            last = page[-1]["id"]

    def journal_mode(self) -> str:
        [row] = self._database.query("PRAGMA journal_mode")
        return str(row[0])

    def unused_bytes(self) -> int:
        """What the file holds beyond its content."""
        [row] = self._database.query(
            "SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size"
        )
        return int(row[0])

    def sites(self) -> Sequence[Site]:
        return [Site(*row) for row in self._database.query(_SITES)]

    def one_of(self, site: str) -> Mapping | None:
        """The newest episode of a site, or movie where it has no episodes."""
        found = self._database.query(
            "SELECT * FROM strm_mapping WHERE site = ? ORDER BY season IS NULL, id DESC LIMIT 1",
            (site,),
        )
        return rows.mapping(found[0]) if found else None

    def dated_after(self, moment: datetime) -> int:
        """Mappings that say that something has happened to them after then."""
        condition = " OR ".join(f"{column} > :moment" for column in _DATED)
        [row] = self._database.query(
            f"SELECT count(*) FROM strm_mapping WHERE {condition}",
            {"moment": rows.time_text(moment)},
        )
        return int(row[0])
