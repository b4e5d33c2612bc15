"""Runs begin by themselves, one process maintains, and its end is nobody's failure.

What runs here instead of strmctl ends at once, as the test wants it to.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from strmctl.domain.job import Job, JobState
from strmctl.services.jobs.jobs import Jobs, jobs
from strmctl.services.jobs.maintenance import CAUSE, maintenance, status, tasks
from strmctl.settings.model import MaintainSettings, Settings

WELL = ("true",)
NO_WAY_OUT = ("sh", "-c", "exit 13", "strmctl")
FOR_LONG = ("sh", "-c", "exec sleep 60", "strmctl")
ALL = len(tasks(MaintainSettings()))


def settings_in(folder: Path, every: timedelta = timedelta(hours=1)) -> Settings:
    maintain = MaintainSettings(
        enabled=True, probe_every=every, refresh_every=every, prune_events_every=every
    )
    return Settings(library=folder, database=folder / "strmctl.db", maintain=maintain)


@asynccontextmanager
async def a_server(settings: Settings, command: tuple[str, ...]) -> AsyncIterator[Jobs]:
    """As much of one as maintains; flock knows no process, so two of them are like two."""
    stopping = asyncio.Event()
    async with jobs(settings, command, stopping) as running:
        async with maintenance(settings, running, stopping):
            yield running


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 60.0) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.02)


async def runs(of: Jobs) -> list[Job]:
    """Those that are over, the oldest first."""
    return [job for job in reversed(await of.newest(100)) if job.state.is_over]


async def test_everything_runs_soon_in_its_order_and_every_worker_knows(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    async with jobs(settings, WELL, asyncio.Event()) as nobodys:
        before = await status(settings.maintain, nobodys, _now())
        assert [each.next_at for each in before] == [None] * ALL
    async with a_server(settings, WELL) as first, a_server(settings, WELL) as second:

        async def all_ran() -> bool:
            return len(await runs(second)) == ALL

        await until(all_ran)
        ran = await runs(first)
        assert [job.command for job in ran] == [
            "refresh",
            "probe",
            "refresh",
            "add",
            "prune-events",
        ]
        assert {(job.state, job.cause) for job in ran} == {(JobState.SUCCEEDED, CAUSE)}
        for each, job in zip(await status(settings.maintain, second, _now()), ran, strict=True):
            assert each.last == job
            assert each.next_at == job.created_at + each.task.every
        by_nobody = await status(MaintainSettings(), first, _now())
        assert [(each.last, each.next_at) for each in by_nobody] == [(job, None) for job in ran]


async def test_another_one_takes_over(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(a_server(settings, FOR_LONG))

        async def it_maintains() -> bool:
            return any(job.state is JobState.RUNNING for job in await first.newest(9))

        await until(it_maintains)
        async with a_server(settings, WELL) as second:
            await stack.aclose()

            async def taken_over() -> bool:
                return len(await runs(second)) == 1 + ALL

            await until(taken_over)
            states = [job.state for job in await runs(second)]
            assert states == [JobState.INTERRUPTED, *[JobState.SUCCEEDED] * ALL]


async def test_what_fails_is_told_and_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with a_server(settings_in(tmp_path, timedelta(milliseconds=300)), NO_WAY_OUT) as server:

        async def tried_again() -> bool:
            told = [record.getMessage() for record in caplog.records]
            return sum("maintenance: probe --stale: exit code 13" in line for line in told) >= 2

        await until(tried_again)
        codes = [job.exit_code for job in await runs(server) if job.command == "probe"]
        assert codes[:2] == [13, 13]


async def test_the_end_waits_for_nothing_and_is_no_failure(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = settings_in(tmp_path)
    async with a_server(settings, FOR_LONG) as server:

        async def one_runs() -> bool:
            return any(job.state is JobState.RUNNING for job in await server.newest(9))

        await until(one_runs)
        ending = time.monotonic()
    assert time.monotonic() - ending < 20
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def _now() -> datetime:
    return datetime.now(UTC)
