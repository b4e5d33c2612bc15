"""A job's row keeps what was asked; rows from before are read on."""

import json
import runpy
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlite_utils

from strmctl.domain.job import Asked, Job, JobRequest, JobState, words
from strmctl.storage.database import schema
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.jobs import JobRecords

NOW = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
ASKED: Asked = {"series": "one-piece", "season": 0, "state": ["dead"], "id": [1, 2], "force": True}


@pytest.fixture
def records(tmp_path: Path) -> Iterator[JobRecords]:
    with Database.open(tmp_path / "strmctl.db") as database:
        yield JobRecords(database)


def typed(records: JobRecords, job_id: int, tmp_path: Path) -> object:
    """The command line that the row holds."""
    with Database.open(tmp_path / "strmctl.db") as database:
        [row] = database.query("SELECT arguments FROM job WHERE id = ?", (job_id,))
    return json.loads(row["arguments"])


def finish(records: JobRecords, job: Job, state: JobState, code: int) -> None:
    records.finish(job.id, state, exit_code=code, message=None, counts={}, done=0, now=NOW)


def test_a_row_keeps_what_was_asked(records: JobRecords, tmp_path: Path) -> None:
    made = records.create(JobRequest("refresh", asked=ASKED), "jobs-0", NOW)
    assert made.asked == ASKED
    assert list(made.arguments) == list(words("refresh", ASKED))
    assert typed(records, made.id, tmp_path) == []
    records.start(made.id, made.arguments, NOW)
    assert typed(records, made.id, tmp_path) == list(made.arguments)
    begun = records.get(made.id)
    assert begun is not None
    assert (begun.asked, begun.arguments) == (ASKED, made.arguments)


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (JobRequest("probe", asked={"stale": True}), JobRequest("probe", ("--stale",)), True),
        (JobRequest("probe", ("--stale",)), JobRequest("probe", asked={"stale": True}), True),
        (JobRequest("probe", asked={"id": [1]}), JobRequest("probe", asked={"id": [2]}), False),
        (JobRequest("probe", asked={}), JobRequest("refresh", asked={}), False),
    ],
    ids=["asked, then typed", "typed, then asked", "another link", "another command"],
)
def test_the_same_is_found_however_it_was_said(
    first: JobRequest, second: JobRequest, same: bool, records: JobRecords
) -> None:
    made = records.create(first, "jobs-0", NOW)
    found = records.find_open(second)
    assert (found is not None and found.id == made.id) is same


def test_what_was_typed_later_counts_as_the_last_run(records: JobRecords) -> None:
    failed = records.create(JobRequest("probe", asked={"stale": True}), "jobs-0", NOW)
    finish(records, failed, JobState.FAILED, 1)
    assert [job.id for job in records.failed_last(datetime.min.replace(tzinfo=UTC))] == [failed.id]
    well = records.create(JobRequest("probe", ("--stale",)), "jobs-0", NOW)
    finish(records, well, JobState.SUCCEEDED, 0)
    assert records.failed_last(datetime.min.replace(tzinfo=UTC)) == []


@pytest.mark.parametrize(
    ("command", "cause", "arguments", "asked"),
    [
        ("refresh", "page", list(words("refresh", ASKED)), {**ASKED, "season": "0"}),
        ("probe", "maintain", ["--stale"], {"stale": True}),
        ("undo", "api", ["--force", "12"], {"force": True, "run": "12"}),
        ("import", "api", ["--dry-run", "/lib"], {"dry_run": True, "folder": "/lib"}),
        ("refresh", "maintain", ["--expiring", "2h"], None),
        ("probe", "cron", ["--stale"], None),
    ],
    ids=["page", "maintain", "undo", "import", "typed", "cron"],
)
def test_jobs_from_before_are_read(
    command: str, cause: str, arguments: Sequence[str], asked: Asked | None
) -> None:
    database = sqlite_utils.Database(memory=True)
    steps = [schema.folder() / f"{name}.py" for name in schema.known()]
    before = [step for step in steps if step.stem < "0020"]
    for step in before:
        runpy.run_path(str(step))["migrate"](database)
    database.execute(
        "INSERT INTO job (command, arguments, cause, owner, created_at)"
        " VALUES (?, ?, ?, 'jobs-0', '2026-11-22T23:00:00.000Z')",
        (command, json.dumps(arguments), cause),
    )
    runpy.run_path(str(steps[len(before)]))["migrate"](database)
    [(found,)] = database.execute("SELECT asked FROM job").fetchall()
    assert (None if found is None else json.loads(found)) == asked
    assert asked is None or list(words(command, asked)) == arguments
