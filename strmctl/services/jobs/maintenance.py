"""`serve --maintain`: the runs that cron would start, at the times that the settings name.

Each is a job like those of the API, so it keeps the lock, the brake and the egress rules of the
command line. Of several servers and workers on a database one maintains; when it ends, however it
does, another one takes over. A run that has failed is tried again when it is due again.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler  # type: ignore[import-untyped]
from apscheduler.triggers.interval import IntervalTrigger  # type: ignore[import-untyped]
from msgspec import Struct

from strmctl.domain.job import Job, JobRequest, JobState, command_line, words
from strmctl.errors import SettingsError, StrmctlError
from strmctl.services.jobs.jobs import Jobs
from strmctl.settings.model import MaintainSettings, Settings
from strmctl.settings.values import show_duration
from strmctl.storage.locks.run_lock import maintaining

log = logging.getLogger(__name__)

CAUSE = "maintain"
_FIRST_AFTER = timedelta(seconds=1)
_IN_ORDER = timedelta(milliseconds=10)
_JITTER = 0.1
"""Share of an interval: several libraries do not ask the same hosts at the same second."""
_TAKEOVER_SECONDS = 1.0
_NO_LINES = 2**62


class Task(Struct, frozen=True):
    name: str
    every: timedelta
    request: JobRequest

    @property
    def command_line(self) -> str:
        return command_line(self.request.command, self.request.words)


class TaskStatus(Struct, frozen=True):
    """`last` is its last run that is known; `next_at` is about when it runs again, None where
    nobody maintains or it has not run yet."""

    task: Task
    last: Job | None
    next_at: datetime | None


def tasks(settings: MaintainSettings) -> tuple[Task, ...]:
    """In the order in which those that are due together run."""
    expiring = show_duration(settings.refresh_expiring)
    kept = show_duration(settings.keep_events)
    sidecars = {"sidecars": True} if settings.sidecars else {}
    # Subtitles are in an answer, which has to be asked for.
    resolved = {"resolve": True} if settings.sidecars else {}
    ending = ("--expiring", expiring, *words("refresh", sidecars))
    return (
        _task("refresh-expiring", settings.refresh_every, "refresh", *ending),
        _task("probe", settings.probe_every, "probe", stale=True),
        _task("refresh-dead", settings.probe_every, "refresh", dead=True, **sidecars),
        _task("add-watched", settings.watch_every, "add", watched=True, **resolved, **sidecars),
        _task("prune-events", settings.prune_events_every, "prune-events", "--older-than", kept),
    )


def _task(name: str, every: timedelta, command: str, *typed: str, **asked: bool) -> Task:
    return Task(name, every, JobRequest(command, typed, CAUSE, asked=asked or None))


def check_intervals(settings: MaintainSettings) -> None:
    """Raises SettingsError where links would end between two runs.

    A run may be late by its jitter and by the run before it; half of the time allows for both.
    """
    # A link that ends just after one run has to be seen by the one before.
    if settings.refresh_every > settings.refresh_expiring / 2:
        raise SettingsError(
            f"maintain.refresh_every = {show_duration(settings.refresh_every)!r}: links would end "
            "between two runs: set it to half of maintain.refresh_expiring "
            f"({show_duration(settings.refresh_expiring)}) or less"
        )


async def status(settings: MaintainSettings, jobs: Jobs, now: datetime) -> Sequence[TaskStatus]:
    """The same from every worker, whichever maintains: it is told by the jobs in the database."""
    last = await jobs.last_of_cause(CAUSE)
    found = ((task, last.get(task.command_line)) for task in tasks(settings))
    return [
        TaskStatus(task, job, _next_at(task, job, now) if settings.enabled else None)
        for task, job in found
    ]


def _next_at(task: Task, last: Job | None, now: datetime) -> datetime | None:
    return None if last is None else max(now, last.created_at + task.every)


@asynccontextmanager
async def maintenance(
    settings: Settings, jobs: Jobs, stopping: asyncio.Event
) -> AsyncIterator[None]:
    """The runs go on until `stopping`, which is set in the end; `jobs` has to end with it too."""
    with maintaining(settings.database) as is_ours:
        schedule = _Schedule(settings, jobs, stopping)
        running = asyncio.create_task(schedule.run(is_ours), name="maintenance")
        try:
            yield
        finally:
            stopping.set()
            await running


class _Schedule:
    def __init__(self, settings: Settings, jobs: Jobs, stopping: asyncio.Event) -> None:
        self._settings = settings
        self._jobs = jobs
        self._stopping = stopping
        self._turn = asyncio.Lock()

    async def run(self, is_ours: Callable[[], bool]) -> None:
        """From when this process is the one that maintains until `stopping`."""
        # One of several workers maintains, or each link would be probed once a worker.
        while not is_ours():
            if await self._stops_within(_TAKEOVER_SECONDS):
                return
        scheduler = self._scheduler()
        scheduler.start()
        await self._stopping.wait()
        # A scheduler cannot wait for what is under way, and what it cancels it calls a failure:
        # what it has handed over already begins, sees the end and is over before it shuts down.
        scheduler.pause()
        async with self._turn:
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            scheduler.shutdown()
        await asyncio.sleep(0)

    async def _stops_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)
        return self._stopping.is_set()

    def _scheduler(self) -> AsyncIOScheduler:
        scheduler = AsyncIOScheduler(timezone=UTC)
        first = datetime.now(UTC) + _FIRST_AFTER
        for number, task in enumerate(tasks(self._settings.maintain)):
            seconds = task.every.total_seconds()
            trigger = IntervalTrigger(seconds=seconds, jitter=seconds * _JITTER, timezone=UTC)
            scheduler.add_job(
                self._run,
                trigger,
                args=(task,),
                id=task.name,
                next_run_time=first + number * _IN_ORDER,
                # A night of missed runs is one run.
                coalesce=True,
                max_instances=1,
                # After a suspended laptop wakes up, a late run is run all the same.
                misfire_grace_time=None,
            )
        return scheduler

    async def _run(self, task: Task) -> None:
        # What is late for the end may not queue behind it, or it would be cancelled there.
        if self._stopping.is_set():
            return
        async with self._turn:
            if not self._stopping.is_set():
                await self._carry_out(task)

    async def _carry_out(self, task: Task) -> None:
        try:
            job = await self._job(task)
        except StrmctlError as error:
            log.error("maintenance: %s: %s", task.command_line, error)
        else:
            _log_end(job)

    async def _job(self, task: Task) -> Job:
        job = await self._jobs.start(task.request)
        async with aclosing(self._jobs.follow(job.id, after=_NO_LINES)) as followed:
            async for news in followed:
                if isinstance(news, Job):
                    job = news
        return job


def _log_end(job: Job) -> None:
    line = job.command_line
    counts = ", ".join(f"{number} {name}" for name, number in job.counts.items() if number)
    if job.state is JobState.SUCCEEDED:
        log.info("maintenance: %s: %s", line, counts or "nothing to do")
    elif job.state is JobState.FAILED:
        why = job.message or counts
        log.warning("maintenance: %s: exit code %s: %s", line, job.exit_code, why)
