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
from pathlib import Path

STRMCTL = str(Path(sys.executable).with_name("strmctl"))

_LAST_WORDS = 200


class NotMeasuredError(Exception):
    """Why a contender cannot take part; the others go on without it."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One round of one contender; `note` is what else is worth telling of it."""

    seconds: float
    cpu: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Contender:
    name: str
    run: Callable[[], Sample]


@dataclass(frozen=True, slots=True)
class Goal:
    """`at_most` is a multiple of what `reference` takes, or seconds where there is none."""

    name: str
    at_most: float
    reference: str | None = None
    by_cpu: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """`amount` of `unit` is what every contender gets done in a round."""

    title: str
    contenders: Sequence[Contender]
    goal: Goal
    amount: int = 1
    unit: str = "runs"


@dataclass(frozen=True, slots=True)
class Measured:
    """The medians; `missing` says of the others why they were not measured."""

    comparison: Comparison
    rounds: int
    samples: dict[str, Sample]
    missing: dict[str, str]

    def ratios(self) -> dict[str, float]:
        """Of every contender to the goal's reference; nothing where that was not measured."""
        goal = self.comparison.goal
        reference = self.samples.get(goal.reference or "")
        if reference is None:
            return {}
        return {
            name: round(
                it.cpu / reference.cpu if goal.by_cpu else it.seconds / reference.seconds, 3
            )
            for name, it in self.samples.items()
        }

    def goal(self) -> tuple[float, bool] | None:
        """What was reached, in the goal's terms, and whether it is enough; None if unknown."""
        goal = self.comparison.goal
        own = self.samples.get(goal.name)
        reference = self.samples.get(goal.reference) if goal.reference else Sample(1.0, 1.0)
        if own is None or reference is None:
            return None
        cost = own.cpu / reference.cpu if goal.by_cpu else own.seconds / reference.seconds
        return cost, cost <= goal.at_most


def measure(comparison: Comparison, rounds: int) -> Measured:
    taken: dict[str, list[Sample]] = {}
    missing: dict[str, str] = {}
    for _ in range(rounds):
        for contender in comparison.contenders:
            if contender.name not in missing:
                try:
                    taken.setdefault(contender.name, []).append(contender.run())
                except NotMeasuredError as error:
                    missing[contender.name] = str(error)
    samples = {name: _median(found) for name, found in taken.items() if name not in missing}
    return Measured(comparison, rounds, samples, missing)


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
    )
