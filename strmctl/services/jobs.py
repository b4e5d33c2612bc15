"""Jobs: runs of the command line that the server starts, follows and can cancel.

Each is a process of its own, so it keeps the lock, the brake, the egress rules and the exit codes
of the command, and streams never wait for it. What it prints with `--json` is kept in the
database, where every worker can follow it.
"""

import asyncio
import json
import logging
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from strmctl.domain.job import Job, JobLine, JobRequest, JobState, state_after
from strmctl.errors import ItemError, StrmctlError
from strmctl.settings.model import Settings
from strmctl.storage.database import Database
from strmctl.storage.jobs import JobRecords

log = logging.getLogger(__name__)

WAIT = "1h"
"""How long a job waits for another run that holds the lock."""
_SAVE_SECONDS = 0.25
_LINE_MAX = 2**20
_PAGE = 500
_TOGETHER = 4
_STOP_SECONDS = 5.0
_ERRORS_MAX = 64 * 1024


class UnknownJobError(ItemError):
    http_status = 404


def strmctl_command(file: Path | None) -> tuple[str, ...]:
    """What starts this very strmctl, with the settings file that is in force."""
    config = () if file is None else ("--config", str(file))
    return (sys.executable, "-P", "-m", "strmctl", *config)


@asynccontextmanager
async def jobs(
    settings: Settings, command: Sequence[str], stopping: asyncio.Event
) -> AsyncIterator["Jobs"]:
    """`command` begins every command line, as `strmctl_command` makes it; jobs that still run when
    `stopping` is set, or in the end, are interrupted."""
    with await asyncio.to_thread(Database.open, settings.database) as database:
        line = (*command, "--database", str(settings.database))
        running = Jobs(JobRecords(database), line, stopping)
        await running.tidy()
        try:
            yield running
        finally:
            await running.aclose()


@dataclass(slots=True)
class _Output:
    """What a run has said that is not yet saved."""

    lines: list[JobLine] = field(default_factory=list)
    number: int = 0
    done: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    message: str | None = None

    def take(self, line: bytes) -> None:
        try:
            document = json.loads(line)
        except ValueError:
            return
        if not isinstance(document, dict):
            return
        if document.get("type") == "error":
            self.message = str(document.get("message"))
        elif document.get("type") == "summary":
            numbers = {name: value for name, value in document.items() if type(value) is int}
            self.counts = numbers
        else:
            self.number += 1
            self.done += "id" in document
            self.lines.append(JobLine(self.number, document))

    def taken(self) -> list[JobLine]:
        lines, self.lines = self.lines, []
        return lines


class Jobs:
    def __init__(
        self, records: JobRecords, command: Sequence[str], stopping: asyncio.Event
    ) -> None:
        self._records = records
        self._command = command
        self._owner = _owner(os.getpid())
        self._one_at_a_time = asyncio.Lock()
        self._together = asyncio.Semaphore(_TOGETHER)
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = stopping

    async def start(self, request: JobRequest) -> Job:
        """It begins at once, or when the one before it has ended."""
        job = await asyncio.to_thread(self._records.create, request, self._owner, _now())
        self._begin(job, request)
        return job

    async def start_or_join(self, request: JobRequest) -> tuple[Job, bool]:
        """True with a new job; False with one that does the same and is not over yet."""
        job, is_new = await asyncio.to_thread(
            self._records.find_or_create, request, self._owner, _now()
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
        job = await asyncio.to_thread(self._records.get, job_id)
        if job is None:
            raise UnknownJobError(f"there is no job {job_id}")
        return job

    async def newest(self, limit: int, *, before: int | None = None) -> list[Job]:
        return await asyncio.to_thread(self._records.newest, limit, before=before)

    async def last_of_cause(self, cause: str) -> dict[str, Job]:
        """By command and arguments, as in `probe --stale`."""
        return await asyncio.to_thread(self._records.last_of_cause, cause)

    async def cancel(self, job_id: int) -> Job:
        """Asks it to end; one that is over stays as it is."""
        await self.get(job_id)
        await asyncio.to_thread(self._records.request_cancel, job_id)
        return await self.get(job_id)

    async def follow(self, job_id: int, *, after: int = 0) -> AsyncIterator[JobLine | Job]:
        """Its lines behind the number `after` and itself whenever it has changed; ends when it is
        over, with the job as it is then."""
        told: Job | None = None
        while True:
            job = await self.get(job_id)
            while lines := await asyncio.to_thread(
                self._records.lines, job_id, after=after, limit=_PAGE
            ):
                for line in lines:
                    yield line
                after = lines[-1].number
            if job != told:
                yield job
                told = job
            if job.state.is_over or self._stopping.is_set():
                return
            await self._pause()

    async def tidy(self) -> None:
        """Jobs of servers on this machine that have ended without a word are interrupted."""
        for owner in await asyncio.to_thread(self._records.open_owners):
            if _is_gone(owner):
                await asyncio.to_thread(self._records.interrupt, owner, _now())

    async def aclose(self) -> None:
        self._stopping.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, job: Job, *, alone: bool) -> None:
        turn = self._one_at_a_time if alone else self._together
        if not await self._wait_for(turn, job.id):
            await self._finish(job.id, _Output(), 130)
            return
        try:
            await self._carry_out(job)
        except (StrmctlError, OSError) as error:
            log.error("job %d: %s", job.id, error)
            await self._finish(job.id, _Output(message=str(error)), StrmctlError.exit_code)
        finally:
            turn.release()

    async def _wait_for(self, turn: "asyncio.Lock | asyncio.Semaphore", job_id: int) -> bool:
        """False if it is to end before its turn comes."""
        while not self._stopping.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(turn.acquire(), _SAVE_SECONDS)
                return True
            if (await self.get(job_id)).cancel_requested:
                return False
        return False

    async def _carry_out(self, job: Job) -> None:
        await asyncio.to_thread(self._records.start, job.id, _now())
        line = (*self._command, job.command, *job.arguments, "--wait", WAIT, "--json")
        process = await asyncio.create_subprocess_exec(
            *line,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            limit=_LINE_MAX,
            # Ctrl-C in a terminal is meant for the server, which passes it on in its own way.
            start_new_session=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        output = _Output()
        saving = asyncio.create_task(self._save(job.id, process, output))
        try:
            await asyncio.gather(
                _read(process.stdout, output),
                _read(process.stderr, output),
                process.wait(),
            )
        finally:
            saving.cancel()
            await asyncio.gather(saving, return_exceptions=True)
        assert process.returncode is not None, "waited for"
        await self._finish(job.id, output, process.returncode)

    async def _save(self, job_id: int, process: Process, output: _Output) -> None:
        """Now and then what has come, and whether it is to end."""
        asked = False
        while True:
            await self._pause()
            await asyncio.shield(self._advance(job_id, output))
            job = await self.get(job_id)
            if (job.cancel_requested or self._stopping.is_set()) and not asked:
                asked = True
                with suppress(ProcessLookupError):
                    process.send_signal(signal.SIGINT)
                asyncio.get_running_loop().call_later(_STOP_SECONDS, _kill, process)
            if asked:
                await asyncio.sleep(_SAVE_SECONDS)

    async def _advance(self, job_id: int, output: _Output) -> None:
        lines = output.taken()
        if lines:
            await asyncio.to_thread(self._records.advance, job_id, lines, output.done)

    async def _finish(self, job_id: int, output: _Output, exit_code: int) -> None:
        await self._advance(job_id, output)
        job = await self.get(job_id)
        state = state_after(exit_code, cancel_requested=job.cancel_requested)
        await asyncio.to_thread(
            self._records.finish,
            job_id,
            state,
            exit_code=exit_code,
            message=None if state is JobState.SUCCEEDED else output.message,
            counts=output.counts,
            done=output.done,
            now=_now(),
        )

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), _SAVE_SECONDS)


async def _read(stream: asyncio.StreamReader | None, output: _Output) -> None:
    assert stream is not None, "a pipe was asked for"
    async for line in stream:
        output.take(line)


def _kill(process: Process) -> None:
    if process.returncode is None:
        process.kill()


def _owner(pid: int) -> str:
    """A process of this machine; when it began tells it from a later one of the same number."""
    return f"{socket.gethostname()} {pid} {_began(pid)}"


def _is_gone(owner: str) -> bool:
    """One of another machine, or of a container with a name of its own, is none of ours."""
    host, pid, began = owner.rsplit(" ", 2)
    return host == socket.gethostname() and _began(int(pid)) != began


def _began(pid: int) -> str:
    """In the kernel's ticks; "-" where no such process is, or no /proc."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return "-"


def _now() -> datetime:
    return datetime.now(UTC)
