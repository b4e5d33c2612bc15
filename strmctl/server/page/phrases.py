"""Times and numbers as people say them."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from strmctl.domain.mapping import LinkState

STATE_MEANINGS: Mapping[LinkState, str] = {
    LinkState.ALIVE: "seen to play",
    LinkState.SUSPECT: "failing",
    LinkState.DEAD: "has failed for long",
    LinkState.BLOCKED: "refused: token, address or country",
    LinkState.THROTTLED: "asked too often",
    LinkState.UNKNOWN: "no verdict yet",
}
"""In the order in which states are shown everywhere."""

_UNITS = (("day", 86_400), ("hour", 3600), ("minute", 60))
_SIZES = ("B", "kB", "MB", "GB", "TB")
_LONG_AGO = 60 * 86_400


def number(value: int) -> str:
    return f"{value:,}"


def count(value: int, one: str, many: str = "") -> str:
    """`1 link`, `1,240 links`."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def plain(value: object) -> str:
    """A setting's value, as TOML and JSON write it alike."""
    return json.dumps(value, ensure_ascii=False, default=str)


def size(value: float) -> str:
    """`812 B`, `1.4 MB`: as network rates and disks are counted, in thousands."""
    power = 0
    while value >= 1000 and power < len(_SIZES) - 1:
        value, power = value / 1000, power + 1
    digits = 1 if power and value < 100 else 0
    return f"{value:,.{digits}f} {_SIZES[power]}"


def when(at: datetime, now: datetime) -> str:
    """`5 minutes ago`, `in 2 hours`; the day for what is far away."""
    seconds = (at - now).total_seconds()
    if abs(seconds) > _LONG_AGO:
        return f"{at.astimezone(UTC):%Y-%m-%d}"
    span = _span(abs(seconds))
    if not span:
        return "now" if seconds > 0 else "just now"
    return f"in {span}" if seconds > 0 else f"{span} ago"


def moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def machine(at: datetime) -> str:
    """For the attribute `datetime` of `<time>`."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _span(seconds: float) -> str:
    for unit, size in _UNITS:
        if seconds >= size:
            number = int(seconds // size)
            return f"{number} {unit}{'' if number == 1 else 's'}"
    return ""
