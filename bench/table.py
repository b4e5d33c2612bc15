"""What was measured as a table of text: seconds, rate, and how many times the reference."""

from collections.abc import Iterator

from bench.measuring import By, Goal, Measured
from bench.numbers import amount

_SHORT = 0.01
_HEADINGS = ("", "seconds", "CPU s", "a second", "x seconds", "x CPU", "", "")


def table(measured: Measured) -> str:
    work = measured.work
    rows = [_HEADINGS, *_rows(measured)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    done = f"{work.amount:,} {work.unit}, " if work.amount > 1 else ""
    lines = [f"{work.title} ({done}medians of {measured.rounds})"]
    for name, *cells in rows:
        padded = [cell.rjust(width) for cell, width in zip(cells[:-1], widths[1:-1], strict=True)]
        lines.append("  ".join((name.ljust(widths[0]), *padded, cells[-1])).rstrip())
    lines += [f"{name}: not measured: {why}" for name, why in measured.missing.items()]
    return "\n".join((*lines, *(_verdict(measured, goal) for goal in work.goals)))


def _rows(measured: Measured) -> Iterator[tuple[str, ...]]:
    work = measured.work
    reference = measured.samples.get(work.goals[0].reference or "")
    for name, sample in measured.samples.items():
        yield (
            name,
            f"{sample.seconds:.3f}" if sample.seconds >= _SHORT else f"{sample.seconds:.6f}",
            f"{sample.cpu:.3f}",
            f"{work.amount / sample.seconds:,.0f}" if sample.seconds else "",
            _times(sample.seconds, reference.seconds if reference else 0),
            _times(sample.cpu, reference.cpu if reference else 0),
            amount(sample.value, work.measure) if work.measure else "",
            sample.note,
        )


def _times(value: float, reference: float) -> str:
    return f"{value / reference:.2f}" if reference else ""


def _verdict(measured: Measured, goal: Goal) -> str:
    what = {By.SECONDS: "seconds", By.CPU: "CPU seconds", By.VALUE: measured.work.measure}[goal.by]
    bound = "" if goal.at_most is None else f"within {goal.at_most:g}"
    beside = f"x the {what} of {goal.reference}" if goal.reference else what
    reached = next((it for it in measured.reached() if it.goal == goal), None)
    if reached is None:
        return f"goal: {goal.name} {bound} {beside}: unknown"
    if goal.at_most is None:
        return f"goal: none; {goal.name} takes {reached.value:.3g} {beside}"
    verdict = "reached" if reached.is_enough else "missed"
    return f"goal: {goal.name} {bound} {beside}: {verdict} ({reached.value:.3g})"
