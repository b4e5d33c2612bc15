"""`strmctl remove`: forgets mappings, and their files with them."""

from typing import Annotated

import typer

from strmctl.cli.frame.app import Panel, command
from strmctl.cli.frame.changing import Changing, DryRun, Force, Names, check_says_which, plan_of
from strmctl.cli.frame.options import Wait
from strmctl.cli.frame.run import Run
from strmctl.cli.frame.selection import selecting
from strmctl.cli.prune import Sidecars
from strmctl.domain.selection import Selection

_OUTCOMES = "removed removed_folder kept failed"


@command(Panel.LIBRARY, example="strmctl remove --series one-piece --season 2")
@selecting
def remove(
    run: Run,
    selection: Selection,
    names: Names = None,
    keep_files: Annotated[
        bool,
        typer.Option("--keep-files", help="Forget the mappings only; `prune` removes the files."),
    ] = False,
    sidecars: Sidecars = False,
    dry_run: DryRun = False,
    force: Force = False,
    wait: Wait = None,
) -> int:
    """Forget mappings and remove their .strm files.

    A file that holds something else by now stays. `strmctl undo` brings mappings and .strm files
    back, not sidecars.
    """
    from strmctl.services.changing.leftovers import Leftovers
    from strmctl.services.changing.remove import Removing

    check_says_which(names, selection)
    plan = plan_of(run, Removing(run.settings, keep_files=keep_files), names, selection)
    # Jellyfin goes on showing a film whose .nfo is left behind.
    leftovers = Leftovers(run.settings.library, sidecars=sidecars, folders=False)
    return Changing(run, "remove", _OUTCOMES, needs_library=not keep_files)(
        lambda database, files: leftovers.watch(plan(database, files)),
        wait=wait,
        dry_run=dry_run,
        force=force,
        then=leftovers.clear,
    )
