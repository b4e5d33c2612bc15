"""Fields of HTTP (RFC 9110) that a gateway has to read: ranges and validators."""

import re
from collections.abc import Collection
from typing import NamedTuple

from msgspec import Struct

# Some players write the largest number of 64 bits for "to the end": it has 19 or 20 digits.
_RANGE = re.compile(r"bytes=[ \t]*(\d{0,20})-(\d{0,20})[ \t]*$", re.IGNORECASE | re.ASCII)
_LAST = 10**18 - 1
"""No file has as many bytes, and every upstream can read the number."""
_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)$", re.IGNORECASE | re.ASCII)


class ContentRange(NamedTuple):
    """`first` to `last`, both included, of `total` bytes (None where it is not told)."""

    first: int
    last: int
    total: int | None

    @property
    def length(self) -> int:
        return self.last - self.first + 1

    def field(self) -> str:
        return f"bytes {self.first}-{self.last}/{'*' if self.total is None else self.total}"


class UnsatisfiableRange(ValueError):
    """No byte of the requested range exists."""


def parse_content_range(value: str | None) -> ContentRange | None:
    """RFC 9110 section 14.4; None for a value that is absent or makes no sense."""
    match = _CONTENT_RANGE.match(value.strip()) if value else None
    if match is None:
        return None
    first, last = int(match[1]), int(match[2])
    # Some CDNs answer `bytes a-b/*` after a drop (docs/peers.md, row 51).
    total = None if match[3] == "*" else int(match[3])
    if last < first or (total is not None and last >= total):
        return None
    return ContentRange(first, last, total)


def is_single_range(value: str | None) -> bool:
    """Whether a Range field asks for one byte range; others may be ignored (section 14.2)."""
    match = _RANGE.match(value) if value else None
    if match is None or not match[1]:
        return match is not None and match[2] != ""
    # RFC 9110 section 14.1.1: a last byte before the first makes the field invalid.
    return match[2] == "" or int(match[1]) <= int(match[2])


def is_all(value: str | None) -> bool:
    """Whether the field asks for all bytes, as players do to see whether parts can be had."""
    match = _RANGE.match(value) if value else None
    return match is not None and match[2] == "" and match[1].strip("0") == "" != match[1]


def starts_at_zero(value: str | None) -> bool:
    """Whether the field asks for the first bytes, or there is none."""
    match = _RANGE.match(value) if value else None
    return match is None or (match[1] != "" and int(match[1]) == 0)


def select_range(value: str | None, total: int) -> ContentRange | None:
    """The part of `total` bytes that a Range field asks for; None for all of them.

    Raises UnsatisfiableRange.
    """
    match = _RANGE.match(value) if value else None
    if match is None or not is_single_range(value):
        return None
    if not match[1]:
        # RFC 9110 section 14.1.2: a suffix that is longer than the file means all of it.
        length = min(int(match[2]), total)
        if length == 0:
            raise UnsatisfiableRange
        return ContentRange(total - length, total - 1, total)
    first = int(match[1])
    last = min(int(match[2]), total - 1) if match[2] else total - 1
    if first >= total:
        raise UnsatisfiableRange
    return ContentRange(first, last, total)


def asked_part(value: str, part: ContentRange) -> ContentRange | None:
    """What a Range field asks for, of which an answer holds `part`; None where that is not in it.

    Some servers answer whole blocks, others less than they were asked for (RFC 9110 section 14.2).
    """
    if part.total is None and "=-" in value:
        return part  # Where the last bytes of an unknown number begin, the server alone can say.
    try:
        wanted = select_range(value, part.last + 1 if part.total is None else part.total)
    except UnsatisfiableRange:
        return None
    is_there = wanted is not None and part.first <= wanted.first <= part.last
    return wanted._replace(total=part.total) if wanted is not None and is_there else None


def strong_validator(etag: str | None) -> str | None:
    """The entity tag if it is a strong one (section 8.8.3)."""
    text = (etag or "").strip()
    # A weak one (`W/"…"`) may stay while bytes change: useless for ranges.
    return text if text.startswith('"') and text.endswith('"') and len(text) > 1 else None


def _plainly(value: str) -> str:
    """A single range as every upstream reads it: many know `bytes` in lower case alone."""
    numbers = value.partition("=")[2].strip().partition("-")
    first, last = (number and str(min(int(number), _LAST)) for number in (numbers[0], numbers[2]))
    return f"bytes={first}-{last}"


class Wanted(Struct, frozen=True):
    """The part of a player's request that the upstream may learn."""

    range: str | None = None
    if_range: str | None = None

    def fields(self) -> dict[str, str]:
        # If-Range without Range must not be sent (RFC 9110 section 13.1.5).
        if self.range is None or not is_single_range(self.range) or self._is_of_weak_tag:
            return {}
        fields = {"Range": _plainly(self.range)}
        return {**fields, "If-Range": self.if_range} if self.if_range else fields

    def part(self, total: int, validators: Collection[str | None] = ()) -> ContentRange | None:
        """What is asked for of `total` bytes with these validators, None for all of them.

        Raises UnsatisfiableRange.
        """
        # RFC 9110 section 13.1.5: of what is not what the player has, it gets all.
        if self.if_range is not None and self.if_range not in validators:
            return None
        return None if self._is_of_weak_tag else select_range(self.range, total)

    @property
    def _is_of_weak_tag(self) -> bool:
        """RFC 9110 section 13.1.5: bytes may change under one, so no part goes with it."""
        return self.if_range is not None and self.if_range.startswith("W/")

    def span(self, total: int) -> ContentRange:
        """What is asked for of `total` bytes; raises UnsatisfiableRange."""
        return select_range(self.range, total) or ContentRange(0, total - 1, total)
