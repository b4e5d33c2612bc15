"""Segments with nothing to look at but EXTINF, URI and perhaps a byte range, many in one go.

Nearly all of a long playlist is such rows of lines. Here they are recognized and read by columns,
with what is the same looked at once; every other line is left to the reader that looks at each.
"""

import re
from collections.abc import Sequence
from itertools import compress, count, zip_longest
from operator import itemgetter
from typing import NamedTuple

from strmctl.domain.hls import harmless
from strmctl.domain.hls.listed import ByteRange
from strmctl.domain.hls.numbers import seconds

INF = "#EXTINF:"
RANGE = "#EXT-X-BYTERANGE:"

_FIRST, _GROWTH = 16, 2
_LEAST = 4
"""So few rows are read as fast one by one."""

# Without an offset it follows the range before it, which has to be looked at.
_RANGES = re.compile(rf"^{RANGE}([1-9][0-9]{{0,17}})@([0-9]{{1,18}})$", re.MULTILINE)
_first_letter = itemgetter(slice(1))


class Shape(NamedTuple):
    """How many lines a row has, and which of them is what; `range` is None for no byte range."""

    width: int
    inf: int
    uri: int
    range: int | None = None


_PAIR, _RANGE_INSIDE, _RANGE_FIRST = Shape(2, 0, 1), Shape(3, 0, 2, 1), Shape(3, 1, 2, 0)


class Rows(NamedTuple):
    """The columns of rows of one shape; `ranges` is empty for no byte ranges."""

    infs: Sequence[str]
    uris: Sequence[str]
    ranges: Sequence[str]

    @classmethod
    def of(cls, lines: Sequence[str], shape: Shape) -> "Rows":
        whole = len(lines) - len(lines) % shape.width
        infs, uris = lines[shape.inf : whole : shape.width], lines[shape.uri : whole : shape.width]
        is_ranged = shape.range is not None
        return cls(infs, uris, lines[shape.range : whole : shape.width] if is_ranged else ())

    def byte_ranges(self) -> list[ByteRange]:
        found = _RANGES.findall("\n".join(self.ranges))
        return [ByteRange(int(offset), int(length)) for length, offset in found]

    def _has_plain_ranges(self) -> bool:
        return len(_RANGES.findall("\n".join(self.ranges))) == len(self.ranges)

    def leading(self) -> int:
        """How many are plain before the first that is not."""
        odd_infs = {inf for inf in set(self.infs) if not inf.startswith(INF)}
        letters = set(map(_first_letter, self.uris))
        odd_letters = {letter for letter in letters if not _begins_uri(letter)}
        if not odd_infs and not odd_letters and self._has_plain_ranges():
            return len(self.uris)
        is_odd = (
            inf in odd_infs or uri[:1] in odd_letters or not (part is None or _RANGES.match(part))
            for inf, uri, part in zip_longest(self.infs, self.uris, self.ranges)
        )
        return next(compress(count(), is_odd))


def rows_at(lines: Sequence[str], at: int) -> tuple[Rows | None, int]:
    """The rows from `at` on, None for too few, and where they end. No line holds its end."""
    shape = _shape_at(lines, at)
    found, size = 0, _FIRST
    while shape is not None:
        begin = at + shape.width * found
        plain = Rows.of(lines[begin : begin + shape.width * size], shape).leading()
        found += plain
        # What has been looked at is never much more than what is found: that keeps it linear.
        if plain < size:
            behind = at + shape.width * found
            return (Rows.of(lines[at:behind], shape), behind) if found >= _LEAST else (None, at)
        size *= _GROWTH
    return None, at


def _shape_at(lines: Sequence[str], at: int) -> Shape | None:
    """What the very next lines show; most that do not begin a row show that as well."""
    first, second, third = (*lines[at : at + 3], "", "", "")[:3]
    if first.startswith(RANGE):
        return _RANGE_FIRST if second.startswith(INF) else None
    if second.startswith(RANGE):
        return _RANGE_INSIDE
    return _PAIR if second[:1] != "#" and third.startswith(INF) else None


def _begins_uri(letter: str) -> bool:
    """Not so a tag, a comment, a blank line, or one that is indented and may be any of them."""
    return letter not in ("", "#", "\ufeff") and not letter.isspace()


class Durations:
    """EXTINF lines: the line as a player gets it, and the seconds that it says.

    Most segments of a playlist have one of a few durations: each is read once and kept once.
    """

    def __init__(self) -> None:
        self._whole: dict[str, tuple[str, float]] = {}
        self._shown: dict[str, str] = {}
        self._seconds: dict[str, float] = {}

    def of(self, line: str) -> tuple[str, float]:
        """Of a line with its end."""
        found = self._whole.get(line)
        if found is None:
            found = self._whole[line] = _read(line)
        return found

    def of_all(self, infs: Sequence[str], end: str) -> tuple[list[str], list[float]]:
        """Of lines without their ends, which are all `end`; what is shown has it."""
        shown, spans = self._shown, self._seconds
        new = list(set(infs).difference(shown))
        plain = harmless.UNREMARKABLE_INFS.findall("\n".join(new))
        if len(plain) == len(new):
            shown.update((inf, inf + end) for inf in new)
            spans.update(zip(new, map(float, plain), strict=True))
        else:
            read = [_read(inf + end) for inf in new]
            shown.update((inf, line) for inf, (line, _) in zip(new, read, strict=True))
            spans.update((inf, span) for inf, (_, span) in zip(new, read, strict=True))
        return list(map(shown.__getitem__, infs)), list(map(spans.__getitem__, infs))


def _read(line: str) -> tuple[str, float]:
    shown = harmless.duration_line(line)
    return shown, seconds(shown[len(INF) :]) or 0.0
