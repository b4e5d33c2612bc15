"""What is wrong with a library, before what is well: what is not known, what failed and why."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from msgspec import Struct

from strmctl.domain.digest import Group, grouped
from strmctl.domain.job import Job
from strmctl.domain.mapping import LinkState
from strmctl.errors import DatabaseError
from strmctl.services.jobs.run_log import interrupt_gone
from strmctl.services.reports.stats import Stats
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.counts import failing
from strmctl.storage.tables.jobs import JobRecords

_LOOKED_BACK = timedelta(days=7)


class Attention(Struct, frozen=True):
    """`failed_runs` are runs whose last try failed, the newest first; `groups` are links that do
    not play, the largest group first."""

    total: int
    alive: int
    unknown: int
    stale: int
    failed_runs: Sequence[Job]
    groups: Sequence[Group]

    @property
    def failing(self) -> int:
        return sum(group.links for group in self.groups)

    @property
    def is_needed(self) -> bool:
        return bool(self.unknown or self.stale or self.failed_runs or self.groups)

    @property
    def muted(self) -> int:
        """Links that do not play and that nobody wants to be reminded of."""
        return self.total - self.alive - self.unknown - self.failing

    @property
    def is_well(self) -> bool:
        """Nothing is wrong, and everything is known."""
        return not self.is_needed and self.alive == self.total


def attention(database: Database, stats: Stats, now: datetime) -> Attention:
    """Raises DatabaseError."""
    with suppress(DatabaseError):  # One that nobody can write to can be read all the same.
        interrupt_gone(JobRecords(database), database.path, now)
    states = stats.states()
    return Attention(
        total=stats.mappings,
        alive=states[LinkState.ALIVE],
        unknown=states[LinkState.UNKNOWN],
        stale=stats.stale,
        failed_runs=JobRecords(database).failed_last(now - _LOOKED_BACK),
        groups=grouped(failing(database)),
    )
