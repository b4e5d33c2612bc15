"""Events that wait for another run to end, in the order in which they came."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from strmctl.domain.library.arr_event import Sender
from strmctl.storage.database import rows
from strmctl.storage.database.connection import Database


@dataclass(frozen=True, slots=True)
class LateEvent:
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
