"""Numbers as people read them: the digits that count, and their unit."""

from collections.abc import Sequence

_SMALL = 0.1


def short(value: float) -> str:
    """Two digits that count, at least one behind the point below ten: 0.081, 0.81, 8.1, 81."""
    if value == 0 or value >= 10:
        return f"{value:,.0f}"
    if value >= 1:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= _SMALL else f"{value:#.2g}"


def amount(value: float, unit: str) -> str:
    """Less than a tenth of a second is said in milliseconds."""
    if unit.endswith("s") and unit.split()[-1] == "s" and value < _SMALL:
        return f"{short(1000 * value)} {unit[:-1]}ms"
    return f"{short(value)} {unit}"


def together(amounts: Sequence[str]) -> str:
    """`1.2 x`, `1.1 x` is `1.2 / 1.1 x`: a unit that all have is said once; so is one amount."""
    if len(set(amounts)) == 1:
        return amounts[0]
    units = {said.partition(" ")[2] for said in amounts}
    shown = [said.partition(" ")[0] for said in amounts[:-1]] if len(units) == 1 else amounts[:-1]
    return " / ".join((*shown, amounts[-1]))
