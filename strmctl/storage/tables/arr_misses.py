"""Files that Sonarr or Radarr named and that were not followed; the newest stay."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

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


@dataclass(frozen=True, slots=True)
class Miss:
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
