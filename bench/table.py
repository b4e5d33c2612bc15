"""What was measured as a table of text: seconds, rate, and how many times the reference."""

from collections.abc import Iterator

from bench.measuring import Measured

_SHORT = 0.01
_HEADINGS = ("", "seconds", "CPU s", "a second", "x seconds", "x CPU", "")


def table(measured: Measured) -> str:
    comparison = measured.comparison
    amount = f"{comparison.amount:,} {comparison.unit}, " if comparison.amount > 1 else ""
    rows = [_HEADINGS, *_rows(measured)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [f"{comparison.title} ({amount}medians of {measured.rounds})"]
    for name, *cells in rows:
        padded = [cell.rjust(width) for cell, width in zip(cells[:-1], widths[1:-1], strict=True)]
        lines.append("  ".join((name.ljust(widths[0]), *padded, cells[-1])).rstrip())
    lines += [f"{name}: not measured: {why}" for name, why in measured.missing.items()]
    return "\n".join((*lines, _verdict(measured)))


def _rows(measured: Measured) -> Iterator[tuple[str, ...]]:
    reference = measured.samples.get(measured.comparison.goal.reference or "")
    for name, sample in measured.samples.items():
        yield (
            name,
            f"{sample.seconds:.3f}" if sample.seconds >= _SHORT else f"{sample.seconds:.6f}",
            f"{sample.cpu:.3f}",
            f"{measured.comparison.amount / sample.seconds:,.0f}",
            f"{sample.seconds / reference.seconds:.2f}" if reference else "",
            f"{sample.cpu / reference.cpu:.2f}" if reference else "",
            sample.note,
        )


def _verdict(measured: Measured) -> str:
    goal = measured.comparison.goal
    what = "CPU seconds" if goal.by_cpu else "seconds"
    bound = f"{goal.at_most:g} x the {what} of {goal.reference}" if goal.reference else None
    told = f"goal: {goal.name} within {bound or f'{goal.at_most:g} {what}'}"
    reached = measured.goal()
    if reached is None:
        return f"{told}: unknown"
    value, is_enough = reached
    return f"{told}: {'reached' if is_enough else 'missed'} ({value:.3g})"
