"""What a Media Playlist lists; of plain segments only what tells them apart is kept.

Nearly every line of a long playlist is an EXTINF or a URI. Such segments stand in two columns, and
become objects when somebody asks for one: ten thousand objects more are ten milliseconds more.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain, pairwise
from typing import NamedTuple, overload

_MOST_DIGITS = 30
"""Of a Media Sequence Number: below 2^64, and each line may skip as many (EXT-X-SKIP)."""


_ROW = 80
_PART = 72
_BEGIN = 36
_RANGE = 144
_DATE = 72
_SEGMENT = 184
_NAMED = 250
"""Bytes in memory, as measured, without the characters of texts."""


class ByteRange(NamedTuple):
    offset: int
    length: int

    def field(self) -> str:
        """As the Range field asks for it (RFC 9110 section 14.1.2)."""
        return f"bytes={self.offset}-{self.offset + self.length - 1}"


class Resource(NamedTuple):
    """Something that the playlist lists: its URI as the upstream wrote it, and its part of it.

    `size` in bytes is that of a key whose format is known.
    """

    uri: str
    byte_range: ByteRange | None = None
    size: int | None = None

    def __repr__(self) -> str:
        return "Resource(…)"


class Segment(NamedTuple):
    """What must be the same in two playlists that are the same content cut the same way."""

    number: int
    duration: float
    byte_range: ByteRange | None
    discontinuity: bool
    date_time: str
    keys: tuple[str, ...]
    init: str
    cipher: str = ""
    """How it is encrypted, as far as the playlist says it and no token changes it."""


class Decoding(NamedTuple):
    """What it takes to decode a segment: the tags before it say so, until others say it anew."""

    keys: tuple[str, ...] = ()
    init: str = ""
    cipher: str = ""


class Stretch(NamedTuple):
    """Segments in a row, as columns; `first` is the number of the first one.

    A column after `decodings` is empty if it says nothing about any of them.
    """

    first: int
    uris: list[str]
    durations: list[float]
    decodings: list[Decoding]
    ranges: list[ByteRange | None]
    discontinuities: list[bool]
    dates: list[str]

    @property
    def end(self) -> int:
        """The number behind its last one."""
        return self.first + len(self.uris)

    def is_continued_by(self, other: "Stretch") -> bool:
        return self.kinds() == other.kinds() and self.end == other.first

    def pieces(self, length: int) -> Iterator["Stretch"]:
        """Stretches of so many of its segments."""
        for begin in range(0, len(self.uris), length):
            which = slice(begin, begin + length)
            yield Stretch(
                self.first + begin,
                self.uris[which],
                self.durations[which],
                self.decodings[which],
                self.ranges[which],
                self.discontinuities[which],
                self.dates[which],
            )

    def says(self, which: slice) -> tuple[object, ...]:
        """What tells some of its segments from those of another cut."""
        columns = (self.durations, self.ranges, self.discontinuities, self.dates)
        return tuple(column[which] for column in columns)

    def kinds(self) -> tuple[bool, ...]:
        """Which of the columns that may be empty are not."""
        return tuple(map(bool, self[4:]))

    def extend(self, other: "Stretch") -> None:
        self.uris.extend(other.uris)
        self.durations.extend(other.durations)
        self.decodings.extend(other.decodings)
        self.ranges.extend(other.ranges)
        self.discontinuities.extend(other.discontinuities)
        self.dates.extend(other.dates)

    def segment(self, index: int) -> Segment:
        return Segment(
            self.first + index,
            self.durations[index],
            self.ranges[index] if self.ranges else None,
            self.discontinuities[index] if self.discontinuities else False,
            self.dates[index] if self.dates else "",
            *self.decodings[index],
        )

    def resource(self, index: int) -> Resource:
        return Resource(self.uris[index], self.ranges[index] if self.ranges else None)

    def all(self) -> Iterator[Segment]:
        return map(self.segment, range(len(self.uris)))


class Parts(NamedTuple):
    """Partial segments: those of the segment `first + n` begin at `begins[n]`.

    `ranges` is empty where no part has one.
    """

    first: int
    begins: list[int]
    uris: list[str]
    ranges: Sequence[ByteRange | None]

    def __repr__(self) -> str:
        return f"Parts(first={self.first}, {len(self.uris)} URIs)"

    def resource(self, at: int) -> Resource:
        return Resource(self.uris[at], self.ranges[at] if self.ranges else None)

    def find(self, number: int, index: int) -> Resource | None:
        row = number - self.first
        if not 0 <= row < len(self.begins) - 1:
            return None
        at = self.begins[row] + index
        return self.resource(at) if at < self.begins[row + 1] else None

    def pairs(self) -> Iterator[tuple[str, Resource]]:
        """Each by its name."""
        for row, (begin, end) in enumerate(pairwise(self.begins)):
            for at in range(begin, end):
                yield f"{self.first + row}-{at - begin}", self.resource(at)


class Segments(Sequence[Segment]):
    """In the order of the playlist: stretches, and lists of those that are not plain."""

    def __init__(self) -> None:
        self.parts: list[Stretch | list[Segment]] = []
        self._begins: list[int] = []
        self._numbers: list[int] = []
        self._length = 0

    def append(self, segment: Segment) -> None:
        last = self.parts[-1] if self.parts else None
        if isinstance(last, list):
            last.append(segment)
        else:
            self._begin([segment], segment.number)
        self._length += 1

    def extend(self, stretch: Stretch) -> None:
        last = self.parts[-1] if self.parts else None
        if isinstance(last, Stretch) and last.is_continued_by(stretch):
            last.extend(stretch)
        else:
            self._begin(stretch, stretch.first)
        self._length += len(stretch.uris)

    def _begin(self, part: Stretch | list[Segment], number: int) -> None:
        self.parts.append(part)
        self._begins.append(self._length)
        self._numbers.append(number)

    def stretches(self) -> Iterator[Stretch]:
        return (part for part in self.parts if isinstance(part, Stretch))

    def stretch(self, number: int) -> Stretch | None:
        """The one that lists the segment with this number."""
        place = bisect_right(self._numbers, number) - 1
        part = self.parts[place] if place >= 0 else None
        return part if isinstance(part, Stretch) and number < part.end else None

    def find(self, number: int) -> Segment | None:
        """The one with this number, if it is listed."""
        place = bisect_right(self._numbers, number) - 1
        part = self.parts[place] if place >= 0 else []
        if isinstance(part, Stretch):
            return part.segment(number - part.first) if number < part.end else None
        # An EXT-X-SKIP among them leaves a hole in their numbers.
        at = bisect_left(part, number, key=_number)
        return part[at] if at < len(part) and part[at].number == number else None

    def resource(self, number: int) -> Resource | None:
        """That of a segment which stands in a stretch."""
        stretch = self.stretch(number)
        return stretch and stretch.resource(number - stretch.first)

    def durations(self) -> Iterator[float]:
        """Of each in its order, in seconds."""
        return chain.from_iterable(
            part.durations if isinstance(part, Stretch) else [each.duration for each in part]
            for part in self.parts
        )

    def memory(self) -> int:
        """Bytes, without the characters of URIs and dates."""
        return sum(
            _ROW * len(part.uris) + _RANGE * len(part.ranges) + _DATE * len(part.dates)
            if isinstance(part, Stretch)
            else _SEGMENT * len(part)
            for part in self.parts
        )

    def lists(self) -> Iterator[Collection[object]]:
        """What holds nearly all of its memory."""
        for part in self.parts:
            yield from (
                (part.uris, part.ranges, part.dates) if isinstance(part, Stretch) else (part,)
            )

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Segment]:
        for part in self.parts:
            yield from part.all() if isinstance(part, Stretch) else part

    @overload
    def __getitem__(self, index: int) -> Segment: ...
    @overload
    def __getitem__(self, index: slice) -> list[Segment]: ...
    def __getitem__(self, index: int | slice) -> Segment | list[Segment]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(self._length))]
        at = index + self._length if index < 0 else index
        if not 0 <= at < self._length:
            raise IndexError(index)
        place = bisect_right(self._begins, at) - 1
        part, inside = self.parts[place], at - self._begins[place]
        return part.segment(inside) if isinstance(part, Stretch) else part[inside]


class Resources(Mapping[str, Resource]):
    """By name without extension: `named` are all but the plain ones of `segments`, and `parts`."""

    def __init__(self, segments: Segments) -> None:
        self.named: dict[str, Resource] = {}
        self.parts: list[Parts] = []
        self._segments = segments

    def find(self, name: str) -> Resource | None:
        found = self.named.get(name)
        if found is not None:
            return found
        number, dash, index = name.partition("-")
        if not _is_number(number) or (dash and not _is_number(index)):
            return None
        return self._part(int(number), int(index)) if dash else self._segments.resource(int(name))

    def of_segment(self, number: int) -> Resource | None:
        """That of the Media Segment with this number."""
        return self.named.get(str(number)) or self._segments.resource(number)

    def _part(self, number: int, index: int) -> Resource | None:
        place = bisect_right(self.parts, number, key=_first) - 1
        return self.parts[place].find(number, index) if place >= 0 else None

    def __getitem__(self, name: str) -> Resource:
        found = self.find(name)
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        yield from self.named
        for stretch in self._segments.stretches():
            yield from map(str, range(stretch.first, stretch.end))
        yield from (name for parts in self.parts for name, _ in parts.pairs())

    def pairs(self) -> Iterator[tuple[str, Resource]]:
        """The same as `items`, which looks up each name."""
        yield from self.named.items()
        for stretch in self._segments.stretches():
            for index in range(len(stretch.uris)):
                yield str(stretch.first + index), stretch.resource(index)
        for parts in self.parts:
            yield from parts.pairs()

    def __len__(self) -> int:
        plain = sum(len(stretch.uris) for stretch in self._segments.stretches())
        return len(self.named) + plain + sum(len(parts.uris) for parts in self.parts)

    def memory(self) -> int:
        """Bytes of what is no segment, without the characters of URIs."""
        parts = sum(
            _PART * len(each.uris) + _RANGE * len(each.ranges) + _BEGIN * len(each.begins)
            for each in self.parts
        )
        return _NAMED * len(self.named) + parts

    def lists(self) -> Iterator[Collection[object]]:
        """What holds nearly all of its memory."""
        yield from (self.named.keys(), self.named.values())
        for parts in self.parts:
            yield from (parts.uris, parts.ranges)


def _first(parts: Parts) -> int:
    return parts.first


def _number(segment: Segment) -> int:
    return segment.number


# int() reads the digits of every script, and reads thousands of them slowly.
def _is_number(text: str) -> bool:
    """Whether it is one as names hold it."""
    is_short = text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
    return is_short and text == str(int(text))
