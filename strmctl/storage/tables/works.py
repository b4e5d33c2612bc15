"""What the library calls a slug: the titles, years and ids of the rows that have it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from strmctl.domain.external_ids import ExternalIds
from strmctl.storage.database.connection import Database
from strmctl.storage.database.rows import external_ids

_WORKS = """
SELECT DISTINCT slug, title, year, imdb_id, tvdb_id, tmdb_id, season IS NULL AS is_film
FROM strm_mapping WHERE slug IN (SELECT value FROM json_each(?)) AND site = ?
"""


@dataclass(frozen=True, slots=True)
class Work:
    """A series or film, as its rows name it."""

    slug: str
    title: str | None
    year: int | None
    ids: ExternalIds
    is_film: bool


def works(database: Database, site: str, slugs: Sequence[str]) -> list[Work]:
    return [
        Work(row["slug"], row["title"], row["year"], external_ids(row), bool(row["is_film"]))
        for row in database.query(_WORKS, (json.dumps(list(slugs)), site))
    ]
