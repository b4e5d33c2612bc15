"""`strmctl prune-events`: history that nobody looks at any more goes."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from strmctl.cli.frame.app import Panel, command
from strmctl.cli.frame.options import Wait
from strmctl.cli.frame.run import Run
from strmctl.domain.counted import counted


@command(Panel.CARE, example="strmctl prune-events --older-than 90d")
def prune_events(
    run: Run,
    older_than: Annotated[
        str | None,
        typer.Option(metavar="DURATION", help="Such as 90d; maintain.keep_events if not given."),
    ] = None,
    wait: Wait = None,
) -> None:
    """Forget old history: what happened to links, and which jobs ran."""
    run.override("maintain.keep_events", older_than)

    from strmctl.services.reports.prune_events import prune_events

    before = datetime.now(UTC) - run.settings.maintain.keep_events
    with run.alone("prune-events", wait) as database:
        pruned = prune_events(database, before)
    run.output.summary(
        pruned.counts(),
        f"forgot {counted(pruned.events, 'event')} and {counted(pruned.jobs, 'job')}",
    )
