"""Which runs somebody has to look at: the last of its command line, unless a person saw it fail."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from strmctl.domain.job import state_after
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.jobs import JobRecords

NOW = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[JobRecords]:
    with Database.open(tmp_path / "strmctl.db") as database:
        yield JobRecords(database)


def ended(
    records: JobRecords,
    code: int,
    cause: str = "cron",
    ago: timedelta = timedelta(0),
    line: str = "--stale",
) -> None:
    records.add_ended(
        command="probe",
        arguments=tuple(line.split()),
        cause=cause,
        state=state_after(code, cancel_requested=False),
        exit_code=code,
        message="why",
        counts={},
        done=0,
        started_at=NOW - ago,
        finished_at=NOW - ago,
    )


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        pytest.param([], [], id="none"),
        pytest.param([(1, "cron")], [1], id="from cron"),
        pytest.param([(12, "maintain")], [12], id="some items failed"),
        pytest.param([(1, "cron"), (0, "cron")], [], id="well since then"),
        pytest.param([(10, "cron")], [], id="dead links found"),
        pytest.param([(1, "cli")], [], id="seen on a terminal"),
        pytest.param([(5, "cron")], [], id="another run held the lock"),
        pytest.param([(0, "cron"), (13, "cron")], [13], id="the last one counts"),
    ],
)
def test_who_failed_last(
    runs: list[tuple[int, str]], expected: list[int], records: JobRecords
) -> None:
    for code, cause in runs:
        ended(records, code, cause)
    found = records.failed_last(NOW - timedelta(days=7))
    assert [job.exit_code for job in found] == expected


def test_what_is_long_ago_is_left_out(records: JobRecords) -> None:
    ended(records, 1, ago=timedelta(days=8))
    assert records.failed_last(NOW - timedelta(days=7)) == []


def test_what_a_run_prints_makes_no_other_work_of_it(records: JobRecords) -> None:
    for line in ("--stale --json", "--stale", "--stale -q", "--all"):
        ended(records, 13, line=line)
    found = records.failed_last(NOW - timedelta(days=7))
    assert [job.arguments for job in found] == [("--all",), ("--stale", "-q")]
    ended(records, 0, line="--wait 1h --stale")
    found = records.failed_last(NOW - timedelta(days=7))
    assert [job.arguments for job in found] == [("--all",)]
