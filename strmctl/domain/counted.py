"""Numbers and moments as they are written for people: a number agrees with its noun, a share never
rounds to nothing, a moment is in UTC.
"""

from datetime import UTC, datetime


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


def timestamp(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC to the second, `2026-11-22T23:00:00Z`; None stays None."""
    if moment is None:
        return None
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
