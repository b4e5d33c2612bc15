"""How each resolver has answered lately, as every process that asks it has seen."""

from collections.abc import Iterable, Sequence

from strmctl.domain.resolver_health import ResolverHealth, followed_by
from strmctl.storage.database import rows
from strmctl.storage.database.connection import Database

_SAVE = """
INSERT OR REPLACE INTO resolver_health (resolver, last_answer_at, failures, failing_since, reason)
VALUES (?, ?, ?, ?, ?)
"""


class ResolverHealthTable:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, news: Iterable[ResolverHealth]) -> None:
        """What came of asking them since the last time, each beginning from nothing."""
        with self._database.transaction() as connection:
            known = {health.resolver: health for health in self.all()}
            for each in news:
                now = followed_by(known.get(each.resolver) or ResolverHealth(each.resolver), each)
                connection.execute(_SAVE, _columns(now))

    def all(self) -> Sequence[ResolverHealth]:
        """By name."""
        found = self._database.query("SELECT * FROM resolver_health ORDER BY resolver")
        return [
            ResolverHealth(
                row["resolver"],
                rows.time_value(row["last_answer_at"]),
                row["failures"],
                rows.time_value(row["failing_since"]),
                row["reason"],
            )
            for row in found
        ]


def _columns(health: ResolverHealth) -> tuple[object, ...]:
    return (
        health.resolver,
        rows.time_text(health.last_answer_at),
        health.failures,
        rows.time_text(health.failing_since),
        health.reason,
    )
