"""Counts that never forget, and what plays have shown of links; written in batches, afterwards.

How much there was of each link's film is what probes have shown, too (domain/media/extent.py).
"""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from strmctl.discreet import Discreet
from strmctl.domain.identity import Identity
from strmctl.domain.media.extent import Extent, url_sha256
from strmctl.domain.tally import Counted, Counts
from strmctl.storage.database import rows
from strmctl.storage.database.conditions import SAME_IDENTITY, identity_key
from strmctl.storage.database.connection import Database

ONE_VIEWING = timedelta(minutes=10)
"""Media sent within this of each other belong to one play: a pause, a seek, a probe before it."""

_ADD = """
INSERT INTO tally (name, label, number) VALUES (?, ?, ?)
ON CONFLICT DO UPDATE SET number = number + excluded.number
"""
_HEALED = f"""
UPDATE event SET detail = json_set(detail, '$.cause', 'heal') WHERE id = (
    SELECT max(id) FROM event WHERE kind = 'resolved' AND detail ->> 'url_sha256' = :sha
        AND mapping_id = (SELECT id FROM strm_mapping WHERE {SAME_IDENTITY})
)
"""
_EVENT = f"""
INSERT INTO event (mapping_id, at, kind, detail)
VALUES ((SELECT id FROM strm_mapping WHERE {SAME_IDENTITY}), :at, :kind, :detail)
"""
_PLAYED_ROW = (
    f"SELECT id, state, resolved_url, last_played_at FROM strm_mapping WHERE {SAME_IDENTITY}"
)
_PLAYED = "INSERT INTO event (mapping_id, at, kind, detail) VALUES (?, ?, 'played', ?)"
_SEEN_PLAYING = (
    "UPDATE strm_mapping SET last_played_at = max(ifnull(last_played_at, ''), ?) WHERE id = ?"
)
# As a probe would say it; last_probed_at too, since nothing is left to be found out by one.
_IS_ALIVE = """
UPDATE strm_mapping SET state = 'alive', fail_count = 0, last_probed_at = :at,
    first_failed_at = NULL, last_failed_at = NULL, next_probe_at = NULL
WHERE id = :id AND resolved_url IS :url
"""


class Heal(Discreet, frozen=True):
    """A link that died in mid-play; `url` is the new one's, "" where there was none."""

    hidden = ("url",)

    identity: Identity
    at: datetime
    well: bool
    url: str = ""
    reason: str = ""


@dataclass(slots=True)
class Play:
    """Media of this URL were sent from the one moment to the other, which moves on with each."""

    identity: Identity
    url: str = field(repr=False)
    first_at: datetime
    last_at: datetime


class Tallies:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, counts: Counts, heals: Iterable[Heal] = (), plays: Iterable[Play] = ()) -> None:
        """All in one transaction."""
        with self._database.transaction() as connection:
            viewings = sum(_save_play(connection, play) for play in plays)
            values = [(*key, number) for key, number in counts.items() if number]
            values.append((Counted.PLAYS, "", viewings))
            connection.executemany(_ADD, values)
            for heal in heals:
                _save_heal(connection, heal)

    def read(self) -> dict[tuple[Counted, str], int]:
        found = self._database.query("SELECT name, label, number FROM tally")
        return {(Counted(row["name"]), row["label"]): row["number"] for row in found}

    def since(self) -> datetime | None:
        """When the counting began."""
        [row] = self._database.query("SELECT min(since) AS since FROM tally")
        return rows.time_value(row["since"])


def _save_heal(connection: sqlite3.Connection, heal: Heal) -> None:
    """As an event: a trigger counts it."""
    key = identity_key(heal.identity)
    if heal.well:
        sha = url_sha256(heal.url)
        if connection.execute(_HEALED, {**key, "sha": sha}).rowcount:
            return
        detail: dict[str, object] = {"cause": "heal"}
    else:
        detail = {"reason": heal.reason}
    kind = "resolved" if heal.well else "not healed"
    text = json.dumps(detail, ensure_ascii=False)
    connection.execute(_EVENT, {**key, "at": rows.time_text(heal.at), "kind": kind, "detail": text})


def _save_play(connection: sqlite3.Connection, play: Play) -> bool:
    """Whether it begins a viewing; of an identity without a row nothing is remembered."""
    row: rows.Row | None = connection.execute(_PLAYED_ROW, identity_key(play.identity)).fetchone()
    if row is None:
        return True
    before = rows.time_value(row["last_played_at"])
    at = rows.time_text(play.last_at)
    connection.execute(_SEEN_PLAYING, (at, row["id"]))
    # A healing may have replaced the link while its last bytes were sent.
    if row["resolved_url"] == play.url:
        if row["state"] != "alive":
            detail = {"from": row["state"], "to": "alive"}
            connection.execute(_PLAYED, (row["id"], at, json.dumps(detail)))
        connection.execute(_IS_ALIVE, {"id": row["id"], "at": at, "url": play.url})
    return before is None or play.first_at - before > ONE_VIEWING


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
