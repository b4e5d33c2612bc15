"""What the database holds, as numbers for whoever asks every few seconds; each out of an index."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from strmctl.domain.job import JobState
from strmctl.domain.mapping import LinkState
from strmctl.storage import rows
from strmctl.storage.database import Database

_LAST_RUNS = """
SELECT command, arguments, exit_code, max(finished_at) AS finished_at FROM job
WHERE cause = ? AND finished_at IS NOT NULL GROUP BY command, arguments
"""
_PROBED = """
SELECT detail ->> 'to' AS state, count(*) AS number FROM event
WHERE id > ? AND id <= ? AND kind = 'probed' GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class LastRun:
    """The last job of a command line that is over."""

    command_line: str
    exit_code: int | None
    finished_at: datetime


@dataclass(frozen=True, slots=True)
class Gauges:
    """How many links and remembered jobs are in each state, and what waits to be told."""

    links: Mapping[LinkState, int]
    jobs: Mapping[JobState, int]
    notices: int
    last_runs: Sequence[LastRun]


def read_gauges(database: Database, *, cause: str) -> Gauges:
    """`cause` is that of the `last_runs`."""
    links, jobs = _by_state(database, "strm_mapping"), _by_state(database, "job")
    [(notices,)] = database.query("SELECT count(*) FROM notice")
    return Gauges(
        links={state: links.get(state, 0) for state in LinkState},
        jobs={state: jobs.get(state, 0) for state in JobState},
        notices=notices,
        last_runs=[_last_run(row) for row in database.query(_LAST_RUNS, (cause,))],
    )


def newest_event(database: Database) -> int:
    """The highest id, 0 for none."""
    [(newest,)] = database.query("SELECT ifnull(max(id), 0) FROM event")
    return int(newest)


def probed_between(database: Database, first: int, last: int) -> Mapping[LinkState, int]:
    """The states of the probes with event ids in (first, last]."""
    found = database.query(_PROBED, (first, last))
    return {LinkState(row["state"]): row["number"] for row in found}


def _by_state(database: Database, table: str) -> Mapping[str, int]:
    found = database.query(f"SELECT state, count(*) AS number FROM {table} GROUP BY state")
    return {row["state"]: row["number"] for row in found}


def _last_run(row: rows.Row) -> LastRun:
    finished = rows.time_value(row["finished_at"])
    assert finished is not None, "the statement asks for those that are over"
    line = " ".join((row["command"], *json.loads(row["arguments"])))
    return LastRun(line, row["exit_code"], finished)
