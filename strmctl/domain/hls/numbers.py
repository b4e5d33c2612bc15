"""The numbers in a playlist: a ValueError for one that cannot be read, before it does harm."""

import re

from strmctl.domain.hls.media_playlist import ByteRange
from strmctl.domain.hls.playlist_text import NotAPlaylistError

_LEADING = re.compile(r"[+-]?\d+(?:\.\d*)?", re.ASCII)


def seconds(text: str) -> float:
    """What stands behind the number does not matter: `4.0s,`, `-1 tvg-id="1",News`."""
    number = text.partition(",")[0].strip()
    try:
        return float(number) if number else 0.0
    except ValueError:
        leading = _LEADING.match(number)
        if leading is None:
            raise
        return float(leading[0])


def integer(text: str) -> int:
    """A decimal-integer (RFC 8216 section 4.2)."""
    if not (text.isascii() and text.isdigit() and len(text) <= 20):
        raise ValueError(text[:20])
    return int(text)


def byte_range(text: str, uri: str, ends: dict[str, int]) -> ByteRange:
    """`length[@offset]`; without offset it follows the range before it of the same URI."""
    length, _, offset = text.strip().partition("@")
    part = ByteRange(integer(offset) if offset else ends.get(uri, 0), integer(length))
    if part.length == 0:
        raise NotAPlaylistError("has an empty byte range")
    ends[uri] = part.offset + part.length
    return part
