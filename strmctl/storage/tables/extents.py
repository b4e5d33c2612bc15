"""How much there was of each link's film when it played last (domain/media/extent.py)."""

from collections.abc import Iterable

from strmctl.domain.identity import Identity
from strmctl.domain.media.extent import Extent
from strmctl.storage.database.conditions import SAME_IDENTITY, identity_key
from strmctl.storage.database.connection import Database

_KEEP = f"""
UPDATE strm_mapping SET media_bytes = :bytes, media_seconds = :seconds, media_link = :link
WHERE {SAME_IDENTITY}
"""


class Extents:
    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, measured: Iterable[tuple[Identity, Extent]]) -> None:
        """All in one transaction; what has no row is not kept."""
        values = [
            {
                **identity_key(identity),
                "bytes": extent.bytes,
                "seconds": extent.seconds,
                "link": extent.link,
            }
            for identity, extent in measured
        ]
        with self._database.transaction() as connection:
            connection.executemany(_KEEP, values)
