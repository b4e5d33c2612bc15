"""What is out of order with the whole installation: egress, brake, disk; one row while it lasts."""

from dataclasses import dataclass
from datetime import datetime

from strmctl.storage.database import rows
from strmctl.storage.database.connection import Database

_OPEN = """
INSERT INTO trouble (kind, name, reason, since, at) VALUES (:kind, :name, :reason, :now, :now)
ON CONFLICT DO UPDATE SET reason = excluded.reason, at = excluded.at
"""
# A link that was seen to answer since then shows that there is a way out again.
_EGRESS_IS_BACK = """
DELETE FROM trouble WHERE kind = 'egress'
    AND EXISTS (SELECT 1 FROM strm_mapping WHERE ifnull(last_probed_at, '') > trouble.at)
"""


@dataclass(frozen=True, slots=True)
class Trouble:
    kind: str
    name: str
    reason: str
    since: datetime


class Troubles:
    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, kind: str, name: str, reason: str, now: datetime) -> None:
        values = {"kind": kind, "name": name, "reason": reason, "now": rows.time_text(now)}
        with self._database.transaction() as connection:
            connection.execute(_OPEN, values)

    def close(self, kind: str, name: str) -> None:
        if self._database.query("SELECT 1 FROM trouble WHERE kind = ? AND name = ?", (kind, name)):
            with self._database.transaction() as connection:
                connection.execute("DELETE FROM trouble WHERE kind = ? AND name = ?", (kind, name))

    def all(self) -> list[Trouble]:
        """By kind and name; an egress that links have answered through since is in order."""
        if self._database.query("SELECT 1 FROM trouble WHERE kind = 'egress'"):
            with self._database.transaction() as connection:
                connection.execute(_EGRESS_IS_BACK)
        return [_trouble(row) for row in self._database.query("SELECT * FROM trouble")]


def _trouble(row: rows.Row) -> Trouble:
    since = rows.time_value(row["since"])
    assert since is not None, "NOT NULL"
    return Trouble(row["kind"], row["name"], row["reason"], since)
