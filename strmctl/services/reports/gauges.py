"""How the library is now, and what probes have found since the last time that somebody asked."""

import fcntl
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from msgspec import Struct, field

from strmctl.domain.job import JobState
from strmctl.domain.mapping import LinkState
from strmctl.domain.resolver_health import ResolverHealth, in_use
from strmctl.errors import ItemError
from strmctl.services.jobs.maintenance import CAUSE, tasks
from strmctl.settings.model import MaintainSettings, Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.tables import counts
from strmctl.storage.tables.resolver_health import ResolverHealthTable

_MOST = 50
"""Sites and providers that are counted each for itself."""

_WELL = (0, 10, ItemError.exit_code)


class TaskRun(Struct, frozen=True):
    """When the last run of a maintenance task ended, and whether well.

    One that has found links dead, or could not renew some, has done its work.
    """

    task: str
    finished_at: datetime
    is_well: bool


class LibraryGauges(Struct, frozen=True):
    links: Mapping[LinkState, int]
    jobs: Mapping[JobState, int]
    notices: int
    task_runs: tuple[TaskRun, ...]
    resolvers: Sequence[ResolverHealth] = ()
    sites: Mapping[str, Mapping[LinkState, int]] = field(default_factory=dict)
    providers: Mapping[str, Mapping[LinkState, int]] = field(default_factory=dict)


def library_gauges(database: Database, settings: Settings) -> LibraryGauges:
    """Raises DatabaseError."""
    found = counts.read_gauges(database, cause=CAUSE)
    groups = counts.Statistics(database).groups()
    return LibraryGauges(
        links=found.links,
        jobs=found.jobs,
        notices=found.notices,
        task_runs=_task_runs(found.last_runs, settings.maintain),
        resolvers=in_use(ResolverHealthTable(database).all(), settings.resolver_names),
        sites=_largest((it.site, it) for it in groups),
        providers=_largest((it.provider or "", it) for it in groups),
    )


def _task_runs(
    last_runs: Iterable[counts.LastRun], settings: MaintainSettings
) -> tuple[TaskRun, ...]:
    by_line = {run.command_line: run for run in last_runs}
    return tuple(
        TaskRun(task.name, run.finished_at, run.exit_code in _WELL)
        for task in tasks(settings)
        if (run := by_line.get(task.command_line)) is not None
    )


def _largest(named: Iterable[tuple[str, counts.Group]]) -> Mapping[str, Mapping[LinkState, int]]:
    """And `other`: a library of a thousand hosts is no thousand series of Prometheus."""
    numbers: dict[str, Counter[LinkState]] = defaultdict(Counter)
    for name, group in named:
        numbers[name][group.state] += group.mappings
    by_size = sorted(numbers, key=lambda name: (-numbers[name].total(), name))
    found = {name: numbers[name] for name in by_size[:_MOST]}
    if rest := by_size[_MOST:]:
        found["other"] = sum((numbers[name] for name in rest), Counter())
    return found


class ProbeResults:
    """Counts each probe's event once, whoever asks: workers that share `file` take turns.

    The history is bounded and forgets, so its length is no counter; what is new in it is.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._newest: int | None = None

    def since_last_time(self, database: Database) -> Mapping[LinkState, int]:
        """None at first: another server has counted what was before. Raises DatabaseError."""
        with self._turn():
            before, now = self._newest, counts.newest_event(database)
            if before is not None and now < before:
                before = 0  # All of the history was forgotten, so that it begins anew.
            found = {} if before is None else counts.probed_between(database, before, now)
            self._newest = now
        return found

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if self._file is None:
            yield
            return
        with self._file.open("a+", encoding="ascii") as file:
            # Prometheus asks whichever worker is free: two must not count one event twice.
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            self._newest = int(text) if (text := file.read()) else None
            yield
            file.truncate(0)
            file.write(str(self._newest))
