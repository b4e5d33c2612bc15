"""Contenders take turns, round after round, so that a busy machine is unfair to none of them.

CPU seconds are what the operating system says of a process; of the rounds the median counts.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import httpx

STRMCTL = str(Path(sys.executable).with_name("strmctl"))

_LAST_WORDS = 200


class NotMeasuredError(Exception):
    """Why a contender cannot take part; the others go on without it."""


class By(StrEnum):
    """What of a sample counts."""

    SECONDS = "s"
    CPU = "CPU s"
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class Sample:
    """One round of one contender; `value` is what is neither of the two times, and `note` what
    else is worth saying of it."""

    seconds: float
    cpu: float
    note: str = ""
    value: float = 0.0

    def by(self, what: By) -> float:
        return {By.SECONDS: self.seconds, By.CPU: self.cpu, By.VALUE: self.value}[what]


@dataclass(frozen=True, slots=True)
class Contender:
    name: str
    run: Callable[[], Sample]


@dataclass(frozen=True, slots=True)
class Goal:
    """`at_most` is a multiple of what `reference` takes, or an amount where there is none; None is
    no goal. `summary` is the row of the page's first table that shows it; goals may share one."""

    name: str
    at_most: float | None
    reference: str | None = None
    by: By = By.SECONDS
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Reached:
    """A goal and what it came to, in the goal's terms."""

    goal: Goal
    value: float

    @property
    def is_enough(self) -> bool:
        return self.goal.at_most is None or self.value <= self.goal.at_most


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be done: `amount` of `unit` by every contender in a round. The first goal is the
    one of the table; `subject` is the table's name, `measure` the unit of values."""

    subject: str
    title: str
    goals: Sequence[Goal]
    amount: int = 1
    unit: str = "runs"
    measure: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    work: Work
    contenders: Sequence[Contender]


@dataclass(frozen=True, slots=True)
class Measured:
    """The medians; `missing` says of the others why they were not measured."""

    work: Work
    rounds: int
    samples: dict[str, Sample]
    missing: dict[str, str]

    def ratios(self, goal: Goal) -> dict[str, float]:
        """Of every contender to the goal's reference; nothing where that was not measured."""
        reference = self.samples.get(goal.reference or "")
        least = reference.by(goal.by) if reference else 0.0
        if not least:
            return {}
        return {name: round(it.by(goal.by) / least, 3) for name, it in self.samples.items()}

    def reached(self) -> list[Reached]:
        """Of the goals of which it is known."""
        found = []
        for goal in self.work.goals:
            own = self.samples.get(goal.name)
            if goal.reference:
                ratio = self.ratios(goal).get(goal.name)
                found += [Reached(goal, ratio)] if ratio is not None else []
            elif own:
                found.append(Reached(goal, own.by(goal.by)))
        return found


def measure(comparison: Comparison, rounds: int) -> Measured:
    taken: dict[str, list[Sample]] = {}
    missing: dict[str, str] = {}
    for _ in range(rounds):
        for contender in comparison.contenders:
            if contender.name not in missing:
                try:
                    taken.setdefault(contender.name, []).append(contender.run())
                except (NotMeasuredError, OSError, httpx.HTTPError) as error:
                    missing[contender.name] = str(error) or type(error).__name__
    samples = {name: _median(found) for name, found in taken.items() if name not in missing}
    return Measured(comparison.work, rounds, samples, missing)


def command(
    *words: str, folder: Path | None = None, codes: Collection[int] = (0,), repeat: int = 1
) -> Sample:
    """Run a command to its end; raises NotMeasuredError for another exit code."""
    seconds = cpu = 0.0
    for _ in range(repeat):
        sample = _run_once(words, folder, codes)
        seconds, cpu = seconds + sample.seconds, cpu + sample.cpu
    return Sample(seconds / repeat, cpu / repeat)


def call(function: Callable[[], object], *, repeat: int = 1) -> Sample:
    """Call a function of this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(repeat):
        function()
    used = time.process_time() - cpu
    return Sample((time.perf_counter() - wall) / repeat, used / repeat)


def _run_once(words: Sequence[str], folder: Path | None, codes: Collection[int]) -> Sample:
    started = time.perf_counter()
    with subprocess.Popen(
        words,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - started
    if process.returncode not in codes:
        raise NotMeasuredError(f"exit code {process.returncode}: {said.strip()[-_LAST_WORDS:]}")
    return Sample(seconds, usage.ru_utime + usage.ru_stime)


def _median(samples: Sequence[Sample]) -> Sample:
    return Sample(
        statistics.median(sample.seconds for sample in samples),
        statistics.median(sample.cpu for sample in samples),
        samples[-1].note,
        statistics.median(sample.value for sample in samples),
    )
