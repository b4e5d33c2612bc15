"""The measured part of docs/benchmarks.md: what stands between two comments, subject by subject.

`<!-- measured: films -->` begins it and `<!-- /measured -->` ends it; what stands outside is
written by hand and stays as it is. `summary` is made of the goals of all subjects, in the order
of the page.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from bench.measuring import By, Goal, Measured, Reached
from bench.numbers import amount, short, together
from bench.recorded import Run

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
SUMMARY = "summary"
_PART = re.compile(r"(<!-- measured: (\w+) -->\n).*?(<!-- /measured -->)", re.DOTALL)
_NAMED = 4
"""So many goals of one row are shown one by one; of more the worst."""


class NoPlaceError(Exception):
    """A subject was measured that the page does not have."""


def subjects(text: str) -> list[str]:
    return [match[2] for match in _PART.finditer(text)]


def filled(text: str, runs: Mapping[str, Run]) -> str:
    """The page with new tables; raises NoPlaceError where it lacks the comments of a run."""
    order = subjects(text)
    if missing := sorted(set(runs) - set(order)):
        raise NoPlaceError(f"no place for what was measured: {', '.join(missing)}")
    parts = {name: _subject(run) for name, run in runs.items()}
    parts[SUMMARY] = _summary([runs[name] for name in order if name in runs])

    def fill(match: re.Match[str]) -> str:
        begin, name, end = match.groups()
        return f"{begin}{parts[name]}\n{end}" if parts.get(name) else match[0]

    return _PART.sub(fill, text)


def _summary(runs: Sequence[Run]) -> str:
    reached = [
        (one, measured.work.measure)
        for run in runs
        for measured in run.measured
        for one in measured.reached()
        if one.goal.summary
    ]
    names = list(dict.fromkeys(one.goal.summary for one, _ in reached))
    rows = [_of_one_row([it for it in reached if it[0].goal.summary == name]) for name in names]
    return _markdown(("work", "goal, at most", "reached", ""), rows)


def _of_one_row(reached: Sequence[tuple[Reached, str]]) -> tuple[str, ...]:
    goals = [one.goal for one, _ in reached]
    units = [_unit(one.goal, measure) for one, measure in reached]
    values = [amount(one.value, unit) for (one, _), unit in zip(reached, units, strict=True)]
    bounds = [_bound(goal, unit) for goal, unit in zip(goals, units, strict=True)]
    if len(values) > _NAMED:
        ordered = sorted(one.value for one, _ in reached)
        values = [f"{short(ordered[0])} to {amount(ordered[-1], units[0])}"]
    return goals[0].summary, together(bounds), together(values), _verdict(reached)


def _verdict(reached: Sequence[tuple[Reached, str]]) -> str:
    if all(one.goal.at_most is None for one, _ in reached):
        return ""
    met = sum(one.is_enough for one, _ in reached)
    if met in (0, len(reached)):
        return "met" if met else "**missed**"
    return f"**{met} of {len(reached)} met**"


def _unit(goal: Goal, measure: str) -> str:
    if goal.reference:
        return "x"
    return measure if goal.by is By.VALUE else str(goal.by)


def _bound(goal: Goal, unit: str) -> str:
    """As it was set, digit by digit."""
    return "" if goal.at_most is None else f"{goal.at_most:g} {unit}"


def _subject(run: Run) -> str:
    """A row for each thing that was done and each way to look at it, a column for each who did."""
    names = list(dict.fromkeys(name for it in run.measured for name in _contenders(it)))
    rows = [row for measured in run.measured for row in _rows(measured, names)]
    rounds = sorted({measured.rounds for measured in run.measured})
    lines = [
        _markdown(("", "goal", *names, ""), rows),
        "",
        f"{run.described}; medians of {' and '.join(map(str, rounds))}.",
    ]
    missing = {f"{name}: {why}" for it in run.measured for name, why in it.missing.items()}
    if missing:
        lines.append(f"Not measured: {'; '.join(sorted(missing))}.")
    return "\n".join(lines)


def _contenders(measured: Measured) -> Iterable[str]:
    """Whoever has a goal comes first."""
    own = measured.work.goals[0].name
    return (own, *(name for name in measured.samples if name != own))


def _rows(measured: Measured, names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    work = measured.work
    done = f"{work.title}: {work.amount:,} {work.unit}" if work.amount > 1 else work.title
    for by, goals in groupby(work.goals, key=lambda goal: goal.by):
        goal = next(goals)
        unit = work.measure if by is By.VALUE else str(by)
        ratios = measured.ratios(goal)
        cells = []
        for name in names:
            sample = measured.samples.get(name)
            is_compared = name in ratios and name != goal.reference
            ratio = f"{short(ratios[name])} x, " if is_compared else ""
            cells.append(f"{ratio}{amount(sample.by(by), unit)}" if sample else "")
        bound = _bound(goal, _unit(goal, work.measure))
        found = [it for it in measured.reached() if it.goal == goal]
        yield f"{done}", bound, *cells, _verdict([(it, "") for it in found]) if found else ""


def _markdown(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
