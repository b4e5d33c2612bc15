"""Old history goes, in batches so small that nobody who writes meanwhile waits for it."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from strmctl.storage.database.connection import Database
from strmctl.storage.tables.events import Events
from strmctl.storage.tables.jobs import JobRecords


class Pruned(Struct, frozen=True):
    """How many events and jobs were forgotten."""

    events: int
    jobs: int

    def counts(self) -> Mapping[str, int]:
        return {"events": self.events, "jobs": self.jobs}


def prune_events(database: Database, before: datetime) -> Pruned:
    """Forget events from before then, and jobs that were over by then."""
    return Pruned(
        Events(database).forget_before(before), JobRecords(database).forget_over_before(before)
    )
