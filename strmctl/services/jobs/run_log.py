"""Runs of the command line stand beside the server's jobs: what ran, when, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from strmctl.domain.job import Job, state_after
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.jobs import JobRecords
from strmctl.storage.tables.journal import Journal, JournalledRun


@dataclass(frozen=True, slots=True)
class EndedRun:
    """`cause` is `cli` for one with a terminal, else `cron`."""

    command: str
    arguments: tuple[str, ...]
    cause: str
    started_at: datetime
    exit_code: int
    message: str | None
    counts: Mapping[str, int]
    done: int


@dataclass(frozen=True, slots=True)
class SeenRun:
    """`undo` is its number for `strmctl undo`, None where there is nothing to take back."""

    job: Job
    undo: int | None

    @property
    def lasted(self) -> timedelta | None:
        """None for one that has not begun."""
        started, now = self.job.started_at, self.job.finished_at or datetime.now(UTC)
        return None if started is None else now - started


def record(file: Path, run: EndedRun) -> None:
    """`file` is the database's. Raises DatabaseError."""
    # A run that failed before there was a database must not make one for its log line.
    with Database.open(file, migrate=False, create=False) as database:
        JobRecords(database).add_ended(
            command=run.command,
            arguments=run.arguments,
            cause=run.cause,
            state=state_after(run.exit_code, cancel_requested=False),
            exit_code=run.exit_code,
            message=run.message,
            counts=run.counts,
            done=run.done,
            started_at=run.started_at,
            finished_at=datetime.now(UTC),
        )


def runs(database: Database, limit: int) -> list[SeenRun]:
    """The newest first, whoever started them."""
    journalled = Journal(database).newest()
    return [SeenRun(job, _undo(job, journalled)) for job in JobRecords(database).newest(limit)]


def _undo(job: Job, journalled: list[JournalledRun]) -> int | None:
    """Runs that change the library hold the lock, so that the time tells which is which."""
    if job.started_at is None:
        return None
    end = job.finished_at or datetime.now(UTC)
    found = (run.id for run in journalled if job.started_at <= run.started_at <= end)
    return next(found, None)
