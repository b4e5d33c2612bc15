"""Which rows resolve to a URL, or did, which tells whose the files of mode direct are; and how long
links were seen to live: the newest of a family, and none that is older than a month.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from strmctl.domain.mapping import Mapping
from strmctl.storage.database import rows
from strmctl.storage.database.connection import Database
from strmctl.storage.database.rows import time_text


def resolving_to(database: Database, urls: Iterable[str]) -> dict[str, list[Mapping]]:
    """By URL, in the order of their paths; one query for all, which reads the whole table."""
    found: dict[str, list[Mapping]] = {}
    for row in database.query(
        "SELECT * FROM strm_mapping WHERE resolved_url IN (SELECT value FROM json_each(?))"
        " ORDER BY strm_path",
        (json.dumps(list(urls)),),
    ):
        found.setdefault(row["resolved_url"], []).append(rows.mapping(row))
    return found


def resolved_before(database: Database, urls: Iterable[str]) -> dict[str, list[Mapping]]:
    """By URL, the rows that it was the URL of once, as far back as their history goes; a play or
    a refresh may have replaced it while its file was elsewhere. One query for all."""
    # History keeps hashes alone (SECURITY.md, point 4).
    hashes = {hashlib.sha256(url.encode()).hexdigest(): url for url in urls}
    found: dict[str, list[Mapping]] = {}
    for row in database.query(
        "SELECT DISTINCT row.*, event.detail ->> 'url_sha256' AS hash"
        " FROM event JOIN strm_mapping AS row ON row.id = event.mapping_id"
        " WHERE event.kind = 'resolved'"
        " AND event.detail ->> 'url_sha256' IN (SELECT value FROM json_each(?))"
        " ORDER BY row.strm_path",
        (json.dumps(list(hashes)),),
    ):
        found.setdefault(hashes[row["hash"]], []).append(rows.mapping(row))
    return found


def have_resolved_to(database: Database, pairs: Sequence[tuple[int, str]]) -> set[tuple[int, str]]:
    """Those of the pairs of a row's id and a URL where it was the row's once, as far back as its
    history goes; one query for all."""
    keys = [(row, url, hashlib.sha256(url.encode()).hexdigest()) for row, url in pairs]
    found = database.query(
        "SELECT DISTINCT key.value ->> 0 AS id, key.value ->> 1 AS url"
        " FROM json_each(?) AS key CROSS JOIN event ON event.mapping_id = key.value ->> 0"
        " WHERE event.kind = 'resolved' AND event.detail ->> 'url_sha256' = key.value ->> 2",
        (json.dumps(keys),),
    )
    return {(row["id"], row["url"]) for row in found}


_OF_A_FAMILY = 200
_IN_ALL = 20_000
_MEMORY = timedelta(days=30)
_ADD = """
INSERT INTO lifetime (host, scheme, seconds, at) VALUES (:host, :scheme, :seconds, :at)
"""
_FORGET_OF_THE_FAMILY = f"""
DELETE FROM lifetime WHERE host = :host AND scheme = :scheme AND id <= (
    SELECT id FROM lifetime WHERE host = :host AND scheme = :scheme
    ORDER BY id DESC LIMIT 1 OFFSET {_OF_A_FAMILY}
)
"""
_FORGET_OF_ALL = f"DELETE FROM lifetime WHERE id <= (SELECT max(id) FROM lifetime) - {_IN_ALL}"


class Lifetimes:
    """By family of hosts and scheme (domain/expiry/lifetime.py, domain/expiry/schemes.py)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, family: str, scheme: str, lived: timedelta, at: datetime) -> None:
        values = {
            "host": family,
            "scheme": scheme,
            "seconds": lived.total_seconds(),
            "at": time_text(at),
        }
        with self._database.transaction() as connection:
            for statement in (_ADD, _FORGET_OF_THE_FAMILY, _FORGET_OF_ALL):
                connection.execute(statement, values)

    def seconds(self, family: str, scheme: str, now: datetime) -> list[float]:
        """What was observed lately, in no particular order."""
        found = self._database.query(
            "SELECT seconds FROM lifetime WHERE host = ? AND scheme = ? AND at > ?",
            (family, scheme, time_text(now - _MEMORY)),
        )
        return [row["seconds"] for row in found]
