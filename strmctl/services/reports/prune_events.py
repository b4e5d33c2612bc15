"""Old history goes, in batches so small that nobody who writes meanwhile waits for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from strmctl.storage.database import rows
from strmctl.storage.database.connection import Database

_BATCH = 1000

_OLD_EVENTS = "DELETE FROM event WHERE id IN (SELECT id FROM event WHERE at < :before LIMIT :batch)"
_OLD_LINES = """
DELETE FROM job_line WHERE (job_id, number) IN (
    SELECT job_id, number FROM job JOIN job_line ON job_id = id
    WHERE finished_at < :before LIMIT :batch
)
"""
_OLD_JOBS = (
    "DELETE FROM job WHERE id IN (SELECT id FROM job WHERE finished_at < :before LIMIT :batch)"
)


@dataclass(frozen=True, slots=True)
class Pruned:
    """How much of it was forgotten."""

    events: int
    jobs: int

    def counts(self) -> Mapping[str, int]:
        return {"events": self.events, "jobs": self.jobs}


def prune_events(database: Database, before: datetime) -> Pruned:
    """Forget events from before then, and jobs that were over by then."""
    events = _delete(database, _OLD_EVENTS, before)
    _delete(database, _OLD_LINES, before)
    return Pruned(events, _delete(database, _OLD_JOBS, before))


def _delete(database: Database, statement: str, before: datetime) -> int:
    values = {"before": rows.time_text(before), "batch": _BATCH}
    total = 0
    while True:
        with database.transaction() as connection:
            deleted = connection.execute(statement, values).rowcount
        total += deleted
        if deleted < _BATCH:
            return total
