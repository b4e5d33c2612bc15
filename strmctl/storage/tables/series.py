"""What people look through: series, their seasons and episodes, and what has happened to links.

What the library calls a slug are the titles, years and ids of the rows that have it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from strmctl.domain.external_ids import ExternalIds
from strmctl.domain.mapping import LinkState, Mapping as Link
from strmctl.domain.selection import Order
from strmctl.domain.state_history import Passage
from strmctl.storage.database import rows
from strmctl.storage.database.conditions import pattern
from strmctl.storage.database.connection import Database
from strmctl.storage.database.rows import external_ids

Group = tuple[str, str | None]
"""A site and the provider that was used."""

States = Mapping[LinkState, int]

_COUNTS = ", ".join(f"sum(state = '{state.value}') AS {state.value}" for state in LinkState)

_SERIES = f"""
SELECT slug, site, {_COUNTS} FROM strm_mapping
WHERE (:site IS NULL OR site = :site)
    AND (:text IS NULL OR slug LIKE :text ESCAPE '!' OR title LIKE :text ESCAPE '!')
    {{kind}}
GROUP BY slug, site
HAVING sum((:state IS NULL OR state = :state)
    AND (:provider IS NULL OR provider_used = :provider)) > 0
"""
# As Order.WORST has links: dead first; a series with more of them before one with fewer.
_WORST = "dead DESC, suspect DESC, blocked DESC, throttled DESC, unknown DESC, "
_ENDING = "min(expires_at) IS NULL, min(expires_at), "
_FACTS = """
SELECT m.slug, m.site, max(title) AS title, max(year) AS year,
    count(DISTINCT season) AS seasons, min(expires_at) AS expires_at,
    min(resolved_at) AS resolved_at, max(last_probed_at) AS last_probed_at
FROM json_each(:keys) AS key
JOIN strm_mapping AS m ON m.slug = key.value ->> 0 AND m.site = key.value ->> 1
GROUP BY m.slug, m.site
"""
_SEASONS = f"""
SELECT season, {_COUNTS} FROM strm_mapping WHERE slug = :slug AND site = :site
GROUP BY ifnull(season, -1) ORDER BY ifnull(season, -1)
"""
_EPISODES = """
FROM strm_mapping
WHERE slug = :slug AND site = :site
    AND (:season IS NULL OR ifnull(season, -1) = :season)
    AND (:state IS NULL OR state = :state)
    AND (:provider IS NULL OR provider_used = :provider)
"""
_IN_ORDER = """
ORDER BY ifnull(season, -1), ifnull(episode, -1), language, ifnull(provider, '')
LIMIT :limit OFFSET :offset
"""
_PASSAGES = """
SELECT m.site, m.provider_used,
    min(CAST((unixepoch(e.at) - unixepoch(:since)) / :step AS INTEGER), :last) AS step,
    e.detail ->> 'from' AS before, e.detail ->> 'to' AS after, count(*) AS links
FROM event AS e JOIN strm_mapping AS m ON m.id = e.mapping_id
WHERE e.at > :since AND e.kind IN ('probed', 'resolved', 'played')
    AND e.detail ->> 'from' <> e.detail ->> 'to'
GROUP BY 1, 2, 3, 4, 5
"""
_NEW = """
SELECT site, provider_used,
    min(CAST((unixepoch(created_at) - unixepoch(:since)) / :step AS INTEGER), :last) AS step,
    count(*) AS links
FROM strm_mapping WHERE created_at > :since GROUP BY 1, 2, 3
"""


class SeriesFilter(Struct, frozen=True):
    """Series that have a link for which all parts hold; `text` is part of the slug or title.

    `films`: only those, or only what has seasons; None takes both.
    """

    text: str | None = None
    site: str | None = None
    state: LinkState | None = None
    provider: str | None = None
    films: bool | None = None


class Series(Struct, frozen=True):
    """`states` counts all its links; `expires_at` is the first end, `resolved_at` the oldest."""

    site: str
    slug: str
    states: States
    title: str | None = None
    year: int | None = None
    seasons: int = 0
    expires_at: datetime | None = None
    resolved_at: datetime | None = None
    last_probed_at: datetime | None = None


class Season(Struct, frozen=True):
    """`number` is None for films, which have no season."""

    number: int | None
    states: States


class EpisodeFilter(Struct, frozen=True):
    """`season` -1 stands for what has none."""

    site: str
    slug: str
    season: int | None = None
    state: LinkState | None = None
    provider: str | None = None


class Catalogue:
    def __init__(self, database: Database) -> None:
        self._database = database

    def series(
        self, wanted: SeriesFilter, *, limit: int, offset: int, by: Order = Order.EPISODE
    ) -> list[Series]:
        """By slug, where they are not ordered by what is worst or expires first."""
        first = {Order.WORST: _WORST, Order.EXPIRES: _ENDING}.get(by, "")
        found = self._database.query(
            f"{_series(wanted)} ORDER BY {first}slug, site LIMIT :limit OFFSET :offset",
            {**_values(wanted), "limit": limit, "offset": offset},
        )
        facts = self._facts((row["slug"], row["site"]) for row in found)
        return [
            Series(
                row["site"], row["slug"], _states(row), **facts.get((row["slug"], row["site"]), {})
            )
            for row in found
        ]

    def count_series(self, wanted: SeriesFilter) -> int:
        [row] = self._database.query(
            f"SELECT count(*) AS number FROM ({_series(wanted)})", _values(wanted)
        )
        return int(row["number"])

    def one(self, site: str, slug: str) -> Series | None:
        seasons = self.seasons(site, slug)
        if not seasons:
            return None
        counts = {state: sum(season.states[state] for season in seasons) for state in LinkState}
        return Series(site, slug, counts, **self._facts([(slug, site)])[slug, site])

    def seasons(self, site: str, slug: str) -> list[Season]:
        found = self._database.query(_SEASONS, {"site": site, "slug": slug})
        return [Season(row["season"], _states(row)) for row in found]

    def episodes(self, wanted: EpisodeFilter, *, limit: int, offset: int) -> list[Link]:
        """By season, number, language and provider."""
        found = self._database.query(
            f"SELECT * {_EPISODES} {_IN_ORDER}",
            {**_episode_values(wanted), "limit": limit, "offset": offset},
        )
        return [rows.mapping(row) for row in found]

    def count_episodes(self, wanted: EpisodeFilter) -> int:
        [row] = self._database.query(
            f"SELECT count(*) AS number {_EPISODES}", _episode_values(wanted)
        )
        return int(row["number"])

    def passages(self, times: Sequence[datetime]) -> list[Passage[Group]]:
        """Of the links that are still there, told in the middle between two of the times, which
        lie evenly; they are as many as there are groups, states and times at most."""
        since, step = times[0], times[1] - times[0]
        values = {
            "since": rows.time_text(since),
            # SQLite divides by zero to NULL, and min() of NULL is NULL.
            "step": max(1.0, step.total_seconds()),
            "last": len(times) - 2,
        }
        moved = self._database.query(_PASSAGES, values)
        new = self._database.query(_NEW, values)
        return [
            *(_passage(row, _between(since, step, row), LinkState(row["before"])) for row in moved),
            *(_passage(row, _between(since, step, row), None) for row in new),
        ]

    def _facts(self, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], dict[str, Any]]:
        found = self._database.query(_FACTS, {"keys": json.dumps(list(keys))})
        return {
            (row["slug"], row["site"]): {
                "title": row["title"],
                "year": row["year"],
                "seasons": row["seasons"],
                "expires_at": rows.time_value(row["expires_at"]),
                "resolved_at": rows.time_value(row["resolved_at"]),
                "last_probed_at": rows.time_value(row["last_probed_at"]),
            }
            for row in found
        }


def _series(wanted: SeriesFilter) -> str:
    """An index has all that is counted, and nothing of seasons: they are read where asked for."""
    kinds = {None: "", True: "AND season IS NULL", False: "AND season IS NOT NULL"}
    return _SERIES.format(kind=kinds[wanted.films])


def _states(row: rows.Row) -> States:
    return {state: row[state.value] for state in LinkState}


def _between(since: datetime, step: timedelta, row: rows.Row) -> datetime:
    return since + (float(row["step"]) + 0.5) * step


def _passage(row: rows.Row, at: datetime, before: LinkState | None) -> Passage[Group]:
    """A new link comes as one whose state is unknown."""
    return Passage(
        at=at,
        group=(row["site"], row["provider_used"]),
        before=before,
        after=LinkState.UNKNOWN if before is None else LinkState(row["after"]),
        links=row["links"],
    )


def _values(wanted: SeriesFilter) -> dict[str, rows.Value]:
    text = wanted.text and wanted.text.strip()
    return {
        "text": pattern(text) if text else None,
        "site": wanted.site,
        "state": wanted.state,
        "provider": wanted.provider,
    }


def _episode_values(wanted: EpisodeFilter) -> dict[str, rows.Value]:
    return {
        "site": wanted.site,
        "slug": wanted.slug,
        "season": wanted.season,
        "state": wanted.state,
        "provider": wanted.provider,
    }


_WORKS = """
SELECT DISTINCT slug, title, year, imdb_id, tvdb_id, tmdb_id, season IS NULL AS is_film
FROM strm_mapping WHERE slug IN (SELECT value FROM json_each(?)) AND site = ?
"""


class Work(Struct, frozen=True):
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
