"""Series that are watched for new episodes, and which of theirs have been written once."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from strmctl.storage.database import rows
from strmctl.storage.database.connection import Database

_KEY = "resolver = ? AND name = ? AND source = ? AND language = ? AND provider = ?"
_PUT = """
INSERT INTO watch (resolver, name, source, site, slug, language, provider, seasons, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET site = excluded.site, slug = excluded.slug, seasons = excluded.seasons
"""
_EPISODES = """
SELECT slug, season, episode, strm_path FROM strm_mapping
WHERE site = ? AND language = ? AND slug IN (SELECT value FROM json_each(?))
"""


class Watch(Struct, frozen=True):
    """`name` is what the resolver's catalogue calls it, `source` a file instead of a catalogue;
    no `seasons` means all of them."""

    resolver: str
    name: str
    source: str
    site: str
    slug: str
    language: str
    provider: str = ""
    seasons: Sequence[int] = ()

    @property
    def key(self) -> tuple[str, ...]:
        return self.resolver, self.name, self.source, self.language, self.provider


class Watches:
    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Watch]:
        found = self._database.query("SELECT * FROM watch ORDER BY id")
        return [
            Watch(
                row["resolver"],
                row["name"],
                row["source"],
                row["site"],
                row["slug"],
                row["language"],
                row["provider"],
                tuple(json.loads(row["seasons"])),
            )
            for row in found
        ]

    def put(self, watch: Watch, now: datetime) -> None:
        resolver, name, source, language, provider = watch.key
        seasons = json.dumps(list(watch.seasons))
        values = (resolver, name, source, watch.site, watch.slug, language, provider, seasons)
        with self._database.transaction() as connection:
            connection.execute(_PUT, (*values, rows.time_text(now)))

    def forget(self, watch: Watch) -> bool:
        """Whether it was watched."""
        with self._database.transaction() as connection:
            return connection.execute(f"DELETE FROM watch WHERE {_KEY}", watch.key).rowcount > 0

    def seen(self, watch: Watch) -> set[str]:
        found = self._database.query(
            f"SELECT item FROM watch_seen WHERE watch_id = (SELECT id FROM watch WHERE {_KEY})",
            watch.key,
        )
        return {row["item"] for row in found}

    def note(self, watch: Watch, items: Iterable[str], now: datetime) -> None:
        """Remember the items; does nothing for a series that is not watched."""
        with self._database.transaction() as connection:
            connection.execute(
                f"UPDATE watch SET looked_at = ? WHERE {_KEY}", (rows.time_text(now), *watch.key)
            )
            connection.executemany(
                f"INSERT OR IGNORE INTO watch_seen SELECT id, ? FROM watch WHERE {_KEY}",
                [(item, *watch.key) for item in items],
            )

    def languages(self, site: str, slug: str) -> list[str]:
        """What the library has of a series or film."""
        found = self._database.query(
            "SELECT DISTINCT language FROM strm_mapping WHERE site = ? AND slug = ?", (site, slug)
        )
        return [row["language"] for row in found]

    def written(
        self, watch: Watch, slugs: Iterable[str]
    ) -> dict[tuple[str, int | None, int | None], str]:
        """By slug, season and episode, the path of what the library has of these, whoever provides
        it."""
        values = (watch.site, watch.language, json.dumps(sorted(set(slugs))))
        found = self._database.query(_EPISODES, values)
        return {(row["slug"], row["season"], row["episode"]): row["strm_path"] for row in found}
