"""Jobs and their lines, in the database so that every worker can tell of every job."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from strmctl.domain.job import Job, JobLine, JobRequest, JobState, words, work_of
from strmctl.errors import LockedError
from strmctl.storage.database import rows
from strmctl.storage.database.connection import Database

_KEPT = 500
_KEPT_WITH_LINES = 50
_KEPT_LINES = 5000
# Each statement that ends a job asks for this: what is over stays as it ended.
_OPEN = "state IN ('queued', 'running')"
_OF_COMMAND_LINE = "cause IN ('cli', 'cron')"

_CREATE = """
INSERT INTO job (command, arguments, asked, cause, owner, total, created_at)
VALUES (:command, :arguments, :asked, :cause, :owner, :total, :now)
"""
_FIND_OPEN = f"""
SELECT * FROM job
WHERE {_OPEN} AND command = ? AND NOT cancel_requested AND NOT {_OF_COMMAND_LINE}
ORDER BY id
"""
_FORGET_OLD = f"DELETE FROM job WHERE id <= :id - {_KEPT} AND NOT {_OPEN}"
_FORGET_OLD_LINES = f"""
DELETE FROM job_line WHERE job_id <= :id - {_KEPT_WITH_LINES}
    AND job_id NOT IN (SELECT id FROM job WHERE {_OPEN})
"""
_FORGET_FIRST_LINES = f"DELETE FROM job_line WHERE job_id = ? AND number <= ? - {_KEPT_LINES}"
_ADD_ENDED = """
INSERT INTO job (command, arguments, cause, owner, state, exit_code, message, counts, done,
    created_at, started_at, finished_at)
VALUES (:command, :arguments, :cause, 'command line', :state, :exit_code, :message, :counts, :done,
    :started_at, :started_at, :finished_at)
"""
_ADD_RUNNING = """
INSERT INTO job (command, arguments, cause, owner, state, created_at, started_at)
VALUES (:command, :arguments, :cause, :owner, 'running', :now, :now)
"""
_START = """
UPDATE job SET state = 'running', started_at = :now, arguments = :arguments WHERE id = :id
"""
_ADVANCE = "UPDATE job SET done = :done WHERE id = :id"
_FINISH = f"""
UPDATE job SET state = :state, exit_code = :exit_code, message = :message, counts = :counts,
    done = :done, finished_at = :now
WHERE id = :id AND {_OPEN}
"""
_INTERRUPT = f"""
UPDATE job SET state = 'interrupted', finished_at = ?, message = CASE
    WHEN {_OF_COMMAND_LINE} THEN 'it was killed, or the machine went down'
    ELSE 'the server that ran it has ended' END
WHERE owner = ? AND {_OPEN}
"""
_OLD_LINES = """
DELETE FROM job_line WHERE (job_id, number) IN (
    SELECT job_id, number FROM job JOIN job_line ON job_id = id
    WHERE finished_at < :before LIMIT :batch
)
"""
_OLD = "DELETE FROM job WHERE id IN (SELECT id FROM job WHERE finished_at < :before LIMIT :batch)"
_LAST_THAT_ARE_OVER = f"""
SELECT * FROM job WHERE id IN (
    SELECT max(id) FROM job WHERE NOT {_OPEN} GROUP BY command, arguments, asked
)
ORDER BY id
"""


class JobRecords:
    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, request: JobRequest, owner: str, now: datetime) -> Job:
        """`owner` says which process runs it; see `open_owners`."""
        values = {
            "command": request.command,
            "arguments": json.dumps(request.arguments),
            "asked": None if request.asked is None else json.dumps(dict(request.asked)),
            "cause": request.cause,
            "owner": owner,
            "total": request.total,
            "now": rows.time_text(now),
        }
        with self._database.transaction() as connection:
            created = int(connection.execute(_CREATE, values).lastrowid or 0)
            connection.execute(_FORGET_OLD_LINES, {"id": created})
            connection.execute(_FORGET_OLD, {"id": created})
        job = self.get(created)
        assert job is not None, "nobody deletes a job that is not over"
        return job

    def add_ended(
        self,
        *,
        command: str,
        arguments: Sequence[str],
        cause: str,
        state: JobState,
        exit_code: int,
        message: str | None,
        counts: Mapping[str, int],
        done: int,
        started_at: datetime,
        finished_at: datetime,
    ) -> None:
        """One that no server ran, when it is over."""
        values = {
            "command": command,
            "arguments": json.dumps(list(arguments)),
            "cause": cause,
            "state": state.value,
            "exit_code": exit_code,
            "message": message,
            "counts": json.dumps(dict(counts)),
            "done": done,
            "started_at": rows.time_text(started_at),
            "finished_at": rows.time_text(finished_at),
        }
        with self._database.transaction() as connection:
            added = int(connection.execute(_ADD_ENDED, values).lastrowid or 0)
            connection.execute(_FORGET_OLD_LINES, {"id": added})
            connection.execute(_FORGET_OLD, {"id": added})

    def add_running(
        self, *, command: str, arguments: Sequence[str], cause: str, owner: str, now: datetime
    ) -> int:
        """One of the command line as it begins, for `finish`; returns its id."""
        values = {
            "command": command,
            "arguments": json.dumps(list(arguments)),
            "cause": cause,
            "owner": owner,
            "now": rows.time_text(now),
        }
        with self._database.transaction() as connection:
            added = int(connection.execute(_ADD_RUNNING, values).lastrowid or 0)
            connection.execute(_FORGET_OLD_LINES, {"id": added})
            connection.execute(_FORGET_OLD, {"id": added})
        return added

    # Inside the transaction: two workers may be asked for the same at once.
    def find_or_create(self, request: JobRequest, owner: str, now: datetime) -> tuple[Job, bool]:
        """True with a new job; False with an open one that does the same, whoever asked for it."""
        with self._database.transaction():
            if (found := self.find_open(request)) is not None:
                return found, False
            return self.create(request, owner, now), True

    def find_open(self, request: JobRequest) -> Job | None:
        """One that does the same and is not over yet."""
        words = request.words
        found = map(_job, self._database.query(_FIND_OPEN, (request.command,)))
        return next((job for job in found if job.arguments == words), None)

    def get(self, job_id: int) -> Job | None:
        found = self._database.query("SELECT * FROM job WHERE id = ?", (job_id,))
        return _job(found[0]) if found else None

    def newest(self, limit: int, *, before: int | None = None) -> list[Job]:
        """The newest first; `before` an id continues where a page has ended."""
        found = self._database.query(
            "SELECT * FROM job WHERE id < ? ORDER BY id DESC LIMIT ?",
            (rows.LARGEST if before is None else before, limit),
        )
        return [_job(row) for row in found]

    def last_of_cause(self, cause: str) -> dict[str, Job]:
        """The newest job of each command that was started for this cause."""
        found = self._database.query(
            "SELECT * FROM job WHERE id IN"
            " (SELECT max(id) FROM job WHERE cause = ? GROUP BY command, arguments, asked)"
            " ORDER BY id",
            (cause,),
        )
        return {job.command_line: job for job in map(_job, found)}

    def failed_last(self, since: datetime) -> list[Job]:
        """Of each piece of work the last run that is over, where that failed; the newest first.

        Whoever types a command sees what becomes of it, and a run that found another one at work
        has done nothing wrong.
        """
        found = self._database.query(_LAST_THAT_ARE_OVER)
        # The same may be typed and asked for: which of both was the last is seen by the words.
        last = {(job.command, work_of(job.arguments)): job for job in map(_job, found)}
        return sorted(
            (job for job in last.values() if _is_to_be_seen(job, since)),
            key=lambda job: job.id,
            reverse=True,
        )

    def open_owners(self) -> set[str]:
        """The owners of jobs that are not over yet."""
        found = self._database.query(f"SELECT DISTINCT owner FROM job WHERE {_OPEN}")
        return {str(row["owner"]) for row in found}

    def interrupt(self, owner: str, now: datetime) -> None:
        """For an owner that has ended without a word."""
        with self._database.transaction() as connection:
            connection.execute(_INTERRUPT, (rows.time_text(now), owner))

    def start(self, job_id: int, arguments: Sequence[str], now: datetime) -> None:
        """`arguments` are those of the process that begins."""
        values = {"id": job_id, "arguments": json.dumps(arguments), "now": rows.time_text(now)}
        self._execute(_START, values)

    def advance(self, job_id: int, lines: Sequence[JobLine], done: int) -> None:
        """Keep lines that have come, of many the last, and how many mappings are done by now."""
        values = [
            (job_id, line.number, json.dumps(line.document, ensure_ascii=False)) for line in lines
        ]
        with self._database.transaction() as connection:
            connection.executemany("INSERT INTO job_line VALUES (?, ?, ?)", values)
            # A run over 100,000 mappings would keep as many lines.
            connection.execute(_FORGET_FIRST_LINES, (job_id, lines[-1].number))
            connection.execute(_ADVANCE, {"id": job_id, "done": done})

    def finish(
        self,
        job_id: int,
        state: JobState,
        *,
        exit_code: int | None,
        message: str | None,
        counts: Mapping[str, int],
        done: int,
        now: datetime,
    ) -> None:
        self._execute(
            _FINISH,
            {
                "id": job_id,
                "state": state.value,
                "exit_code": exit_code,
                "message": message,
                "counts": json.dumps(dict(counts)),
                "done": done,
                "now": rows.time_text(now),
            },
        )

    def request_cancel(self, job_id: int) -> None:
        """No server can end what the command line or cron runs."""
        self._execute(
            "UPDATE job SET cancel_requested = 1"
            f" WHERE id = :id AND {_OPEN} AND NOT {_OF_COMMAND_LINE}",
            {"id": job_id},
        )

    def lines(self, job_id: int, *, after: int, limit: int) -> Sequence[JobLine]:
        found = self._database.query(
            "SELECT number, document FROM job_line WHERE job_id = ? AND number > ?"
            " ORDER BY number LIMIT ?",
            (job_id, after, limit),
        )
        return [_line(row) for row in found]

    def last_lines(self, job_id: int, limit: int) -> Sequence[JobLine]:
        found = self._database.query(
            "SELECT number, document FROM job_line WHERE job_id = ? ORDER BY number DESC LIMIT ?",
            (job_id, limit),
        )
        return [_line(row) for row in reversed(found)]

    def forget_over_before(self, before: datetime) -> int:
        """How many there were; their lines go with them."""
        values = {"before": rows.time_text(before)}
        self._database.delete_in_batches(_OLD_LINES, values)
        return self._database.delete_in_batches(_OLD, values)

    def _execute(self, statement: str, values: Mapping[str, Any]) -> None:
        with self._database.transaction() as connection:
            connection.execute(statement, values)


def _is_to_be_seen(job: Job, since: datetime) -> bool:
    return (
        job.state in (JobState.FAILED, JobState.INTERRUPTED)
        and job.finished_at is not None
        and job.finished_at > since
        and job.cause != "cli"
        and job.exit_code != LockedError.exit_code
    )


def _line(row: rows.Row) -> JobLine:
    return JobLine(row["number"], json.loads(row["document"]))


def _job(row: rows.Row) -> Job:
    created = rows.time_value(row["created_at"])
    assert created is not None, "NOT NULL"
    command, asked = row["command"], json.loads(row["asked"] or "null")
    return Job(
        id=row["id"],
        command=command,
        arguments=tuple(json.loads(row["arguments"])) if asked is None else words(command, asked),
        cause=row["cause"],
        state=JobState(row["state"]),
        total=row["total"],
        done=row["done"],
        created_at=created,
        counts=json.loads(row["counts"]),
        exit_code=row["exit_code"],
        message=row["message"],
        cancel_requested=bool(row["cancel_requested"]),
        started_at=rows.time_value(row["started_at"]),
        finished_at=rows.time_value(row["finished_at"]),
        asked=asked,
    )
