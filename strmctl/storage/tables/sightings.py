"""Files that a scan has met where no row says, in a temporary table: memory stays flat.

What becomes of one depends on files that are met later: two files may have changed places.
"""

from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import Self

from msgspec import Struct

from strmctl.domain.identity import Identity
from strmctl.storage.database.connection import Database
from strmctl.storage.database.rows import Row

_PAGE = 1000

_TABLE = """
CREATE TEMP TABLE sighting (
    id INTEGER PRIMARY KEY,
    strm_path TEXT NOT NULL,
    identity TEXT UNIQUE,
    row_id INTEGER UNIQUE,
    extension TEXT NOT NULL,
    is_stuck INTEGER NOT NULL DEFAULT 0
)
"""
_ADD = """
INSERT OR IGNORE INTO sighting (strm_path, identity, row_id, extension) VALUES (?, ?, ?, ?)
"""
# A row whose new path belongs to a row that stays cannot move, nor can the one that wants its
# place.
_SETTLE = """
WITH RECURSIVE stuck (id, row_id) AS (
    SELECT moving.id, moving.row_id FROM sighting AS moving
    JOIN strm_mapping AS owner ON owner.strm_path = moving.strm_path
    WHERE moving.row_id IS NOT NULL
        AND owner.id NOT IN (SELECT row_id FROM sighting WHERE row_id IS NOT NULL)
    UNION
    SELECT moving.id, moving.row_id FROM stuck
    JOIN strm_mapping AS owner ON owner.id = stuck.row_id
    JOIN sighting AS moving
        ON moving.strm_path = owner.strm_path AND moving.row_id IS NOT NULL
)
UPDATE sighting SET is_stuck = 1 WHERE id IN (SELECT id FROM stuck)
"""
_READ = """
SELECT sighting.*, owner.id AS owner_id, EXISTS (
    SELECT 1 FROM sighting AS leaving WHERE leaving.row_id = owner.id AND NOT leaving.is_stuck
) AS owner_leaves
FROM sighting LEFT JOIN strm_mapping AS owner ON owner.strm_path = sighting.strm_path
WHERE sighting.id > ? ORDER BY sighting.id LIMIT ?
"""


class Sighting(Struct, frozen=True):
    """`row_id` is that of the row whose file it is, though it lies elsewhere than the row says;
    without one, `identity` is what the file is to become a row of, None while nobody knows."""

    strm_path: str
    identity: Identity | None = None
    row_id: int | None = None
    extension: str = ""
    id: int = 0


class Settled(Struct, frozen=True):
    """`owner_id` is that of the row which has the path and keeps it, None where it is free."""

    sighting: Sighting
    owner_id: int | None


class Sightings:
    """The sightings of one scan; a context manager, since the table belongs to the connection."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # SQLite makes an index by itself for UNIQUE columns, and this is none.
    def __enter__(self) -> Self:
        with self._database.transaction() as connection:
            connection.execute("DROP TABLE IF EXISTS temp.sighting")
            connection.execute(_TABLE)
            connection.execute("CREATE INDEX temp.sighting_path ON sighting (strm_path)")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._database.transaction() as connection:
            connection.execute("DROP TABLE IF EXISTS temp.sighting")

    def add(self, sightings: Iterable[Sighting]) -> list[Sighting]:
        """Files that are refused: an earlier one is of the same row or identity."""
        refused = []
        with self._database.transaction() as connection:
            for item in sightings:
                identity = None if item.identity is None else item.identity.canonical()
                values = (item.strm_path, identity, item.row_id, item.extension)
                if not connection.execute(_ADD, values).rowcount:
                    refused.append(item)
        return refused

    def claim(self, claims: Sequence[tuple[Sighting, Identity]]) -> list[Sighting]:
        """Give identities to sightings that have none; those that are refused, as in `add`."""
        refused = []
        with self._database.transaction() as connection:
            for item, identity in claims:
                if not connection.execute(
                    "UPDATE OR IGNORE sighting SET identity = ? WHERE id = ?",
                    (identity.canonical(), item.id),
                ).rowcount:
                    refused.append(item)
        return refused

    def settle(self) -> None:
        """Find out which rows can move, once all files have been met."""
        with self._database.transaction() as connection:
            connection.execute(_SETTLE)

    def settled(self) -> Iterator[list[Settled]]:
        """Page by page, in the order in which they were met; `claim` may be called meanwhile."""
        last = 0
        while page := self._database.query(_READ, (last, _PAGE)):
            last = page[-1]["id"]
            yield [_settled(row) for row in page]


def _settled(row: Row) -> Settled:
    sighting = Sighting(
        strm_path=row["strm_path"],
        identity=row["identity"] and Identity.from_canonical(row["identity"]),
        row_id=row["row_id"],
        extension=row["extension"],
        id=row["id"],
    )
    return Settled(sighting, None if row["owner_leaves"] else row["owner_id"])
