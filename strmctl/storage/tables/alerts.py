"""What each `[notify.NAME]` table for people has been sent, so that nobody is told twice."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from strmctl.domain.digest import Finding
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


@dataclass(frozen=True, slots=True)
class Sent:
    """`last_event` is the newest of the history that has been told, None for a new target."""

    at: datetime | None = None
    last_event: int | None = None


class Alerts:
    """Of one target."""

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
        """These and no others."""
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
