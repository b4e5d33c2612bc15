"""Runs of the command line stand beside the server's jobs: what ran, when, and what came of it."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, nullcontext, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec import Struct

from strmctl.domain.job import Job, state_after
from strmctl.errors import DatabaseError
from strmctl.storage.database.connection import Database
from strmctl.storage.locks.file_lock import held, job_owner
from strmctl.storage.tables.jobs import JobRecords
from strmctl.storage.tables.journal import Journal, JournalledRun


class EndedRun(Struct, frozen=True):
    """`cause` is `cli` for one with a terminal, else `cron`."""

    command: str
    arguments: tuple[str, ...]
    cause: str
    started_at: datetime
    exit_code: int
    message: str | None
    counts: Mapping[str, int]
    done: int


class SeenRun(Struct, frozen=True):
    """`undo` is its number for `strmctl undo`, None where there is nothing to take back."""

    job: Job
    undo: int | None

    @property
    def lasted(self) -> timedelta | None:
        """None for one that has not begun."""
        started, now = self.job.started_at, self.job.finished_at or datetime.now(UTC)
        return None if started is None else now - started


class Recording:
    """Of one run of the command line; `file` is the database's.

    It is there from its beginning: of one that was killed, nothing else would be left.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._id: int | None = None
        self._owner = ExitStack()

    def begin(
        self,
        command: str,
        arguments: Sequence[str],
        cause: str,
        now: datetime,
        opened: Database | None = None,
    ) -> None:
        """Raises DatabaseError; `opened` is the database where the run has opened it."""
        owner = self._owner.enter_context(job_owner(self._file)).name
        with nullcontext(opened) if opened is not None else _opened(self._file) as database:
            records = JobRecords(database)
            records.interrupt(owner, now)  # an earlier one that had this name
            self._id = records.add_running(
                command=command, arguments=arguments, cause=cause, owner=owner, now=now
            )

    def end(self, run: EndedRun) -> None:
        """Raises DatabaseError."""
        with self._owner:
            _record(self._file, self._id, run)


def _opened(file: Path) -> Database:
    # A run that failed before there was a database must not make one for its log line.
    return Database.open(file, migrate=False, create=False)


def _record(file: Path, known: int | None, run: EndedRun) -> None:
    with _opened(file) as database:
        records, state = JobRecords(database), state_after(run.exit_code, cancel_requested=False)
        if known is not None:
            records.finish(
                known,
                state,
                exit_code=run.exit_code,
                message=run.message,
                counts=run.counts,
                done=run.done,
                now=datetime.now(UTC),
            )
            return
        records.add_ended(
            command=run.command,
            arguments=run.arguments,
            cause=run.cause,
            state=state,
            exit_code=run.exit_code,
            message=run.message,
            counts=run.counts,
            done=run.done,
            started_at=run.started_at,
            finished_at=datetime.now(UTC),
        )


def interrupt_gone(records: JobRecords, file: Path, now: datetime, own: str = "") -> None:
    """Runs and jobs whose process has ended without a word; `own` is the name of this one.

    Raises DatabaseError.
    """
    for owner in records.open_owners() - {own}:
        # The kernel frees a lock when its process ends, also by kill -9 or the OOM killer.
        with held(file, owner) as is_gone:
            if is_gone:
                records.interrupt(owner, now)


def runs(database: Database, limit: int) -> list[SeenRun]:
    """The newest first, whoever started them."""
    with suppress(DatabaseError):  # One that nobody can write to can be shown all the same.
        interrupt_gone(JobRecords(database), database.path, datetime.now(UTC))
    journalled = Journal(database).newest()
    return [SeenRun(job, _undo(job, journalled)) for job in JobRecords(database).newest(limit)]


def _undo(job: Job, journalled: list[JournalledRun]) -> int | None:
    """Runs that change the library hold the lock, so that the time tells which is which."""
    if job.started_at is None:
        return None
    end = job.finished_at or datetime.now(UTC)
    found = (run.id for run in journalled if job.started_at <= run.started_at <= end)
    return next(found, None)
