"""The library's rows: one an identity, one a path; looked up and registered in batches."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from strmctl.domain.external_ids import NO_IDS, ExternalIds
from strmctl.domain.identity import Identity
from strmctl.domain.mapping import Mapping, Resolution
from strmctl.domain.media.extent import url_sha256
from strmctl.domain.selection import Order, Selection
from strmctl.storage.database import rows
from strmctl.storage.database.conditions import SAME_IDENTITY, identity_key, matching, order, where
from strmctl.storage.database.connection import Database
from strmctl.storage.database.rows import Value

_PAGE = 1000

_SIBLINGS = """
SELECT m.* FROM json_each(?) AS key CROSS JOIN strm_mapping AS m
WHERE m.slug = key.value ->> 0 AND m.site = key.value ->> 1
    AND ifnull(m.season, -1) = key.value ->> 2 AND ifnull(m.episode, -1) = key.value ->> 3
"""
_KNOWN = f"""{_SIBLINGS}
    AND m.language = key.value ->> 4 AND ifnull(m.provider, '') = key.value ->> 5
"""

# sqlite.org/lang_select.html#bareagg: with min() the other columns are those of its row.
_SERIES = """
SELECT m.*, min(m.id)
FROM json_each(?) AS key CROSS JOIN strm_mapping AS m
WHERE m.slug = key.value ->> 1 AND m.site = key.value ->> 0 AND m.season IS NOT NULL
GROUP BY m.site, m.slug
"""
_AT = "SELECT * FROM strm_mapping WHERE strm_path IN (SELECT value FROM json_each(?))"
# The character after "/" ends what begins with the folder's name and a slash.
_BELOW = "SELECT * FROM strm_mapping WHERE strm_path >= ? || '/' AND strm_path < ? || '0'"
_WITH_IDS = "SELECT * FROM strm_mapping WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id"

_REGISTER = """
INSERT INTO strm_mapping (
    strm_path, site, slug, season, episode, language, provider, title, year,
    imdb_id, tvdb_id, tmdb_id, episode_title, quality, release_group, created_at, updated_at
) VALUES (
    :strm_path, :site, :slug, :season, :episode, :language, :provider, :title, :year,
    :imdb_id, :tvdb_id, :tmdb_id, :episode_title, :quality, :release_group, :now, :now
)
ON CONFLICT (slug, site, ifnull(season, -1), ifnull(episode, -1), language, ifnull(provider, ''))
DO UPDATE SET
    strm_path = excluded.strm_path,
    title = coalesce(excluded.title, title),
    year = coalesce(excluded.year, year),
    imdb_id = coalesce(excluded.imdb_id, imdb_id),
    tvdb_id = coalesce(excluded.tvdb_id, tvdb_id),
    tmdb_id = coalesce(excluded.tmdb_id, tmdb_id),
    episode_title = coalesce(excluded.episode_title, episode_title),
    quality = coalesce(excluded.quality, quality),
    release_group = coalesce(excluded.release_group, release_group),
    updated_at = excluded.updated_at
"""

_WORKING = (
    "resolved_url IS NOT NULL AND state NOT IN ('suspect', 'dead', 'blocked')"
    " AND (expires_at IS NULL OR expires_at > :at)"
)

# The failures were those of the old URL, so a new one starts clean. A play's URL has proved nothing
# until media has come: a media server that scans each day would keep a link that is gone from ever
# being dead.
_STARTS_ANEW = (
    "resolved_url IS NOT :url AND NOT (:cause = 'play' AND state IN ('suspect', 'dead', 'blocked'))"
)
_FORGET_FAILURES = f"""
UPDATE strm_mapping SET state = 'unknown', fail_count = 0,
    first_failed_at = NULL, last_failed_at = NULL, next_probe_at = NULL
WHERE {SAME_IDENTITY} AND {_STARTS_ANEW}
"""

_IS_DUE = f"""
UPDATE strm_mapping SET next_probe_at = :now
WHERE {SAME_IDENTITY} AND resolved_url IS NOT :url AND NOT ({_STARTS_ANEW})
"""

_STORE = f"""
UPDATE strm_mapping SET
    resolved_url = :url, headers = :headers, provider_used = :provider_used,
    resolved_at = :resolved_at, expires_at = :expires_at,
    extension = coalesce(:extension, extension), updated_at = :now
WHERE {SAME_IDENTITY}
"""

# Nothing is known of a row's failures once its link has been seen to play.
_PLAYS = f"""
UPDATE strm_mapping SET state = 'alive', fail_count = 0, last_probed_at = :now,
    first_failed_at = NULL, last_failed_at = NULL, next_probe_at = NULL
WHERE {SAME_IDENTITY}
"""

# Before the row changes, since it tells the state from before as well.
_RESOLVED_EVENT = f"""
INSERT INTO event (mapping_id, at, kind, detail)
SELECT id, :now, 'resolved', json_object(
    'provider', :provider_used, 'expires_at', :expires_at, 'url_sha256', :url_sha256,
    'cause', :cause, 'from', state,
    'to', CASE WHEN :plays THEN 'alive' WHEN {_STARTS_ANEW} THEN 'unknown' ELSE state END
)
FROM strm_mapping WHERE {SAME_IDENTITY}
"""


class Registration(Struct, frozen=True):
    """What `register` makes a row of; without title, year or an id those of the row stay."""

    identity: Identity
    strm_path: str
    title: str | None = None
    year: int | None = None
    ids: ExternalIds = NO_IDS
    episode_title: str | None = None
    quality: str | None = None
    release_group: str | None = None


class StoredResolution(Struct, frozen=True):
    """A resolution for an identity; `extension` None leaves the row's as it is.

    `plays` says that it has just been seen to bring media, `cause` is what the history tells:
    a resolver's reason or `given`; `heal` comes later (storage/tables/tallies.py).
    """

    identity: Identity
    resolution: Resolution
    extension: str | None = None
    plays: bool = False
    cause: str = "given"


class Mappings:
    def __init__(self, database: Database) -> None:
        self.database = database

    def find(self, identity: Identity) -> Mapping | None:
        return self._one(SAME_IDENTITY, identity_key(identity))

    def get(self, mapping_id: int) -> Mapping | None:
        return self._one("id = :id", {"id": mapping_id})

    def by_path(self, strm_path: str) -> Mapping | None:
        return self._one("strm_path = :path", {"path": strm_path})

    def known(self, identities: Iterable[Identity]) -> dict[Identity, Mapping]:
        """The rows of these identities, as far as they exist; one query for all."""
        found = map(rows.mapping, self.database.query(_KNOWN, (_keys(identities),)))
        return {mapping.identity: mapping for mapping in found}

    def siblings(self, identities: Iterable[Identity]) -> set[Identity]:
        """All languages and providers of the same episodes or movies; one query for all."""
        return set(map(rows.identity, self.database.query(_SIBLINGS, (_keys(identities),))))

    def series(self, identities: Iterable[Identity]) -> dict[tuple[str, str], Mapping]:
        """By site and slug, the oldest row of each of their series; one query for all."""
        keys = sorted({(item.site, item.slug) for item in identities if item.season is not None})
        found = map(rows.mapping, self.database.query(_SERIES, (json.dumps(keys),)))
        return {(row.identity.site, row.identity.slug): row for row in found}

    def owners(self, strm_paths: Iterable[str]) -> dict[str, Identity]:
        """The identities of these paths, as far as they have a row; one query for all."""
        found = self.database.query(
            "SELECT * FROM strm_mapping WHERE strm_path IN (SELECT value FROM json_each(?))",
            (json.dumps(list(strm_paths)),),
        )
        return {row["strm_path"]: rows.identity(row) for row in found}

    def at(self, strm_paths: Iterable[str]) -> dict[str, Mapping]:
        """The rows of those of the paths that have one; one query for all."""
        found = self.database.query(_AT, (json.dumps(list(strm_paths)),))
        return {row["strm_path"]: rows.mapping(row) for row in found}

    def below(self, folder: str) -> list[Mapping]:
        """The rows whose files lie in this folder of the library, or in one within it."""
        return list(map(rows.mapping, self.database.query(_BELOW, (folder, folder))))

    def with_ids(self, ids: Iterable[int]) -> dict[int, Mapping]:
        """These rows, as far as they exist; one query for all."""
        found = self.database.query(_WITH_IDS, (json.dumps(list(ids)),))
        return {row["id"]: rows.mapping(row) for row in found}

    def select(
        self,
        selection: Selection,
        *,
        limit: int | None = None,
        by: Order = Order.ID,
        reverse: bool = False,
    ) -> Iterator[Mapping]:
        """Each as it is when its page is read.

        Memory: eight bytes a row and one page; the database is free between two pages, so the
        caller may write and take its time.
        """
        condition, values = where(selection)
        ids = self.database.integers(
            f"SELECT id FROM strm_mapping WHERE {condition}"
            f" ORDER BY {order(selection, by)} LIMIT :limit",
            # SQLite takes a negative LIMIT for none. What is last is known when all are.
            {**values, "limit": -1 if limit is None or reverse else limit},
        )
        if reverse:
            ids = ids[::-1][:limit]
        for start in range(0, len(ids), _PAGE):
            page = self.database.query(
                "SELECT strm_mapping.* FROM json_each(?) AS wanted"
                " JOIN strm_mapping ON strm_mapping.id = wanted.value ORDER BY wanted.key",
                (json.dumps(ids[start : start + _PAGE].tolist()),),
            )
            yield from map(rows.mapping, page)

    def page(
        self, selection: Selection, *, text: str | None = None, after: int = 0, limit: int
    ) -> list[Mapping]:
        """The first of the selection with larger ids than `after`, in the order of their ids.

        `text` is part of their title, slug or path; of letters, only A to Z match in both cases.
        """
        condition, values = matching(selection, text)
        key = order(selection)
        found = self.database.query(
            "SELECT * FROM strm_mapping WHERE id IN ("
            f" SELECT id FROM strm_mapping WHERE {condition} AND {key} > :after"
            f" ORDER BY {key} LIMIT :limit) ORDER BY id",
            {**values, "after": after, "limit": limit},
        )
        return list(map(rows.mapping, found))

    def count(self, selection: Selection) -> int:
        return self._count(*where(selection))

    def count_matching(self, selection: Selection, *, text: str | None = None) -> int:
        """How many `page` goes through in all."""
        return self._count(*matching(selection, text))

    def count_working(self, selection: Selection, now: datetime) -> int:
        """Mappings whose link seems to work."""
        condition, values = where(selection)
        return self._count(f"({condition}) AND {_WORKING}", {**values, "at": rows.time_text(now)})

    def register(self, registrations: Sequence[Registration]) -> None:
        """Insert or update all in one transaction; a path that another row has raises
        DatabaseError, so look with `owners` in the same transaction first."""
        now = rows.time_text(datetime.now(UTC))
        with self.database.transaction() as connection:
            connection.executemany(_REGISTER, [_columns(item, now) for item in registrations])

    def store_resolutions(self, items: Sequence[StoredResolution]) -> int:
        """All in one transaction; returns how many had a row. A new URL starts as `unknown`, or as
        `alive` where it plays, and without failures."""
        now = datetime.now(UTC)
        values = [_resolution_columns(item, now) for item in items]
        with self.database.transaction() as connection:
            connection.executemany(_RESOLVED_EVENT, values)
            connection.executemany(_IS_DUE, values)
            connection.executemany(_FORGET_FAILURES, values)
            stored = connection.executemany(_STORE, values).rowcount
            connection.executemany(
                _PLAYS, [row for item, row in zip(items, values, strict=True) if item.plays]
            )
        return stored

    def has_resolved_to(self, mapping_id: int, url: str) -> bool:
        """Whether the URL is the mapping's, or was, as far back as its history goes."""
        return bool(
            self.database.query(
                "SELECT 1 FROM event WHERE mapping_id = ? AND kind = 'resolved'"
                " AND detail ->> 'url_sha256' = ?",
                (mapping_id, url_sha256(url)),
            )
        )

    def remove(self, ids: Iterable[int]) -> int:
        """Forget the rows, not their files; returns how many there were."""
        with self.database.transaction() as connection:
            return connection.execute(
                "DELETE FROM strm_mapping WHERE id IN (SELECT value FROM json_each(?))",
                (json.dumps(list(ids)),),
            ).rowcount

    def _count(self, condition: str, values: dict[str, Value]) -> int:
        [row] = self.database.query(
            f"SELECT count(*) AS number FROM strm_mapping WHERE {condition}", values
        )
        return int(row["number"])

    def _one(self, condition: str, values: dict[str, Value]) -> Mapping | None:
        found: list[sqlite3.Row] = self.database.query(
            f"SELECT * FROM strm_mapping WHERE {condition}", values
        )
        return rows.mapping(found[0]) if found else None


def _keys(identities: Iterable[Identity]) -> str:
    return json.dumps([list(identity_key(identity).values()) for identity in identities])


def _columns(item: Registration, now: str | None) -> dict[str, Value]:
    return {
        "strm_path": item.strm_path,
        **item.identity.fields(),
        "title": item.title,
        "year": item.year,
        "imdb_id": item.ids.imdb,
        "tvdb_id": item.ids.tvdb,
        "tmdb_id": item.ids.tmdb,
        "episode_title": item.episode_title,
        "quality": item.quality,
        "release_group": item.release_group,
        "now": now,
    }


def _resolution_columns(item: StoredResolution, now: datetime) -> dict[str, Value]:
    resolution = item.resolution
    return {
        **identity_key(item.identity),
        "url": resolution.url,
        # History keeps a hash: the URL may hold a token (SECURITY.md, point 4).
        "url_sha256": url_sha256(resolution.url),
        "headers": json.dumps(dict(resolution.headers)),
        "provider_used": resolution.provider,
        "resolved_at": rows.time_text(resolution.resolved_at or now),
        "expires_at": rows.time_text(resolution.expires_at),
        "extension": item.extension,
        "cause": item.cause,
        "plays": item.plays,
        "now": rows.time_text(now),
    }
