"""The numbers in a playlist, read as ffmpeg does: what stands behind a number does not matter.

None for one that cannot be read: the tag or attribute that holds it is as if it were absent.
"""

import re
from collections.abc import Sequence
from itertools import repeat

from strmctl.domain.hls.listed import ByteRange

_SECONDS = re.compile(r"[ \t]*([+-]?[0-9]{1,18}(?:\.[0-9]{0,18})?)")
_TOO_LARGE = 2**64


def seconds(text: str) -> float | None:
    """What stands behind the number does not matter: `4.0s,`, `-1 tvg-id="1",News`."""
    leading = _SECONDS.match(text)
    return float(leading[1]) if leading else None


# str.isdigit holds for the digits of every script, int() reads them too.
def integer(text: str) -> int | None:
    """A decimal-integer (RFC 8216 section 4.2), below 2^64."""
    if not (text.isascii() and text.isdigit() and len(text) <= 20):
        return None
    number = int(text)
    return number if number < _TOO_LARGE else None


def byte_range(text: str, uri: str, ends: dict[str, int]) -> ByteRange | None:
    """`length[@offset]`; without offset it follows the range before it of the same URI."""
    length_text, at, offset_text = text.strip().partition("@")
    length = integer(length_text)
    # It may be implied by the range before it of the same resource (RFC 8216 section 4.3.2.2).
    offset = integer(offset_text) if at else ends.get(uri, 0)
    if not length or offset is None:
        return None
    ends[uri] = offset + length
    return ByteRange(offset, length)


def byte_ranges(
    found: Sequence[tuple[str, str] | None], uris: Sequence[str], ends: dict[str, int]
) -> list[ByteRange | None]:
    """The same of several, each split at its `@`, None for a segment without one."""
    # What has neither a range nor an offset is None or "".
    first, second = zip(*found, strict=True) if found and all(found) else ((), ("",))
    if all(second):
        lengths, offsets = list(map(int, first)), list(map(int, second))
        # A call of the class for each would take three times as long.
        several: list[ByteRange | None] = list(
            map(tuple.__new__, repeat(ByteRange), zip(offsets, lengths, strict=True))
        )
        if uris.count(uris[-1]) == len(uris):
            ends[uris[-1]] = offsets[-1] + lengths[-1]
        else:
            ends.update(zip(uris, map(int.__add__, offsets, lengths), strict=True))
        return several
    ranges: list[ByteRange | None] = []
    for each, uri in zip(found, uris, strict=bool(found)):
        if each is None:
            ranges.append(None)
            continue
        length = int(each[0])
        offset = int(each[1]) if each[1] else ends.get(uri, 0)
        ends[uri] = offset + length
        ranges.append(ByteRange(offset, length))
    return ranges
