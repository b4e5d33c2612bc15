"""How a command that changes many files runs: planned, braked, carried out, or only shown."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from strmctl.cli.frame.run import Run
from strmctl.domain import brake
from strmctl.domain.change import Change, Finding, Step
from strmctl.domain.selection import Selection
from strmctl.errors import ItemError, SafetyError

if TYPE_CHECKING:
    from strmctl.storage.database.connection import Database
    from strmctl.storage.files.strm_file import LibraryFiles

Force = Annotated[
    bool, typer.Option("--force", help="Even where it is more than safety.max_change.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Only tell what it would be; nothing is changed.")
]

Planner = Callable[["Database", "LibraryFiles"], Iterable[Step]]
Aftermath = Callable[[bool], Iterable[Finding]]
"""What is done once the changes are; True says that it is a dry run."""
Recorder = Callable[[Step, str | None], Mapping[str, object]]
"""The JSON of a step; the second argument says why a change failed."""


class Changing:
    """`record` makes the JSON of a step; without it that is `step_record`.

    `quiet_kinds` are findings that only count, such as "unchanged"; `failing_kinds` make the exit
    code say that some items failed.
    """

    def __init__(
        self,
        run: Run,
        command: str,
        *,
        record: Recorder | None = None,
        quiet_kinds: Iterable[str] = ("unchanged",),
        failing_kinds: Iterable[str] = (),
    ) -> None:
        self._run, self._command = run, command
        self._record = record or (lambda step, reason: step_record(command, step, reason))
        self._quiet = set(quiet_kinds)
        self._failing = {"failed", "bad", *failing_kinds}
        self._counts: Counter[str] = Counter()

    def __call__(
        self,
        plan: Planner,
        *,
        wait: str | None,
        dry_run: bool = False,
        force: bool = False,
        then: Aftermath = lambda _dry_run: (),
    ) -> int:
        """The exit code; raises SafetyError where the brake stops it."""
        from strmctl.services.library.files import library_files

        with self._run.alone(self._command, wait) as database:
            files = library_files(self._run.settings, database)
            files.check_there()
            if dry_run:
                self._only_show(database, plan(database, files), then)
            else:
                self._carry_out(database, files, plan(database, files), then, force=force)
        return ItemError.exit_code if self._failing & self._counts.keys() else 0

    def _only_show(self, database: "Database", steps: Iterable[Step], then: Aftermath) -> None:
        altering = 0
        for step in steps:
            altering += isinstance(step, Change) and step.alters
            self._show(step)
        for finding in then(True):
            self._show(finding)
        try:
            self._check(database, altering)
        except SafetyError:
            self._summarise(dry_run=True, needs_force=True)
        else:
            self._summarise(dry_run=True, needs_force=False)

    def _carry_out(
        self,
        database: "Database",
        files: "LibraryFiles",
        steps: Iterable[Step],
        then: Aftermath,
        *,
        force: bool,
    ) -> None:
        from strmctl.services.changing.change_run import ChangeRun

        changes = ChangeRun(database, files, self._command)
        with self._run.output.progress("Planning") as progress:
            for step in changes.plan(steps):
                if isinstance(step, Finding):
                    self._show(step)
                progress.advance()
        if not force:
            try:
                self._check(database, changes.altering)
            except SafetyError:
                changes.discard()
                raise
        with self._run.output.progress("Changing", changes.planned) as progress:
            for done in changes.carry_out():
                self._show(done.change, done.error)
                progress.advance()
        for finding in then(False):
            self._show(finding)
        self._summarise()

    def _check(self, database: "Database", altering: int) -> None:
        from strmctl.storage.tables.mappings import Mappings

        total = max(Mappings(database).count(Selection()), altering)
        brake.check(altering, total, self._run.settings.safety.max_change, "would change")

    def _show(self, step: Step, error: ItemError | None = None) -> None:
        kind = "failed" if error else step.kind if isinstance(step, Finding) else step.action.value
        self._counts[kind] += 1
        output = self._run.output
        reason = str(error) if error else step.reason if isinstance(step, Finding) else ""
        reason = reason.removeprefix(f"{step.strm_path}: ")
        is_quiet = kind in self._quiet and not output.verbose
        text = f"{_words(kind)} {step.strm_path}" + (f": {reason}" if reason else "")
        record = self._record(step, reason or None) if output.json else {}
        output.record(record, None if is_quiet else text)

    def _summarise(self, **more: object) -> None:
        numbers = ", ".join(f"{number} {_words(kind)}" for kind, number in self._counts.items())
        dry = " (dry run)" if more.get("dry_run") else ""
        needs = ": needs --force" if more.get("needs_force") else ""
        self._run.output.summary(
            {**self._counts, **more}, f"{numbers or 'nothing to do'}{dry}{needs}"
        )


def step_record(command: str, step: Step, reason: str | None) -> dict[str, object]:
    mapping = step.mapping
    done = step.kind if isinstance(step, Finding) else step.action.value
    return {
        "type": command,
        "id": (mapping and mapping.id) or None,
        "outcome": "failed" if isinstance(step, Change) and reason else done,
        "reason": reason,
        "strm_path": step.strm_path,
        **(mapping.identity.fields() if mapping else {}),
    }


def _words(kind: str) -> str:
    return kind.replace("_", " ")
