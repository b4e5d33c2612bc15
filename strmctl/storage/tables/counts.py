"""Counts over the whole library, each from an index or from the history, which is bounded.

Links that do not play are counted by series, with the reason of their last failure.
"""

import json
from collections.abc import Mapping as Table, Sequence
from datetime import datetime

from msgspec import Struct

from strmctl.domain.digest import Finding
from strmctl.domain.job import JobState, command_line
from strmctl.domain.mapping import LinkState
from strmctl.storage.database import rows
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.events import FAILING, why

HEALTH = """
SELECT site, provider_used, state, count(*) AS number FROM strm_mapping
GROUP BY site, provider_used, state
"""
_HISTORY = """
SELECT kind, detail ->> 'cause' AS cause, count(*) AS number FROM event GROUP BY 1, 2 ORDER BY 1, 2
"""


class Group(Struct, frozen=True):
    """So many mappings of a site are in this state; `provider` is the one that was used."""

    site: str
    provider: str | None
    state: LinkState
    mappings: int


class Happened(Struct, frozen=True):
    """An event happened so often; `cause` says what a link was resolved for."""

    event: str
    cause: str | None
    times: int


class Statistics:
    def __init__(self, database: Database) -> None:
        self._database = database

    def groups(self) -> list[Group]:
        return [
            Group(row["site"], row["provider_used"], LinkState(row["state"]), row["number"])
            for row in self._database.query(HEALTH)
        ]

    def history(self) -> list[Happened]:
        return [
            Happened(row["kind"], row["cause"], row["number"])
            for row in self._database.query(_HISTORY)
        ]

    def history_since(self) -> datetime | None:
        """When the oldest event that is still kept happened."""
        found = self._database.query("SELECT at FROM event ORDER BY id LIMIT 1")
        return rows.time_value(found[0]["at"]) if found else None


_LAST_RUNS = """
SELECT command, arguments, exit_code, max(finished_at) AS finished_at FROM job
WHERE cause = ? AND finished_at IS NOT NULL GROUP BY command, arguments
"""
_PROBED = """
SELECT detail ->> 'to' AS state, count(*) AS number FROM event
WHERE id > ? AND id <= ? AND kind = 'probed' GROUP BY 1
"""


class LastRun(Struct, frozen=True):
    """The last job of a command line that is over."""

    command_line: str
    exit_code: int | None
    finished_at: datetime


class Gauges(Struct, frozen=True):
    """How many links and remembered jobs are in each state, and what waits to be told."""

    links: Table[LinkState, int]
    jobs: Table[JobState, int]
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


def probed_between(database: Database, first: int, last: int) -> Table[LinkState, int]:
    """The states of the probes with event ids in (first, last]."""
    found = database.query(_PROBED, (first, last))
    return {LinkState(row["state"]): row["number"] for row in found}


def _by_state(database: Database, table: str) -> Table[str, int]:
    found = database.query(f"SELECT state, count(*) AS number FROM {table} GROUP BY state")
    return {row["state"]: row["number"] for row in found}


def _last_run(row: rows.Row) -> LastRun:
    finished = rows.time_value(row["finished_at"])
    assert finished is not None, "the statement asks for those that are over"
    line = command_line(row["command"], json.loads(row["arguments"]))
    return LastRun(line, row["exit_code"], finished)


_MOST = 20_000
"""Links that are looked at: a page that waits helps nobody."""

_GROUPS = f"""
SELECT site, slug, max(title) AS title, state, reason, count(*) AS links,
    max(season IS NULL) AS is_film
FROM (
    SELECT site, slug, title, season, state, {why("m.id")} AS reason
    FROM strm_mapping AS m
    WHERE state IN ({", ".join(f"'{state}'" for state in FAILING)})
        AND (muted_until IS NULL OR muted_until <= strftime('%Y-%m-%dT%H:%M:%fZ'))
    LIMIT {_MOST}
)
GROUP BY site, slug, state, reason
"""


def failing(database: Database) -> list[Finding]:
    """Muted ones are left out."""
    return [
        Finding(
            site=row["site"],
            series=row["title"] or row["slug"],
            state=row["state"],
            reason=row["reason"] or "",
            links=row["links"],
            is_film=bool(row["is_film"]),
        )
        for row in database.query(_GROUPS)
    ]
