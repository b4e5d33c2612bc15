"""`strmctl undo`: takes back what the last runs have changed, one after another."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from strmctl.cli.frame.app import Panel, command
from strmctl.cli.frame.changing import DryRun, Force
from strmctl.cli.frame.options import Wait
from strmctl.cli.frame.run import Run
from strmctl.errors import ItemError
from strmctl.services.reports.records import step_record, undoable_record

if TYPE_CHECKING:
    from strmctl.services.changing.change_run import Done
    from strmctl.storage.tables.journal import JournalledRun

_NOTHING = {"restored": 0, "removed": 0, "failed": 0}
_OUTCOMES = {"restored": "restored", "removed": "removed", "failed": "left as they are"}


@command(Panel.LIBRARY, example="strmctl undo --list")
def undo(
    run: Run,
    number: Annotated[
        int | None,
        typer.Argument(metavar="RUN", help="The last one if not given; see --list.", min=1),
    ] = None,
    list_: Annotated[
        bool, typer.Option("--list", help="Show the runs that can be taken back.")
    ] = False,
    dry_run: DryRun = False,
    force: Force = False,
    wait: Wait = None,
) -> int:
    """Take back the last run that changed the library, then the one before it; what was changed
    since stays as it is."""
    if list_:
        return _list(run)
    from strmctl.services.changing.undo import check_undo, last_run, one_run, undo, undoable
    from strmctl.services.keys.in_force import proof
    from strmctl.services.library.mounted import files_there
    from strmctl.storage.locks.run_lock import nobody_writing

    with run.alone("undo", wait) as database, nobody_writing(database.path):
        chosen = last_run(database) if number is None else one_run(database, number)
        if chosen is None:
            run.output.summary({**_NOTHING, "command": None, "started_at": None}, "nothing to undo")
            return 0
        files = files_there(run.settings, database, may_be_empty=force)
        if not force and not dry_run:
            check_undo(database, chosen, run.settings.safety.max_change)
        keys = proof(run.settings)
        counts = _show(
            run,
            undoable(database, chosen) if dry_run else undo(database, files, keys, chosen),
        )
    _summarise(run, chosen, counts, dry_run=dry_run)
    return ItemError.exit_code if counts["failed"] else 0


def _list(run: Run) -> int:
    from strmctl.services.changing.undo import undoable_runs

    with run.open_database() as database:
        runs = undoable_runs(database)
    for found in runs:
        run.output.record(undoable_record(found))
    run.output.table(
        ("run", "started", "command", "changes"),
        ((it.id, _clock(it.started_at), it.command, it.changes) for it in runs),
    )
    run.output.summary({"runs": len(runs)}, None if runs else "nothing to undo")
    return 0


def _summarise(run: Run, chosen: "JournalledRun", counts: Counter[str], *, dry_run: bool) -> None:
    numbers = ", ".join(
        f"{counts[outcome]} {text}"
        for outcome, text in _OUTCOMES.items()
        if counts[outcome] or outcome == "restored"
    )
    run.output.summary(
        {
            **{outcome: counts[outcome] for outcome in _OUTCOMES},
            "command": chosen.command,
            "started_at": chosen.started_at,
            **({"dry_run": True} if dry_run else {}),
        },
        f"`strmctl {chosen.command}` of {_clock(chosen.started_at)}: {numbers}"
        + (" (dry run)" if dry_run else ""),
    )


def _show(run: Run, results: "Iterable[Done]") -> Counter[str]:
    counts: Counter[str] = Counter()
    with run.output.progress("Undoing") as progress:
        for done in results:
            # A file that moves back is one thing, at the place that it has then.
            if done.error is None and done.change.is_old_place:
                continue
            outcome = "failed" if done.error else done.change.action.value
            counts[outcome] += 1
            reason = str(done.error) if done.error else None
            row = done.change.row_after
            path = row.strm_path if row and not done.error else done.change.strm_path
            record = {**step_record("undo", done.change, reason), "outcome": outcome}
            record["strm_path"] = path
            text = f"{outcome} {path}" + (f": {reason}" if reason else "")
            run.output.record(record, text)
            progress.advance()
    return counts


def _clock(moment: datetime) -> str:
    # People remember when cron ran by the clock on their wall.
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")
