"""`strmctl rewrite`: every .strm as the settings want it."""

from typing import Annotated

import typer

from strmctl.cli.frame.app import Panel, command
from strmctl.cli.frame.changing import Changing, DryRun, Force, plan_of, plan_of_selection
from strmctl.cli.frame.options import Wait
from strmctl.cli.frame.run import Run
from strmctl.cli.frame.selection import selecting
from strmctl.domain.selection import Selection
from strmctl.errors import UsageError

_OUTCOMES = "rewritten created unchanged missing moved foreign unresolved failed"
_RENAMED = "updated moved unchanged failed"


@command(Panel.LIBRARY, example="strmctl rewrite --dry-run")
@selecting
def rewrite(
    run: Run,
    selection: Selection,
    create_missing: Annotated[
        bool,
        typer.Option("--create-missing", help="Make files again that are nowhere in the library."),
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files that hold something else, too.")
    ] = False,
    names: Annotated[
        bool,
        typer.Option("--names", help=r"Rename files as \[naming] says."),
    ] = False,
    dry_run: DryRun = False,
    force: Force = False,
    wait: Wait = None,
) -> int:
    """Bring every .strm to what the settings say: base URL, mode, key; equal files stay."""
    from strmctl.services.changing.rewrite import LEFT, Rewriting

    if names:
        if create_missing or overwrite:
            raise UsageError("--names renames only: leave --create-missing and --overwrite out")
        return _rename(run, selection, wait=wait, dry_run=dry_run, force=force)
    rewriting = Rewriting(run.settings, overwrite=overwrite, create_missing=create_missing)
    # One of the ways out that an empty library's message names; the brake asks for --force.
    code = Changing(run, "rewrite", _OUTCOMES, failing_kinds=LEFT, may_be_empty=create_missing)(
        plan_of_selection(run, rewriting.plan, selection), wait=wait, dry_run=dry_run, force=force
    )
    if rewriting.lacking_headers:
        run.output.warn(
            f"mode {run.settings.proxy.mode} cannot send the request headers that "
            f"{rewriting.lacking_headers} of the URLs need: use mode proxy"
        )
    return code


def _rename(run: Run, selection: Selection, *, wait: str | None, dry_run: bool, force: bool) -> int:
    from strmctl.services.changing.set_ import RENAME, Setting

    setting = Setting(run.settings, RENAME)
    plan = plan_of(run, setting, None, selection)
    return Changing(run, "rewrite", _RENAMED)(plan, wait=wait, dry_run=dry_run, force=force)
