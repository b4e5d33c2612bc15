"""`strmctl prune`: rows without a file, files without a row, folders with nothing in."""

from typing import Annotated

import typer

from strmctl.cli.frame.app import Panel, command
from strmctl.cli.frame.changing import Changing, DryRun, Force
from strmctl.cli.frame.options import Wait
from strmctl.cli.frame.run import Run

Sidecars = Annotated[
    bool,
    typer.Option("--sidecars", help="Also .nfo, images and subtitles beside a .strm that goes."),
]

_OUTCOMES = "removed removed_folder removed_sidecar moved unproved bad failed"


@command(Panel.LIBRARY, example="strmctl prune --dry-run")
def prune(
    run: Run,
    sidecars: Sidecars = False,
    dry_run: DryRun = False,
    force: Force = False,
    wait: Wait = None,
) -> int:
    """Forget mappings whose file is gone; remove files whose mapping is gone, and empty folders.

    What was only moved is left to `strmctl import`. `strmctl undo` brings mappings and .strm
    files back, not sidecars and empty folders.
    """
    from strmctl.services.changing import prune
    from strmctl.services.changing.leftovers import Leftovers

    leftovers = Leftovers(run.settings.library, sidecars=sidecars, folders=True)
    # It has a sharper check of its own: a library without any .strm.
    return Changing(run, "prune", _OUTCOMES, may_be_empty=True)(
        lambda database, files: leftovers.watch(
            prune.plan(run.settings, database, files, force=force)
        ),
        wait=wait,
        dry_run=dry_run,
        force=force,
        then=leftovers.clear,
    )
