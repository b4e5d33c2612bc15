"""Old events and jobs go, in small batches; what is younger, and what still runs, stays."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stage.command_line import Strmctl
from strmctl.domain.job import JobLine, JobRequest, JobState
from strmctl.services.reports.prune_events import Pruned, prune_events
from strmctl.storage.database import rows
from strmctl.storage.database.connection import Database
from strmctl.storage.locks.run_lock import run_lock
from strmctl.storage.tables.jobs import JobRecords

_LIMIT = datetime(2026, 11, 23, 12, tzinfo=UTC)
_MOMENT = timedelta(milliseconds=1)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database.open(tmp_path / "strmctl.db") as database:
        yield database


def put_events(database: Database, *times: datetime) -> None:
    with database.transaction() as connection:
        connection.executemany(
            "INSERT INTO event (at, kind) VALUES (?, 'state')",
            [(rows.time_text(at),) for at in times],
        )


def put_job(database: Database, finished: datetime | None, lines: int = 0) -> int:
    records = JobRecords(database)
    job = records.create(JobRequest("probe"), "somebody 1 1", _LIMIT - timedelta(days=9))
    records.advance(job.id, [JobLine(number, {"id": number}) for number in range(lines)], lines)
    if finished is not None:
        records.finish(
            job.id,
            JobState.SUCCEEDED,
            exit_code=0,
            message=None,
            counts={},
            done=lines,
            now=finished,
        )
    return job.id


def count(database: Database, table: str) -> int:
    [[number]] = database.query(f"SELECT count(*) FROM {table}")
    return int(number)


def test_what_is_older_goes_and_nothing_else(database: Database) -> None:
    put_events(database, _LIMIT - timedelta(days=400), _LIMIT - _MOMENT, _LIMIT, _LIMIT + _MOMENT)
    old = put_job(database, _LIMIT - _MOMENT, lines=3)
    kept = [put_job(database, _LIMIT, lines=2), put_job(database, None, lines=1)]
    assert prune_events(database, _LIMIT) == Pruned(events=2, jobs=1)
    assert count(database, "event") == 2
    assert JobRecords(database).get(old) is None
    assert [job.id for job in JobRecords(database).newest(9)] == kept[::-1]
    assert count(database, "job_line") == 3
    assert prune_events(database, _LIMIT) == Pruned(events=0, jobs=0)


def test_more_than_a_batch_goes_in_one_run(database: Database) -> None:
    old = _LIMIT - timedelta(days=1)
    put_events(database, *[old] * 2001)
    put_job(database, old, lines=2 * 1000)
    assert prune_events(database, _LIMIT) == Pruned(events=2001, jobs=1)
    assert [count(database, table) for table in ("event", "job", "job_line")] == [0, 0, 0]


def test_the_command_keeps_what_the_settings_keep(strmctl: Strmctl, library: Path) -> None:
    now = datetime.now(UTC)
    with Database.open(library / "strmctl.db") as database:
        before = count(database, "event")
        put_events(database, now - timedelta(days=100), now - timedelta(days=80))
        ended = strmctl("prune-events", "--json")
        assert ended.records == [{"type": "summary", "events": 1, "jobs": 0}]
        assert "forgot 1 event and 0 jobs" in strmctl("prune-events", "--older-than", "79d").err
        assert count(database, "event") == before
        assert "a duration such as" in strmctl("prune-events", "--older-than", "x", code=2).err
        with run_lock(library / "strmctl.db", "probe --all"):
            strmctl("prune-events", code=5)
