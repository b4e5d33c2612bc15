"""Jobs: what becomes of a run, in which order they run, how they are followed and ended.

What runs here instead of strmctl are shell scripts; tests/system/api has jobs of the real one.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from strmctl.domain.job import Job, JobLine, JobRequest, JobState
from strmctl.services.jobs.jobs import FullError, Jobs, UnknownJobError, jobs
from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.locks.file_lock import held, job_owner
from strmctl.storage.tables.jobs import JobRecords

FOR_LONG = "exec sleep 600"
DEAF = "trap '' TERM; while :; do sleep 1; done"
ERROR = """echo '{"type":"error","code":13,"message":"the way out is down"}' >&2"""


@dataclass(frozen=True)
class Scene:
    folder: Path
    jobs: Jobs

    def script(self, name: str, text: str) -> None:
        """What a job of this command runs, in a folder of its own."""
        (self.folder / name).write_text(text)

    async def start(self, name: str, *, alone: bool = True) -> Job:
        return await self.jobs.start(JobRequest(name, alone=alone))

    async def ended(self, job: Job) -> Job:
        async with asyncio.timeout(60):
            return [it async for it in self.jobs.follow(job.id) if isinstance(it, Job)][-1]

    async def running(self, job: Job) -> None:
        async def is_running() -> bool:
            return (await self.jobs.get(job.id)).state is JobState.RUNNING

        await until(is_running)

    async def lines(self, job: Job, *, after: int = 0) -> list[JobLine]:
        followed = self.jobs.follow(job.id, after=after)
        return [it async for it in followed if isinstance(it, JobLine)]


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await condition():
            await asyncio.sleep(0.02)


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[Scene]:
    """As much of a server as runs jobs."""
    command = ("sh", "-c", 'cd "$0" && . "./$3"', str(folder))
    settings = Settings(library=folder, database=folder / "strmctl.db")
    async with jobs(settings, command, asyncio.Event()) as running:
        yield Scene(folder, running)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with serving(tmp_path) as scene:
        yield scene


@pytest.mark.parametrize(
    ("script", "state", "code", "message"),
    [
        pytest.param("exit 0", JobState.SUCCEEDED, 0, None, id="well"),
        pytest.param("exit 10", JobState.SUCCEEDED, 10, None, id="dead links found"),
        pytest.param(f"{ERROR}; exit 12", JobState.FAILED, 12, "the way out is down", id="items"),
        pytest.param(f"{ERROR}; exit 13", JobState.FAILED, 13, "the way out is down", id="egress"),
        pytest.param(f"{ERROR}; exit 25", JobState.FAILED, 25, "the way out is down", id="brake"),
        pytest.param("exit 1", JobState.FAILED, 1, None, id="without a word"),
        pytest.param("kill -KILL $$", JobState.INTERRUPTED, -9, None, id="killed by somebody"),
        pytest.param("exit 143", JobState.INTERRUPTED, 143, None, id="told to end by somebody"),
        pytest.param("echo no JSON; echo '[1]'; exit 0", JobState.SUCCEEDED, 0, None, id="noise"),
    ],
)
async def test_how_a_run_ends(
    scene: Scene, script: str, state: JobState, code: int, message: str | None
) -> None:
    scene.script("probe", script)
    ended = await scene.ended(await scene.start("probe"))
    assert (ended.state, ended.exit_code, ended.message) == (state, code, message)
    assert ended.started_at is not None
    assert ended.finished_at is not None


async def test_what_a_run_says_is_kept(scene: Scene) -> None:
    scene.script(
        "probe",
        """
        echo '{"type":"probe","id":7}'
        echo '{"type":"host","host":"a"}'
        awk 'BEGIN { for (i = 0; i < 2000000; i++) printf "x"; print "" }'
        echo '{"type":"probe","id":8,"reason":"ü"}'
        echo '{"type":"warning","message":"careful"}' >&2
        echo '{"type":"summary","alive":2,"dead":0,"word":"no number","truth":true}'
        """,
    )
    ended = await scene.ended(job := await scene.start("probe"))
    assert (ended.done, ended.counts) == (2, {"alive": 2, "dead": 0})
    lines = await scene.lines(job)
    told = sorted(str(line.document.get("id")) for line in lines)
    assert told == ["7", "8", "None", "None"]
    assert [line.number for line in lines] == [1, 2, 3, 4]
    assert await scene.lines(job, after=3) == lines[3:]


async def test_of_many_lines_the_last_are_kept(scene: Scene) -> None:
    scene.script("probe", "seq 1 6000 | sed 's/.*/{\"id\":&}/'")
    ended = await scene.ended(job := await scene.start("probe"))
    assert ended.done == 6000
    kept = [line.number for line in await scene.lines(job)]
    assert kept == list(range(1001, 6001))


async def test_one_after_the_other_in_their_order(scene: Scene) -> None:
    names = ["first", "second", "third", "fourth"]
    for name in names:
        scene.script(name, f"echo {name} begins >> log; sleep 0.4; echo {name} ends >> log")
    started = [await scene.start(name) for name in names]
    for job in started:
        await scene.ended(job)
    told = (scene.folder / "log").read_text().splitlines()
    assert told == [f"{name} {what}" for name in names for what in ("begins", "ends")]


async def test_what_need_not_be_alone_does_not_wait(scene: Scene) -> None:
    scene.script("probe", FOR_LONG)
    scene.script("refresh", "exit 0")
    await scene.running(long := await scene.start("probe"))
    ended = await scene.ended(await scene.start("refresh", alone=False))
    assert ended.state is JobState.SUCCEEDED
    assert (await scene.jobs.get(long.id)).state is JobState.RUNNING


async def test_cancelled_within_two_seconds(scene: Scene) -> None:
    """One of three times: what else the machine has to do then may cost the others."""
    assert any([await seconds_to_cancel(scene) < 2 for _ in range(3)])


async def seconds_to_cancel(scene: Scene) -> float:
    scene.script("probe", FOR_LONG)
    await scene.running(job := await scene.start("probe"))
    waiting = await scene.start("probe")
    asked = time.monotonic()
    assert (await scene.jobs.cancel(waiting.id)).cancel_requested
    assert (await scene.jobs.cancel(job.id)).cancel_requested
    ended = [await scene.ended(job), await scene.ended(waiting)]
    seconds = time.monotonic() - asked
    assert [job.state for job in ended] == [JobState.CANCELLED] * 2
    assert ended[1].started_at is None
    assert await scene.jobs.cancel(job.id) == ended[0], "what is over stays as it is"
    return seconds


async def test_what_a_run_leaves_behind_does_not_hold_it_open(scene: Scene) -> None:
    scene.script("probe", "echo '{\"id\":1}'; sleep 60 & exit 0")
    ended = await scene.ended(await scene.start("probe"))
    assert (ended.state, ended.done) == (JobState.SUCCEEDED, 1)


async def test_what_cannot_be_started_has_failed(scene: Scene) -> None:
    job = await scene.jobs.start(JobRequest("probe", ("--site=a\x00b",)))
    ended = await scene.ended(job)
    assert (ended.state, ended.exit_code) == (JobState.FAILED, 1)


@pytest.mark.slow
async def test_what_does_not_end_is_killed(scene: Scene) -> None:
    scene.script("probe", DEAF)
    await scene.running(job := await scene.start("probe"))
    await scene.jobs.cancel(job.id)
    ended = await scene.ended(job)
    assert (ended.state, ended.exit_code) == (JobState.CANCELLED, -9)


async def test_the_end_of_the_server_interrupts(tmp_path: Path) -> None:
    async with serving(tmp_path) as scene:
        scene.script("probe", "echo '{\"id\":1}'; " + FOR_LONG)
        await scene.running(job := await scene.start("probe"))
        waiting = await scene.start("probe")
    with Database.open(tmp_path / "strmctl.db") as database:
        records = JobRecords(database)
        ended = [records.get(it.id) for it in (job, waiting)]
    assert [it and it.state for it in ended] == [JobState.INTERRUPTED] * 2


async def test_jobs_of_a_server_that_was_killed_are_interrupted(tmp_path: Path) -> None:
    path = tmp_path / "strmctl.db"
    now = datetime.now(UTC)
    with Database.open(path) as database, job_owner(path) as alive:
        records = JobRecords(database)
        of_alive = records.create(JobRequest("probe"), alive.name, now)
        of_killed = records.create(JobRequest("probe"), "jobs-1", now)
        of_other_killed = records.create(JobRequest("probe"), "jobs-5", now)
        async with serving(tmp_path) as scene:
            assert (await scene.jobs.get(of_alive.id)).state is JobState.QUEUED
            for job in (of_killed, of_other_killed):
                found = await scene.jobs.get(job.id)
                assert found.state is JobState.INTERRUPTED
                assert found.message == "the server that ran it has ended"


def test_each_process_has_a_name_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "strmctl.db"
    with job_owner(path) as first, job_owner(path) as second:
        assert first.name != second.name
        with held(path, first.name) as is_gone:
            assert not is_gone
    with held(path, first.name) as is_gone:
        assert is_gone
    with job_owner(path) as again:
        assert again.name == first.name


async def test_the_same_twice_is_one_job(scene: Scene) -> None:
    scene.script("probe", FOR_LONG)
    request = JobRequest("probe", ("--id=1",))
    started = await asyncio.gather(*(scene.jobs.start_or_join(request) for _ in range(10)))
    assert sorted(is_new for _, is_new in started) == [False] * 9 + [True]
    [job] = {job.id: job for job, _ in started}.values()
    other, is_new = await scene.jobs.start_or_join(JobRequest("probe", ("--id=2",)))
    assert is_new
    assert other.id != job.id
    await scene.jobs.cancel(job.id)
    again, is_new = await scene.jobs.start_or_join(request)
    assert is_new, "who asks for what is being cancelled wants another one"
    assert again.id not in (job.id, other.id)


async def test_the_same_of_a_server_that_is_gone_is_no_obstacle(scene: Scene) -> None:
    scene.script("probe", "exit 0")
    with Database.open(scene.folder / "strmctl.db") as database:
        left = JobRecords(database).create(JobRequest("probe"), "jobs-77", datetime.now(UTC))
    job, is_new = await scene.jobs.start_or_join(JobRequest("probe"))
    assert is_new
    assert job.id != left.id
    assert (await scene.jobs.get(left.id)).state is JobState.INTERRUPTED
    await scene.ended(job)


async def test_followed_while_it_runs(scene: Scene) -> None:
    scene.script(
        "probe", "echo '{\"id\":1}'; until [ -e go ]; do sleep 0.05; done; echo '{\"id\":2}'"
    )
    job = await scene.start("probe")
    seen: list[str] = []
    async with asyncio.timeout(60):
        async for told in scene.jobs.follow(job.id):
            seen.append("line" if isinstance(told, JobLine) else f"{told.state} {told.done}")
            if seen[-1] == "running 1":
                (scene.folder / "go").touch()
    assert seen.count("line") == 2
    assert seen.index("line") < seen.index("running 1")
    assert seen[-1] == "succeeded 2"


async def test_only_so_many_follow(scene: Scene) -> None:
    scene.script("probe", FOR_LONG)
    await scene.running(job := await scene.start("probe"))
    async with AsyncExitStack() as stack:
        for _ in range(100):
            scene.jobs.check_place()
            followed = scene.jobs.follow(job.id)
            stack.push_async_callback(followed.aclose)
            await anext(followed)
        with pytest.raises(FullError, match="100 clients"):
            scene.jobs.check_place()
    scene.jobs.check_place()


async def test_no_more_wait_than_fifty_but_the_same_again_may_be_asked_for(scene: Scene) -> None:
    scene.script("probe", FOR_LONG)
    numbered = [JobRequest("probe", (f"--id={number}",)) for number in range(51)]
    begun = [(await scene.jobs.start_or_join(request))[0] for request in numbered[:50]]
    with pytest.raises(FullError, match="50 jobs"):
        await scene.jobs.start_or_join(numbered[50])
    assert await scene.jobs.start_or_join(numbered[7]) == (await scene.jobs.get(begun[7].id), False)
    await scene.jobs.cancel(begun[49].id)

    async def has_room() -> bool:
        with suppress(FullError):
            return (await scene.jobs.start_or_join(numbered[50]))[1]
        return False

    await until(has_room)


async def test_what_is_unknown_is_told(scene: Scene) -> None:
    with pytest.raises(UnknownJobError, match="no job 7"):
        await scene.jobs.cancel(7)
    with pytest.raises(UnknownJobError, match="no job 7"):
        await anext(scene.jobs.follow(7))


def test_the_last_lines_come_in_their_order(tmp_path: Path) -> None:
    with Database.open(tmp_path / "strmctl.db") as database:
        records = JobRecords(database)
        job = records.create(JobRequest("probe"), "jobs-0", datetime.now(UTC))
        records.advance(job.id, [JobLine(number, {}) for number in range(1, 6)], 0)
        assert [line.number for line in records.last_lines(job.id, 2)] == [4, 5]
        assert len(records.last_lines(job.id, 9)) == 5


async def test_old_jobs_are_forgotten_their_lines_before(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    with Database.open(tmp_path / "strmctl.db") as database:
        records = JobRecords(database)
        for _ in range(501):
            job = records.create(JobRequest("probe"), "jobs-0", now)
            records.advance(job.id, [JobLine(1, {"id": 1})], 1)
            if job.id > 1:
                records.finish(
                    job.id,
                    JobState.SUCCEEDED,
                    exit_code=0,
                    message=None,
                    counts={},
                    done=1,
                    now=now,
                )
        records.create(JobRequest("probe"), "jobs-0", now)
        ids = [job.id for job in records.newest(1000)]
        with_lines = [number for number in ids if records.lines(number, after=0, limit=9)]
    assert ids == [*range(502, 2, -1), 1], "one that is not over is kept"
    assert with_lines == [*range(501, 452, -1), 1]
