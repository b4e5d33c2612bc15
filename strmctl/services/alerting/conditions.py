"""What is out of order with the installation now, read from what runs have left behind."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from strmctl.domain.alert import Condition, Kind
from strmctl.errors import EgressError, ItemError, LockedError, SafetyError
from strmctl.services.jobs.maintenance import CAUSE
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.alerts import Troubles
from strmctl.storage.tables.jobs import JobRecords
from strmctl.storage.tables.resolver_health import ResolverHealthTable

FAILING = 6
"""Failures in a row after which a resolver is said to be failing: so many end its turn in a run."""

_LOOKED_BACK = timedelta(days=1)
_TOLD_OTHERWISE = (
    ItemError.exit_code,
    EgressError.exit_code,
    SafetyError.exit_code,
    LockedError.exit_code,
)
"""Links that could not be renewed are the resolver's or the digest's, the others have a kind."""


def conditions(database: Database, now: datetime) -> list[Condition]:
    """Raises DatabaseError."""
    return [*_resolvers(database), *_troubles(database), *_maintenance(database, now)]


def _resolvers(database: Database) -> Iterator[Condition]:
    for health in ResolverHealthTable(database).all():
        if health.failures >= FAILING:
            since = f", since {_moment(health.failing_since)}" if health.failing_since else ""
            name = f"resolver {health.resolver}"
            yield Condition(Kind.RESOLVER, name, f"{name}: {health.in_a_row}{since}: {health.why}")


def _troubles(database: Database) -> Iterator[Condition]:
    for trouble in Troubles(database).all():
        text = f"{trouble.reason} (since {_moment(trouble.since)})"
        yield Condition(Kind(trouble.kind), trouble.name, text)


def _maintenance(database: Database, now: datetime) -> Iterator[Condition]:
    for job in JobRecords(database).failed_last(now - _LOOKED_BACK):
        if job.cause == CAUSE and job.exit_code not in _TOLD_OTHERWISE:
            line = job.command_line
            why = job.message or f"exit code {job.exit_code}"
            yield Condition(Kind.MAINTENANCE, line, f"{line}: {why}")


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
