"""Counts as people say them: a number agrees with its noun, a share never rounds to nothing."""


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def share(part: int, whole: int) -> str:
    """`98.4 %`; 100 % only where nothing is missing, 0 % only where there is nothing."""
    if not whole:
        return "0 %"
    percent = 100 * part / whole
    if part < whole:
        percent = min(percent, 99.9)
    if part:
        percent = max(percent, 0.1)
    return f"{percent:.1f}".removesuffix(".0") + " %"
