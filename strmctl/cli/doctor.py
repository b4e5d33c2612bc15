"""`strmctl doctor`: what is wrong with the whole installation, and what mends it."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Annotated

import typer

from strmctl.cli.frame.app import Panel, command
from strmctl.cli.frame.changing import Force
from strmctl.cli.frame.notify_after import notifying_media_servers
from strmctl.cli.frame.options import Wait
from strmctl.cli.frame.run import Run
from strmctl.domain import change
from strmctl.errors import (
    DRIFT,
    DatabaseError,
    EgressError,
    ItemError,
    SafetyError,
    SettingsError,
    UsageError,
)
from strmctl.services.reports.records import step_record
from strmctl.settings.model import Mode

if TYPE_CHECKING:
    from strmctl.services.changing.change_run import Done
    from strmctl.services.doctor.finding import Finding

_Kind = tuple[str, str, bool]
"""Severity, check, and whether it was mended."""

_EXAMPLES = 5
_COLORS = {"error": "red", "warning": "yellow", "info": "cyan"}
_MOST_SEVERE_FIRST = (
    SettingsError.exit_code,
    DatabaseError.exit_code,
    SafetyError.exit_code,
    EgressError.exit_code,
    DRIFT,
)


@command(Panel.CARE, example="strmctl doctor --fix")
def doctor(
    run: Run,
    fix: Annotated[bool, typer.Option("--fix", help="Mend what is safe to mend.")] = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Make a lost database again from the library.")
    ] = False,
    force: Force = False,
    wait: Wait = None,
) -> int:
    """Examine settings, keys, database, library, resolvers and egress.

    Foreign, edited and duplicate files are reported and left unchanged.
    """
    if fix and rebuild:
        raise UsageError("--fix and --rebuild: one after the other")
    if rebuild:
        return _rebuild(run, wait)
    report = _Report(run)
    with _alone(run, wait) if fix else nullcontext():
        for finding in _findings(run, fix=fix, force=force):
            report.add(finding)
    report.end(_keys(run))
    return report.exit_code


def _keys(run: Run) -> Mapping[str, str]:
    """What each key in force does, by id; said where there are several, or by -v."""
    from strmctl.services.installation.keys import states

    with suppress(SettingsError):
        known = states(run.loaded.settings)
        if len(known) > 1 or run.output.verbose:
            return known
    return {}


def _findings(run: Run, *, fix: bool, force: bool) -> Iterator["Finding"]:
    from strmctl.services.doctor import finding
    from strmctl.services.doctor.checks import CHECKS, examine
    from strmctl.services.doctor.installation import Installation

    try:
        loaded = run.loaded
    except SettingsError as error:
        yield finding.of_error(error, "settings", str(run.config or "strmctl.toml"))
        return
    examined = Installation(loaded, fix=fix, force=force)
    with examined as installation, run.output.progress("Examining", len(CHECKS)) as progress:
        for check in CHECKS:
            yield from examine(check, installation)
            progress.advance()


@contextmanager
def _alone(run: Run, wait: str | None) -> Iterator[None]:
    """Where there is no database to lock, there is no other run either."""
    with notifying_media_servers(run), ExitStack() as stack:
        with suppress(SettingsError, DatabaseError, OSError):
            # The lock lies beside the database: without its folder there is nothing to lock.
            if run.loaded.settings.database.exists():
                stack.enter_context(run.lock("doctor", wait))
        yield


class _Report:
    """JSON as it comes; text at the end, by severity, the first few of each kind."""

    def __init__(self, run: Run) -> None:
        self._output = run.output
        self._most = None if run.output.verbose else _EXAMPLES
        self._shown: defaultdict[_Kind, list[Finding]] = defaultdict(list)
        self._counts: Counter[_Kind] = Counter()
        self._codes: set[int] = set()

    def add(self, finding: "Finding") -> None:
        self._output.record(_record(finding))
        kind = (finding.severity.value, finding.check, finding.fixed)
        self._counts[kind] += 1
        # cron and CI go by the exit code: what was mended is no drift any more.
        if not (finding.fixed or finding.severity == "info"):
            self._codes.add(finding.exit_code)
        if not self._output.json and (self._most is None or self._counts[kind] <= self._most):
            self._shown[kind].append(finding)

    def end(self, keys: Mapping[str, str]) -> None:
        """`keys`: before one is promoted, the doctor of every machine has to know it."""
        for severity, color in _COLORS.items():
            for kind, findings in self._shown.items():
                if kind[0] == severity:
                    self._print(kind, findings, color)
        if keys:
            does = ", ".join(f"{key_id} {state}" for key_id, state in keys.items())
            self._output.note(f"keys: {does}")
        self._summarise(keys)

    @property
    def exit_code(self) -> int:
        return next((code for code in _MOST_SEVERE_FIRST if code in self._codes), 0)

    def _print(self, kind: _Kind, findings: "list[Finding]", color: str) -> None:
        severity, check, fixed = kind
        word = "fixed" if fixed else severity
        for finding in findings:
            self._output.marked(word, "green" if fixed else color, _text(finding))
        if more := self._counts[kind] - len(findings):
            self._output.marked(word, color, f"{check}: {more} more (-v shows them all)")

    def _summarise(self, keys: Mapping[str, str]) -> None:
        counts = {severity: self._open(severity) for severity in _COLORS}
        fixed = sum(number for kind, number in self._counts.items() if kind[2])
        numbers = [f"{number} {_plural(word, number)}" for word, number in counts.items() if number]
        numbers += [f"{fixed} fixed"] if fixed else []
        record: dict[str, object] = {_plural(word, 2): it for word, it in counts.items()}
        record["fixed"] = fixed
        if keys:
            record["keys"] = [{"id": key_id, "state": state} for key_id, state in keys.items()]
        self._output.summary(record, ", ".join(numbers) or "no findings")

    def _open(self, severity: str) -> int:
        return sum(
            number for kind, number in self._counts.items() if kind[0] == severity and not kind[2]
        )


def _record(finding: "Finding") -> dict[str, object]:
    return {
        "type": "finding",
        "severity": finding.severity,
        "check": finding.check,
        "subject": finding.subject,
        "reason": finding.reason,
        "remedy": finding.remedy,
        "fixed": finding.fixed,
    }


def _text(finding: "Finding") -> str:
    remedy = f": {finding.remedy}" if finding.remedy and not finding.fixed else ""
    subject = f" {finding.subject}" if finding.subject else ""
    return f"{finding.check}{subject}: {finding.reason}{remedy}"


def _plural(word: str, number: int) -> str:
    return word if number == 1 or word == "info" else f"{word}s"


_KIND = "rebuild"
_FAILING = {"failed", "bad"}


def _rebuilt(step: "Done | change.Finding") -> tuple[str, change.Step, str]:
    """What became of a file, what was planned for it, and why that failed."""
    if isinstance(step, change.Finding):
        return step.kind, step, step.reason
    if step.error is not None:
        return "failed", step.change, str(step.error)
    return "restored", step.change, ""


def _rebuild(run: Run, wait: str | None) -> int:
    from strmctl.services.changing.rebuild import rebuild as restore
    from strmctl.services.doctor.mending import make_way

    counts: Counter[str] = Counter()
    with run.lock("doctor", wait), run.output.progress("Rebuilding") as progress:
        aside = make_way(run.settings)
        if aside is not None:
            run.output.note(f"the damaged database is {aside} now: restart `strmctl serve`")
        for step in restore(run.settings):
            kind, found, reason = _rebuilt(step)
            counts[kind] += 1
            record = {**step_record(_KIND, found, reason or None), "outcome": kind}
            text = f"{kind} {found.strm_path}" + (f": {reason}" if reason else "")
            is_shown = kind != "restored" or run.output.verbose
            run.output.record(record, text if is_shown else None)
            progress.advance()
    numbers = ", ".join(f"{number} {kind}" for kind, number in counts.items())
    run.output.summary(
        {**counts, "set_aside": aside}, numbers or "the library holds no files of strmctl's"
    )
    failing = _FAILING
    if run.settings.proxy.mode is Mode.DIRECT and counts["foreign"]:
        # Such a file says an upstream URL, from which no identity can be read.
        failing = _FAILING | {"foreign"}
        run.output.warn("in mode direct files do not name their episodes: adopt them by `import`")
    return ItemError.exit_code if failing & counts.keys() else 0
