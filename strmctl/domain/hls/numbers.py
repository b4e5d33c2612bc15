"""The numbers in a playlist, read as ffmpeg does: what stands behind a number does not matter.

None for one that cannot be read: the tag or attribute that holds it is as if it were absent.
"""

import re
from collections.abc import Sequence
from itertools import accumulate, repeat
from typing import TypeVar

from msgspec import DecodeError
from msgspec.json import Decoder

from strmctl.domain.hls.listed import ByteRange

T = TypeVar("T")

_SECONDS = re.compile(r"[ \t]*([+-]?[0-9]{1,18}(?:\.[0-9]{0,18})?)")
_TOO_LARGE = 2**64
_INTEGERS, _FLOATS = Decoder(list[int]), Decoder(list[float])


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


def integers(text: str) -> list[int]:
    """Those between commas, all digits: a call for each would take four times as long."""
    return _decoded(_INTEGERS, text) or list(map(int, text.split(",")))


def floats(text: str) -> list[float]:
    """Those between commas, each as `float` reads it."""
    return _decoded(_FLOATS, text) or list(map(float, text.split(",")))


def _decoded(decoder: Decoder[list[T]], text: str) -> list[T]:
    """Nothing where one is no number of JSON, such as `06` or `4.`."""
    try:
        return decoder.decode(f"[{text}]")
    except DecodeError:
        return []


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
    texts: Sequence[str | None], uris: Sequence[str], ends: dict[str, int]
) -> list[ByteRange | None]:
    """The same of several that can be read, None for a segment without one."""
    known = [each for each in texts if each is not None]
    text = ",".join(known)
    is_whole, explicit = len(known) == len(uris), text.count("@")
    is_one_file = uris.count(uris[0]) == len(uris)
    if is_whole and explicit == len(uris):
        numbers = integers(text.replace("@", ","))
        lengths, offsets = numbers[::2], numbers[1::2]
    elif is_whole and is_one_file and not explicit:
        lengths = integers(text)
        offsets = list(accumulate(lengths, initial=ends.get(uris[0], 0)))[:-1]
    else:
        pairs = zip(texts, uris, strict=bool(texts))
        return [None if each is None else byte_range(each, uri, ends) for each, uri in pairs]
    if is_one_file:
        ends[uris[0]] = offsets[-1] + lengths[-1]
    else:
        ends.update(zip(uris, map(int.__add__, offsets, lengths), strict=True))
    # A call of the class for each would take three times as long.
    return list(map(tuple.__new__, repeat(ByteRange), zip(offsets, lengths, strict=True)))
