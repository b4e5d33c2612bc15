"""What people have been told: messages of each target, findings of digests, troubles that last.

What each `[notify.NAME]` table has been sent is kept so that nobody is told twice. A finding that
is over, or a trouble that has ended, is forgotten, so it is news again.
"""

import json
from collections.abc import Iterable, Set
from datetime import datetime

from msgspec import Struct

from strmctl.domain.digest import Finding, Told
from strmctl.storage.database import rows
from strmctl.storage.database.connection import Database

# Links that have become dead since an event, are dead still, and that somebody wants to hear of.
_NEWLY_DEAD = """
SELECT m.site, ifnull(m.title, m.slug) AS series, m.season IS NULL AS is_film, m.id,
    max(e.id) AS event, e.detail ->> 'reason' AS reason
FROM event AS e JOIN strm_mapping AS m ON m.id = e.mapping_id
WHERE e.id > :after AND e.detail ->> 'to' = 'dead' AND e.detail ->> 'from' IS NOT 'dead'
    AND m.state = 'dead' AND (m.muted_until IS NULL OR m.muted_until <= :now)
GROUP BY m.id
"""


class Sent(Struct, frozen=True):
    """`last_event` is the newest of the history that has been told, None for a new target."""

    at: datetime | None = None
    last_event: int | None = None


class Alerts:
    """What has been sent to one target."""

    def __init__(self, database: Database, target: str) -> None:
        self._database = database
        self._target = target

    def known(self, kind: str) -> set[str]:
        found = self._database.query(
            "SELECT subject FROM alert WHERE target = ? AND kind = ?", (self._target, kind)
        )
        return {row["subject"] for row in found}

    def sent(self, kind: str) -> Sent:
        found = self._database.query(
            "SELECT at, last_event FROM alert_sent WHERE target = ? AND kind = ?",
            (self._target, kind),
        )
        if not found:
            return Sent()
        return Sent(rows.time_value(found[0]["at"]), found[0]["last_event"])

    def know(self, kind: str, subjects: Iterable[str]) -> None:
        """From now on these subjects are known, and no others."""
        with self._database.transaction() as connection:
            connection.execute(
                "DELETE FROM alert WHERE target = ? AND kind = ?", (self._target, kind)
            )
            connection.executemany(
                "INSERT INTO alert VALUES (?, ?, ?)",
                [(self._target, kind, subject) for subject in sorted(set(subjects))],
            )

    # The column is NOT NULL: 0 is before every event.
    def remember(self, kind: str, sent: Sent) -> None:
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO alert_sent VALUES (?, ?, ?, ?)",
                (self._target, kind, rows.time_text(sent.at), sent.last_event or 0),
            )


def newly_dead(database: Database, after: int, now: datetime) -> list[Finding]:
    values = {"after": after, "now": rows.time_text(now)}
    return [
        Finding(
            row["site"],
            row["series"],
            "dead",
            row["reason"] or "",
            ids=(row["id"],),
            is_film=bool(row["is_film"]),
        )
        for row in database.query(_NEWLY_DEAD, values)
    ]


_OPEN = """
INSERT INTO trouble (kind, name, reason, since, at) VALUES (:kind, :name, :reason, :now, :now)
ON CONFLICT DO UPDATE SET reason = excluded.reason, at = excluded.at
"""
# A link that was seen to answer since then shows that there is a way out again.
_EGRESS_IS_BACK = """
DELETE FROM trouble WHERE kind = 'egress'
    AND EXISTS (SELECT 1 FROM strm_mapping WHERE ifnull(last_probed_at, '') > trouble.at)
"""


class Trouble(Struct, frozen=True):
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
_FORGET = """
DELETE FROM reminder WHERE subject IN (SELECT value FROM json_each(:works)) AND NOT EXISTS (
    SELECT 1 FROM json_each(:found) AS it
    WHERE it.value ->> 0 = subject AND it.value ->> 1 = state
)
"""
_MUTED = """
SELECT id FROM strm_mapping
WHERE id IN (SELECT value FROM json_each(:ids)) AND muted_until > :now
"""


class Reminders:
    def __init__(self, database: Database) -> None:
        self._database = database

    def forget_what_is_over(self, works: Set[str], findings: Iterable[Finding]) -> None:
        """`works` are subjects that were seen to work, but for what was found of them now: a list
        that can be read may have bad rows."""
        found = [(it.subject, it.state) for it in findings if it.subject in works]
        with self._database.transaction() as connection:
            connection.execute(_FORGET_STATES)
            connection.execute(_FORGET_RESOLVERS)
            connection.execute(
                _FORGET, {"works": json.dumps(sorted(works)), "found": json.dumps(found)}
            )

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
