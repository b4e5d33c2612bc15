"""`strmctl stats`: how well the library is."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from strmctl.cli.frame.app import Panel, command
from strmctl.cli.frame.run import Run
from strmctl.cli.frame.tables import Format
from strmctl.domain.counted import counted, share, timestamp
from strmctl.domain.digest import lines
from strmctl.domain.mapping import LinkState
from strmctl.domain.tally import Counted, complete
from strmctl.errors import UsageError
from strmctl.services.reports.records import stats_record
from strmctl.settings.values import duration, show_duration

if TYPE_CHECKING:
    from strmctl.domain.job import Job
    from strmctl.domain.resolver_health import ResolverHealth
    from strmctl.services.reports.attention import Attention
    from strmctl.services.reports.stats import States, Stats

_STATES = (
    LinkState.ALIVE,
    LinkState.SUSPECT,
    LinkState.DEAD,
    LinkState.BLOCKED,
    LinkState.THROTTLED,
    LinkState.UNKNOWN,
)


@command(Panel.LIBRARY, example="strmctl stats --expiring 1d")
def stats(
    run: Run,
    expiring: Annotated[
        str, typer.Option(metavar="DURATION", help="Which links count as expiring: within this.")
    ] = "2h",
    form: Format = None,
) -> None:
    """Show how many links are alive, dead, expiring, by site and provider; and what was healed."""
    from strmctl.services.reports.attention import attention
    from strmctl.services.reports.stats import stats as count

    run.speak(form)
    within = _duration(expiring)
    with run.open_database() as database:
        now = datetime.now(UTC)
        found = count(run.settings, database, now, within)
        wrong = attention(database, found, now)
    run.output.record(stats_record(found, within, wrong))
    lines = _wrong(wrong, list(_failing_resolvers(found.resolvers)))
    run.output.table(("what needs attention",), ([line] for line in lines))
    rows = _rows(found)
    if run.output.is_for_people:
        # Where people read, a nought is nothing, and a state that no link is in has no column.
        rows = ([value or None for value in row] for row in rows)
    run.output.table(("site", "provider", *_STATES, "links"), rows)
    run.output.table(("links that", "number"), _numbers(run, found, expiring))


def _failing_resolvers(known: "Sequence[ResolverHealth]") -> Iterable[str]:
    """They are why links are not known, or have expired."""
    for health in known:
        if health.is_failing:
            since = timestamp(health.failing_since)
            yield f"resolver {health.resolver}: {health.in_a_row} since {since}: {health.why}"


def _wrong(wrong: "Attention", resolvers: "Sequence[str]") -> Iterable[str]:
    """First of all: what is not known, what failed and why."""
    if not wrong.is_needed:
        yield from resolvers or [_nothing(wrong)]
        return
    if wrong.unknown:
        part = f"{wrong.unknown:,} of {counted(wrong.total, 'link')}"
        yield f"{part} ({share(wrong.unknown, wrong.total)}) unknown: no verdict yet"
    for job in wrong.failed_runs:
        yield _failure(job)
    yield from resolvers
    failing = ",".join(sorted({group.state for group in wrong.groups}))
    yield from lines(wrong.groups, f"strmctl list --state {failing}")


def _nothing(wrong: "Attention") -> str:
    if wrong.is_well:
        return "nothing: all links are known to play, and no run has failed"
    return f"nothing: {counted(wrong.muted, 'muted link')} not playing"


def _failure(job: "Job") -> str:
    why = f": {job.message}" if job.message else ""
    return f"the last run of `{job.command_line}` {job.state} at {timestamp(job.finished_at)}{why}"


def _duration(text: str) -> timedelta:
    try:
        return duration(text)
    except (ValueError, OverflowError):
        raise UsageError(f"--expiring {text!r}: it takes a duration such as 2h") from None


def _rows(found: "Stats") -> Iterable[Sequence[object]]:
    for (site, provider), states in found.by_site_and_provider().items():
        yield site, provider, *_cells(states)
    yield "all", None, *_cells(found.states())


def _cells(states: "States") -> list[int]:
    return [*(states.get(state, 0) for state in _STATES), sum(states.values())]


def _numbers(run: Run, found: "Stats", expiring: str) -> Iterable[Sequence[object]]:
    stale_after = show_duration(run.settings.probe.stale_after)
    since = found.counts_since.date() if found.counts_since else "the beginning"
    counts = complete(found.counts)
    yield "have expired", found.expired
    yield f"expire within {expiring}", found.expiring
    yield f"were not probed within {stale_after}", found.stale
    yield f"were healed in mid-play since {since}", found.healed
    yield "were not healed", counts[Counted.HEALS]["failed"]
    yield "resumed after a cut", counts[Counted.RESUMES]["resumed"]
    yield "were bound to another address", counts[Counted.ADDRESS_CHANGES][""]
    yield "were played", counts[Counted.PLAYS][""]
    yield "were resolved", counts[Counted.RESOLVES]["resolved"]
