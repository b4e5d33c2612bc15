"""Jobs: runs of the command line that the server starts, follows and can cancel.

Each is a process of its own, so it keeps the lock, the brake, the egress rules and the exit codes
of the command, and streams never wait for it. What it prints with `--json` is kept in the
database, where every worker can follow it.
"""

import asyncio
import logging
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from strmctl.domain.job import Job, JobLine, JobRequest, JobState, state_after
from strmctl.errors import DatabaseError, ItemError, StrmctlError
from strmctl.services.jobs.output import JobOutput
from strmctl.services.jobs.process import JobProcess
from strmctl.services.jobs.run_log import interrupt_gone
from strmctl.services.threads import in_thread
from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.locks.file_lock import Owner, job_owner
from strmctl.storage.tables.jobs import JobRecords

log = logging.getLogger(__name__)

WAIT = "1h"
"""How long a job waits for another run that holds the lock."""
_SAVE_SECONDS = 0.25
_LONGEST_PAUSE = 60.0
_QUEUE_SECONDS = 1.0
_TIDY_SECONDS = 1.0
_QUEUE_MAX = 50
_FOLLOWERS_MAX = 100
_PAGE = 500
_TOGETHER = 4
"""Renewals of a few links, which need no lock."""

_NOT_BEGUN = 130
"""The exit code of a run that was cancelled before it began: as if Ctrl-C had ended it."""


class UnknownJobError(ItemError):
    http_status = 404


class FullError(StrmctlError):
    http_status = 429
    retry_after = 30.0


def strmctl_command(file: Path | None) -> tuple[str, ...]:
    """What starts this very strmctl, with the settings file that is in force."""
    config = () if file is None else ("--config", str(file))
    # -P: a file strmctl.py in the folder where `serve` was started is not run in its place.
    return (sys.executable, "-P", "-m", "strmctl", *config)


@asynccontextmanager
async def jobs(
    settings: Settings, command: Sequence[str], stopping: asyncio.Event
) -> AsyncIterator["Jobs"]:
    """`command` begins every command line, as `strmctl_command` makes it; jobs that still run when
    `stopping` is set, or in the end, are interrupted."""
    with (
        await in_thread(Database.open, settings.database) as database,
        job_owner(settings.database) as owner,
    ):
        line = (*command, "--database", str(settings.database))
        running = Jobs(JobRecords(database), settings.database, owner, line, stopping)
        await in_thread(running.tidy)
        tidying = asyncio.create_task(running.tidy_forever(), name="jobs of others")
        try:
            yield running
        finally:
            tidying.cancel()
            await asyncio.wait({tidying})
            await running.aclose()


class Jobs:
    """Starts `command` with a job's words, each in a process of its own, and stores what it says.

    What changes the library runs alone, up to four renewals beside it. `owner` marks this server's
    jobs in the shared `records`; once `stopping` is set none begins and those under way end.
    """

    def __init__(
        self,
        records: JobRecords,
        database: Path,
        owner: Owner,
        command: Sequence[str],
        stopping: asyncio.Event,
    ) -> None:
        self._records = records
        self._database = database
        self._owner = owner
        self._command = command
        self._one_at_a_time = asyncio.Lock()
        self._together = asyncio.Semaphore(_TOGETHER)
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = stopping
        self._followers = 0

    async def start(self, request: JobRequest) -> Job:
        """It begins at once, or when the one before it has ended."""
        job = await in_thread(self._records.create, request, self._owner.name, _now())
        self._begin(job, request)
        return job

    async def start_or_join(self, request: JobRequest) -> tuple[Job, bool]:
        """True with a new job; False with one that does the same and is not over yet.

        Raises FullError where it would be new and too many wait already.
        """
        await in_thread(self._tidy_others)
        # The same job again costs nothing, so it is joined even where the queue is full.
        if len(self._tasks) >= _QUEUE_MAX:
            if (joined := await in_thread(self._records.find_open, request)) is not None:
                return joined, False
            raise FullError(f"{_QUEUE_MAX} jobs are under way: cancel some or wait for them")
        job, is_new = await in_thread(
            self._records.find_or_create, request, self._owner.name, _now()
        )
        if is_new:
            self._begin(job, request)
        return job, is_new

    def _begin(self, job: Job, request: JobRequest) -> None:
        task = asyncio.create_task(self._run(job, alone=request.alone), name=f"job {job.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def get(self, job_id: int) -> Job:
        """Raises UnknownJobError, as `cancel` and `follow` do."""
        job = await in_thread(self._records.get, job_id)
        if job is None:
            raise UnknownJobError(f"there is no job {job_id}")
        return job

    async def newest(self, limit: int, *, before: int | None = None) -> list[Job]:
        await in_thread(self._tidy_others)
        return await in_thread(self._records.newest, limit, before=before)

    async def last_of_cause(self, cause: str) -> dict[str, Job]:
        """By command and arguments, as in `probe --stale`."""
        return await in_thread(self._records.last_of_cause, cause)

    async def cancel(self, job_id: int) -> Job:
        """Asks it to end; one that is over stays as it is."""
        await self.get(job_id)
        await in_thread(self._records.request_cancel, job_id)
        return await self.get(job_id)

    def check_place(self) -> None:
        """Raises FullError where so many follow that one more would slow all down."""
        if self._followers >= _FOLLOWERS_MAX:
            raise FullError(f"{_FOLLOWERS_MAX} clients follow jobs: ask for the job itself")

    async def follow(self, job_id: int, *, after: int = 0) -> AsyncGenerator[JobLine | Job, None]:
        """Its lines behind the number `after` and itself whenever it has changed; ends when it is
        over, with the job as it is then."""
        self._followers += 1
        try:
            async with aclosing(self._news(job_id, after)) as all_news:
                async for news in all_news:
                    yield news
        finally:
            self._followers -= 1

    async def _news(self, job_id: int, after: int) -> AsyncGenerator[JobLine | Job, None]:
        last: Job | None = None
        while True:
            job = await self.get(job_id)
            while lines := await in_thread(self._records.lines, job_id, after=after, limit=_PAGE):
                for line in lines:
                    yield line
                after = lines[-1].number
            if job != last:
                yield job
                last = job
            # uvicorn waits for open answers at its end: an event stream would hold it up.
            if job.state.is_over or self._stopping.is_set():
                return
            await _pause(self._stopping)

    def tidy(self) -> None:
        """Jobs whose server has ended without a word are interrupted, also of an earlier one that
        had this one's name."""
        self._records.interrupt(self._owner.name, _now())
        self._tidy_others()

    async def tidy_forever(self) -> None:
        """A worker that was killed leaves jobs that end soon after: whoever lives says so."""
        while True:
            await asyncio.sleep(_TIDY_SECONDS)
            with suppress(DatabaseError):  # Said where somebody waits for it.
                await in_thread(self._tidy_others)

    def _tidy_others(self) -> None:
        interrupt_gone(self._records, self._database, _now(), own=self._owner.name)

    async def aclose(self) -> None:
        self._stopping.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, job: Job, *, alone: bool) -> None:
        turn = self._one_at_a_time if alone else self._together
        output = JobOutput()
        try:
            exit_code = await self._in_turn(turn, job, output)
        except (StrmctlError, OSError, ValueError) as error:
            output.message, exit_code = str(error), StrmctlError.exit_code
        await self._finish_in_the_end(job.id, output, exit_code)

    async def _finish_in_the_end(self, job_id: int, output: JobOutput, exit_code: int) -> None:
        pause = _SAVE_SECONDS
        while True:
            try:
                return await self._finish(job_id, output, exit_code)
            except StrmctlError as error:
                log.error("job %d: its end is not recorded yet: %s", job_id, error)
                if self._stopping.is_set():
                    return
                # A full disk may stay so for days.
                await _pause(self._stopping, pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    async def _in_turn(
        self, turn: asyncio.Lock | asyncio.Semaphore, job: Job, output: JobOutput
    ) -> int:
        """The exit code of its run, if it may begin one."""
        taking = asyncio.ensure_future(turn.acquire())
        try:
            while True:
                await asyncio.wait({taking}, timeout=_QUEUE_SECONDS)
                if await self._is_to_end(job.id):
                    return _NOT_BEGUN
                if taking.done():
                    return await self._carry_out(job, output)
        finally:
            if not taking.cancel():
                turn.release()

    async def _is_to_end(self, job_id: int) -> bool:
        return self._stopping.is_set() or (await self.get(job_id)).cancel_requested

    async def _carry_out(self, job: Job, output: JobOutput) -> int:
        await in_thread(self._records.start, job.id, job.arguments, _now())
        line = (*self._command, job.command, *job.arguments, "--wait", WAIT, "--json")
        process = await in_thread(JobProcess, line, self._owner.descriptor)
        over = asyncio.Event()
        watching = asyncio.create_task(self._watch(job.id, process, output, over))
        try:
            return await process.read_to_its_end(output)
        finally:
            process.kill()
            over.set()
            await watching

    async def _watch(
        self, job_id: int, process: JobProcess, output: JobOutput, over: asyncio.Event
    ) -> None:
        """Now and then saves what has come, and asks it to end where it is to."""
        asked = False
        while not over.is_set():
            await _pause(over)
            try:
                await self._save(job_id, output)
                if not asked and await self._is_to_end(job_id):
                    asked = True
                    process.ask_to_end()
            except StrmctlError as error:
                log.warning("job %d: %s", job_id, error)

    async def _save(self, job_id: int, output: JobOutput) -> None:
        lines = output.unsaved()
        if lines:
            await in_thread(self._records.advance, job_id, lines, output.done)
            output.saved(lines)

    async def _finish(self, job_id: int, output: JobOutput, exit_code: int) -> None:
        await self._save(job_id, output)
        job = await self.get(job_id)
        state = state_after(exit_code, cancel_requested=job.cancel_requested)
        await in_thread(
            self._records.finish,
            job_id,
            state,
            exit_code=exit_code,
            message=None if state is JobState.SUCCEEDED else output.why,
            counts=output.counts,
            done=output.done,
            now=_now(),
        )


async def _pause(until: asyncio.Event, seconds: float = _SAVE_SECONDS) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(until.wait(), seconds)


def _now() -> datetime:
    return datetime.now(UTC)
