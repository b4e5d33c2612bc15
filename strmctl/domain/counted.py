"""What messages for people say: a number agrees with its noun, a share never rounds to nothing, a
moment is in UTC, and what was given is quoted only if it holds no secret.
"""

import re
from datetime import UTC, datetime

# A cell of the wrong column: a URL, a piece of its query, an account before a host.
_MAY_BE_SECRET = r"://|[=@]"


def quoted(given: str, *beside: str, most: int = 40) -> str:
    """Up to `most` letters of what a list or a user gives, unless it or what stands `beside` it
    may be a URL: messages end in logs and mails."""
    if any(re.search(_MAY_BE_SECRET, text) for text in (given, *beside)):
        return "not shown, it may hold a secret"
    return repr(given[:most])


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
