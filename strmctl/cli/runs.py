"""`strmctl runs`: what ran, from cron, the command line, the page and the scheduler."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from strmctl.cli.frame.app import Panel, command
from strmctl.cli.frame.run import Run
from strmctl.cli.frame.tables import Format
from strmctl.domain.job import JobState
from strmctl.services.reports.records import run_record

if TYPE_CHECKING:
    from strmctl.services.jobs.run_log import SeenRun

_COLUMNS = ("run", "started", "took", "cause", "command", "ended", "counts", "undo", "reason")


@command(Panel.LIBRARY, example="strmctl runs --limit 5")
def runs(
    run: Run,
    limit: Annotated[int, typer.Option(min=1, max=500, help="The newest so many.")] = 20,
    form: Format = None,
) -> None:
    """Show what ran, the newest first: when, for how long, with which counts and reasons."""
    from strmctl.services.jobs.run_log import runs as newest

    run.speak(form)
    with run.open_database() as database:
        found = newest(database, limit)
    for each in found:
        run.output.record(run_record(each))
    rows = (_cells(each, is_short=run.output.is_for_people) for each in found)
    run.output.table(_COLUMNS, rows, beneath="reason", nothing="no runs yet")
    run.output.summary({"runs": len(found)})


def _cells(seen: "SeenRun", *, is_short: bool) -> tuple[object, ...]:
    job = seen.job
    counts = ", ".join(f"{number} {name}" for name, number in job.counts.items() if number)
    ended = job.state if job.exit_code in (None, 0) else f"{job.state} ({job.exit_code})"
    return (
        job.id,
        _clock(job.created_at, is_short=is_short),
        _took(seen.lasted),
        job.cause,
        job.command_line,
        ended,
        counts,
        seen.undo,
        _why(seen),
    )


def _why(seen: "SeenRun") -> str | None:
    return None if seen.job.state is JobState.SUCCEEDED else seen.job.message


def _took(lasted: timedelta | None) -> str | None:
    return None if lasted is None else f"{lasted.total_seconds():.1f} s"


def _clock(moment: datetime, *, is_short: bool) -> str:
    here = moment.astimezone()
    is_of_this_year = here.year == datetime.now(UTC).astimezone().year
    # In 80 columns the command and its outcome need the space more.
    return here.strftime("%m-%d %H:%M" if is_short and is_of_this_year else "%Y-%m-%d %H:%M:%S")
