"""`strmctl undo`: takes back what the last run has changed."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from strmctl.cli.frame.app import Panel, command
from strmctl.cli.frame.changing import DryRun, Force
from strmctl.cli.frame.options import Wait
from strmctl.cli.frame.run import Run
from strmctl.errors import ItemError
from strmctl.services.reports.records import step_record

if TYPE_CHECKING:
    from strmctl.services.changing.change_run import Done

_OUTCOMES = {"restored": "restored", "removed": "removed", "failed": "left as they are"}


@command(Panel.LIBRARY)
def undo(run: Run, dry_run: DryRun = False, force: Force = False, wait: Wait = None) -> int:
    """Take back the last run that changed the library; what was changed since stays as it is."""
    from strmctl.services.changing.undo import check_undo, last_run, undo, undoable
    from strmctl.services.keys.in_force import proof
    from strmctl.services.library.files import library_files
    from strmctl.storage.locks.run_lock import nobody_writing

    with run.alone("undo", wait) as database, nobody_writing(database.path):
        last = last_run(database)
        if last is None:
            run.output.summary(
                {"restored": 0, "removed": 0, "failed": 0, "command": None, "started_at": None},
                "nothing to undo",
            )
            return 0
        files = library_files(run.settings, database)
        files.check_there()
        if not force and not dry_run:
            check_undo(database, last, run.settings.safety.max_change)
        keys = proof(run.settings)
        counts = _show(run, undoable(database) if dry_run else undo(database, files, keys))
    numbers = ", ".join(
        f"{counts[outcome]} {text}"
        for outcome, text in _OUTCOMES.items()
        if counts[outcome] or outcome == "restored"
    )
    run.output.summary(
        {
            **{outcome: counts[outcome] for outcome in _OUTCOMES},
            "command": last.command,
            "started_at": last.started_at,
            **({"dry_run": True} if dry_run else {}),
        },
        f"`strmctl {last.command}` of {_clock(last.started_at)}: {numbers}"
        + (" (dry run)" if dry_run else ""),
    )
    return ItemError.exit_code if counts["failed"] else 0


def _show(run: Run, results: "Iterable[Done]") -> Counter[str]:
    counts: Counter[str] = Counter()
    with run.output.progress("Undoing") as progress:
        for done in results:
            outcome = "failed" if done.error else done.change.action.value
            counts[outcome] += 1
            reason = str(done.error) if done.error else None
            record = {**step_record("undo", done.change, reason), "outcome": outcome}
            text = f"{outcome} {done.change.strm_path}" + (f": {reason}" if reason else "")
            run.output.record(record, text)
            progress.advance()
    return counts


def _clock(moment: datetime) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")
