"""Retry-After is a number of seconds or an HTTP date (RFC 9110 section 10.2.3)."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_LONGEST = 86_400.0


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """Seconds from now, 0 to a day; None where the field is absent or unreadable."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), _LONGEST)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    # An HTTP date is always GMT; "-0000" is read as a time without a zone.
    seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
    return min(max(seconds.total_seconds(), 0.0), _LONGEST)
