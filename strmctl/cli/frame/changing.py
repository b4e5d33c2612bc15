"""How a command that changes many files runs: planned, braked, carried out, or only shown."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from strmctl.cli.frame.run import Run
from strmctl.cli.frame.selection import note_unknown
from strmctl.domain.change import Change, Finding, Step
from strmctl.domain.selection import Selection
from strmctl.errors import ItemError, UsageError
from strmctl.services.reports.records import step_record

if TYPE_CHECKING:
    from strmctl.services.changing.change_run import ChangeRun
    from strmctl.storage.database.connection import Database
    from strmctl.storage.files.strm_file import LibraryFiles

Force = Annotated[
    bool,
    typer.Option(
        "--force", help="Even if it is more than safety.max_change, or the library holds nothing."
    ),
]
Names = Annotated[
    list[str] | None, typer.Argument(metavar="ID|PATH", help="Ids, or paths of .strm files.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change; change nothing.")]

Planner = Callable[["Database", "LibraryFiles"], Iterable[Step]]
SelectionPlanner = Callable[["Database", "LibraryFiles", Selection], Iterable[Step]]
Recorder = Callable[[Step, str | None], Mapping[str, object]]
"""The JSON of a step; the second argument says why a change failed."""


class Planning(Protocol):
    """What plans the change of some mappings, see services/changing/."""

    def of_names(
        self, database: "Database", files: "LibraryFiles", names: Sequence[str]
    ) -> Iterable[Step]: ...

    def of_selection(
        self, database: "Database", files: "LibraryFiles", selection: Selection
    ) -> Iterable[Step]: ...


def check_says_which(names: Sequence[str] | None, selection: Selection) -> None:
    """Raises UsageError for neither names nor a selection, and for both."""
    # Without this, a forgotten option would change the whole library.
    if bool(names) is not selection.is_everything:
        raise UsageError("say which: ids or paths, or selection options such as --series")


def plan_of(
    run: Run, planning: Planning, names: Sequence[str] | None, selection: Selection
) -> Planner:
    if names:
        return lambda database, files: planning.of_names(database, files, names)
    return plan_of_selection(run, planning.of_selection, selection)


def plan_of_selection(run: Run, plan: SelectionPlanner, selection: Selection) -> Planner:
    def planned(database: "Database", files: "LibraryFiles") -> Iterable[Step]:
        note_unknown(run, database, selection)
        return plan(database, files, selection)

    return planned


class Aftermath(Protocol):
    """What is done once the changes are; in a dry run only what it would find."""

    def __call__(self, *, dry_run: bool) -> Iterable[Finding]: ...


def _nothing_after(*, dry_run: bool) -> Iterable[Finding]:
    return ()


class Changing:
    """`record` makes the JSON of a step; without it that is `step_record`.

    `outcomes` are the kinds that a run may end in: its JSON names each, also those of which there
    are none. `quiet_kinds` are findings that only count, such as "unchanged"; `failing_kinds` make
    the exit code say that some items failed. `needs_library` is False where no file is touched,
    `may_be_empty` says that the library may hold nothing though its files should be there.
    """

    def __init__(
        self,
        run: Run,
        command: str,
        outcomes: str,
        *,
        record: Recorder | None = None,
        quiet_kinds: Iterable[str] = ("unchanged",),
        failing_kinds: Iterable[str] = (),
        needs_library: bool = True,
        may_be_empty: bool = False,
    ) -> None:
        self._run, self._command, self._outcomes = run, command, outcomes.split()
        self._record = record or (lambda step, reason: step_record(command, step, reason))
        self._quiet = set(quiet_kinds)
        self._failing = {"failed", "bad", *failing_kinds}
        self._needs_library, self._may_be_empty = needs_library, may_be_empty
        self._counts: Counter[str] = Counter()

    def __call__(
        self,
        plan: Planner,
        *,
        wait: str | None,
        dry_run: bool = False,
        force: bool = False,
        then: Aftermath = _nothing_after,
    ) -> int:
        """The exit code; raises SafetyError where the brake stops it."""
        from strmctl.services.changing.change_run import ChangeRun

        with self._run.alone(self._command, wait) as database:
            files = self._files(database, force)
            limit = None if force else self._run.settings.safety.max_change
            changes = ChangeRun(database, files, self._command, limit=limit)
            if dry_run:
                self._only_show(changes, plan(database, files), then)
            else:
                self._carry_out(changes, plan(database, files), then)
        return ItemError.exit_code if self._failing & self._counts.keys() else 0

    def _files(self, database: "Database", force: bool) -> "LibraryFiles":
        from strmctl.services.library.files import library_files
        from strmctl.services.library.mounted import files_there

        if not self._needs_library:
            return library_files(self._run.settings, database)
        return files_there(self._run.settings, database, may_be_empty=force or self._may_be_empty)

    def _only_show(self, changes: "ChangeRun", steps: Iterable[Step], then: Aftermath) -> None:
        for step in changes.rehearse(steps):
            self._show(step)
        for finding in then(dry_run=True):
            self._show(finding)
        self._summarise(dry_run=True, needs_force=changes.needs_force)

    def _carry_out(self, changes: "ChangeRun", steps: Iterable[Step], then: Aftermath) -> None:
        with self._run.output.progress("Planning") as progress:
            for step in changes.plan(steps):
                if isinstance(step, Finding):
                    self._show(step)
                progress.advance()
        with self._run.output.progress("Changing", changes.planned) as progress:
            for done in changes.carry_out():
                self._show(done.change, done.error)
                progress.advance()
        for finding in then(dry_run=False):
            self._show(finding)
        self._summarise()

    def _show(self, step: Step, error: ItemError | None = None) -> None:
        if error is None and isinstance(step, Change) and step.is_old_place:
            return
        kind = "failed" if error else step.kind if isinstance(step, Finding) else step.action.value
        self._counts[kind] += 1
        output = self._run.output
        reason = str(error) if error else step.reason if isinstance(step, Finding) else ""
        reason = reason.removeprefix(f"{step.strm_path}: ")
        is_quiet = kind in self._quiet and not output.verbose
        text = f"{_words(kind)} {step.strm_path}" + (f": {reason}" if reason else "")
        # `runs` says later why it failed, also where nobody asks for the whole record.
        outcome = "failed" if kind in self._failing else kind
        short = {"strm_path": step.strm_path, "outcome": outcome, "reason": text}
        record = self._record(step, reason or None) if output.json else short
        output.record(record, None if is_quiet else text)

    def _summarise(self, **more: object) -> None:
        numbers = ", ".join(f"{number} {_words(kind)}" for kind, number in self._counts.items())
        dry = " (dry run)" if more.get("dry_run") else ""
        needs = ": needs --force" if more.get("needs_force") else ""
        self._run.output.summary(
            {**dict.fromkeys(self._outcomes, 0), **self._counts, **more},
            f"{numbers or 'nothing to do'}{dry}{needs}",
        )


def _words(kind: str) -> str:
    return kind.replace("_", " ")
