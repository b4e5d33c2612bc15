"""What Sonarr and Radarr said: files that could not be followed, and events that wait for a run.

Of the files the newest stay; the events stay in the order in which they came.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from strmctl.domain.library.arr_event import Sender
from strmctl.storage.database import rows
from strmctl.storage.database.connection import Database

_KEPT = 1000
_PUT = """
INSERT INTO arr_miss (sender, event, path, outcome, reason, at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (sender, path) DO UPDATE SET event = excluded.event, outcome = excluded.outcome,
    reason = excluded.reason, at = excluded.at
"""
_FORGET_OLDEST = """
DELETE FROM arr_miss WHERE id NOT IN (SELECT id FROM arr_miss ORDER BY at DESC, id DESC LIMIT ?)
"""


class Miss(Struct, frozen=True):
    """`path` is as the sender spells it where the file was not found at all."""

    sender: Sender
    event: str
    path: str
    outcome: str
    reason: str
    at: datetime


class ArrMisses:
    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, misses: Iterable[Miss]) -> None:
        """A path is kept once, as it was last."""
        values = [
            (it.sender, it.event, it.path, it.outcome, it.reason, rows.time_text(it.at))
            for it in misses
        ]
        if not values:
            return
        with self._database.transaction() as connection:
            connection.executemany(_PUT, values)
            # A webhook comes from the network: it must not fill the disk.
            connection.execute(_FORGET_OLDEST, (_KEPT,))

    def newest(self, limit: int = _KEPT) -> Sequence[Miss]:
        found = self._database.query(
            "SELECT * FROM arr_miss ORDER BY at DESC, id DESC LIMIT ?", (limit,)
        )
        return [_miss(row) for row in found]


def _miss(row: sqlite3.Row) -> Miss:
    at = datetime.fromisoformat(row["at"])
    return Miss(Sender(row["sender"]), row["event"], row["path"], row["outcome"], row["reason"], at)


class LateEvent(Struct, frozen=True):
    id: int
    sender: Sender
    payload: Mapping[str, object]
    received_at: datetime


class LateEventRecords:
    def __init__(self, database: Database) -> None:
        self._database = database

    def count(self) -> int:
        return self._database.integers("SELECT count(*) FROM late_event")[0]

    def add(self, sender: Sender, payload: Mapping[str, object], now: datetime) -> None:
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO late_event (sender, payload, received_at) VALUES (?, ?, ?)",
                (sender, json.dumps(payload), rows.time_text(now)),
            )

    def first(self) -> LateEvent | None:
        found = self._database.query("SELECT * FROM late_event ORDER BY id LIMIT 1")
        return _event(found[0]) if found else None

    def remove(self, event_id: int) -> None:
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM late_event WHERE id = ?", (event_id,))


def _event(row: sqlite3.Row) -> LateEvent:
    received_at = rows.time_value(row["received_at"])
    assert received_at is not None, "the column is NOT NULL"
    payload = json.loads(row["payload"])
    return LateEvent(row["id"], Sender(row["sender"]), payload, received_at)
