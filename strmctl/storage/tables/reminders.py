"""Which findings a digest has shown, and when; what is over is forgotten, so it is news again."""

import json
from collections.abc import Iterable
from datetime import datetime

from strmctl.domain.digest import Finding, Told
from strmctl.storage.database import rows
from strmctl.storage.database.connection import Database

_STATES = "('unknown', 'alive', 'suspect', 'dead', 'blocked', 'throttled')"
_FORGET_STATES = f"""
DELETE FROM reminder WHERE state IN {_STATES} AND EXISTS (
    SELECT 1 FROM strm_mapping AS m WHERE m.id = mapping_id AND m.state <> reminder.state
)
"""
_FORGET_RESOLVERS = """
DELETE FROM reminder WHERE subject IN (
    SELECT 'resolver ' || resolver FROM resolver_health WHERE failures = 0
)
"""
_FORGET = "DELETE FROM reminder WHERE subject IN (SELECT value FROM json_each(?))"
_MUTED = """
SELECT id FROM strm_mapping
WHERE id IN (SELECT value FROM json_each(:ids)) AND muted_until > :now
"""


class Reminders:
    def __init__(self, database: Database) -> None:
        self._database = database

    def forget_what_is_over(self, works: Iterable[str]) -> None:
        """`works` are subjects that were seen to work."""
        with self._database.transaction() as connection:
            connection.execute(_FORGET_STATES)
            connection.execute(_FORGET_RESOLVERS)
            connection.execute(_FORGET, (json.dumps(sorted(works)),))

    def told(self) -> Told:
        found = self._database.query("SELECT subject, state, at FROM reminder")
        times = {(row["subject"], row["state"]): rows.time_value(row["at"]) for row in found}
        return {key: at for key, at in times.items() if at is not None}

    def muted(self, ids: Iterable[int], now: datetime) -> set[int]:
        values = {"ids": json.dumps(list(ids)), "now": rows.time_text(now)}
        return {row["id"] for row in self._database.query(_MUTED, values)}

    def remember(self, findings: Iterable[Finding], now: datetime) -> None:
        values = [
            (it.subject, it.state, it.ids[0] if it.ids else None, rows.time_text(now))
            for it in findings
        ]
        with self._database.transaction() as connection:
            connection.executemany("INSERT OR REPLACE INTO reminder VALUES (?, ?, ?, ?)", values)
