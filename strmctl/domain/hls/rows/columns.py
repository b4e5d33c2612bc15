"""Lines of a playlist by their kinds: what may stand in a column does, the rest goes line by line.

A row is the line of a Media Segment's URI and those of the tags before it. What is known to have
another meaning than the kinds here ends the rows.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from operator import gt, itemgetter, lt

from strmctl.domain.hls.known_tags import ATTRIBUTES, BARE, DATE, VALUES
from strmctl.domain.hls.rows.durations import INF
from strmctl.domain.hls.rows.tags import KEY, MAP, PART

EXTINF = INF.removesuffix(":")
DISCONTINUITY = "#EXT-X-DISCONTINUITY"
GAP = "#EXT-X-GAP"
RANGE = "#EXT-X-BYTERANGE"
BITRATE = "#EXT-X-BITRATE"
DATERANGE = "#EXT-X-DATERANGE"
OTHER = "#"
"""Comments and unknown tags."""

LEAST = 3
"""So few rows are read as fast one by one."""

_IN_COLUMNS = {
    *(EXTINF, DISCONTINUITY, GAP, RANGE, BITRATE, DATERANGE, DATE, KEY, MAP, PART),
}
_ODD = {*ATTRIBUTES, *BARE, *VALUES, EXTINF, "#EXT-X-DEFINE", "#EXT-X-CONTENT-STEERING"}
_NAME = re.compile(r"#EXT[\w-]*")
_FIRST_LETTER = itemgetter(slice(1))


class Rows:
    """`uris` are where their URIs stand among `lines`, the last of them at the end."""

    def __init__(self, lines: list[str], uris: range | list[int], places: "_Places") -> None:
        self.lines = lines
        self.uris = uris
        self._places = places
        self._gone: set[int] = set()

    def __len__(self) -> int:
        return len(self.uris)

    def places(self, kind: str) -> range | list[int]:
        """Where the lines of a kind stand."""
        return self._places.get(kind, [])

    def of(self, kind: str) -> list[str]:
        """The lines of a kind."""
        return self.at(self.places(kind))

    def at(self, places: range | list[int]) -> list[str]:
        if isinstance(places, range):
            return self.lines[places.start : places.stop : places.step]
        return [self.lines[place] for place in places]

    def show(self, places: range | list[int], texts: Sequence[str | None]) -> None:
        """What a player gets in their place, None for those that go."""
        gone = [place for place, text in zip(places, texts, strict=True) if text is None]
        self._gone.update(gone)
        self.put(places, [text or "" for text in texts])

    def put(self, places: range | list[int], texts: Sequence[str]) -> None:
        """Other lines in their place."""
        if isinstance(places, range):
            self.lines[places.start : places.stop : places.step] = texts
            return
        for place, text in zip(places, texts, strict=True):
            self.lines[place] = text

    def text(self, gone: range | list[int]) -> str:
        """All lines but for those that go, `gone` among them; no line is to be found afterwards."""
        if isinstance(gone, range) and not self._gone:
            del self.lines[gone.start : gone.stop : gone.step]
        elif self._gone or gone:
            self._gone.update(gone)
            self.lines[:] = [
                line for place, line in enumerate(self.lines) if place not in self._gone
            ]
        return "\n".join([*self.lines, ""])

    def row(self, place: int) -> int:
        return bisect_left(self.uris, place)

    def rows(self, kind: str) -> Sequence[int]:
        """Of which rows the lines of a kind are, from 0 on."""
        places = self.places(kind)
        if isinstance(places, range) or self._is_one_a_row(places):
            return range(len(places))
        if isinstance(self.uris, range):
            period = self.uris.step
            return [place // period for place in places]
        return [bisect_left(self.uris, place) for place in places]

    def _is_one_a_row(self, places: list[int]) -> bool:
        is_before = len(places) == len(self.uris) and all(map(lt, places, self.uris))
        return is_before and all(map(gt, places[1:], self.uris))

    def chunks(self, size: int) -> Iterator[list[str]]:
        """The lines of so many rows at a time."""
        begin = 0
        for last in [*self.uris[size - 1 : -1 : size], self.uris[-1]]:
            yield self.lines[begin : last + 1]
            begin = last + 1


_Places = Mapping[str, range | list[int]]


def rows_in(lines: list[str]) -> Iterator[Rows | list[str]]:
    """Rows and, in their order, the lines that have to be read one by one."""
    begin, end = 0, len(lines)
    # The tags of the playlist as a whole do not hold up the rows between them.
    while begin < end and lines[begin][:1] == "#" and _kind(lines[begin].partition(":")[0]) is None:
        begin += 1
    while end > begin and lines[end - 1][:1] in ("#", ""):
        end -= 1
    yield lines[:begin]
    yield from _rows_between(lines[begin:end])
    yield lines[end:]


def _rows_between(lines: list[str]) -> Iterator[Rows | list[str]]:
    first = _next_uri(lines, 0)
    # The first row may have tags that speak of all.
    begin = max(0, 2 * first + 1 - _next_uri(lines, first + 1))
    found = _repeated(lines[begin:])
    if found is not None:
        yield from (lines[:begin], found)
        return
    uris, places, odd = _sorted(lines)
    if not odd and uris and uris[-1] == len(lines) - 1:
        yield Rows(lines, uris, places) if len(uris) >= LEAST else lines
        return
    begin = 0
    for at in [*odd, len(lines)]:
        end = bisect_left(uris, at)
        # What speaks of a URI that is not there yet is read together with it.
        behind = uris[end - 1] + 1 if end else 0
        if behind > begin:
            part = lines[begin:behind]
            yield from _rows_between(part)
        yield lines[max(begin, behind) : at + 1]
        begin = at + 1


def _repeated(lines: list[str]) -> Rows | None:
    """Where all rows are of the same kinds of lines, as nearly all of long playlists are."""
    period = _next_uri(lines, 0) + 1
    if len(lines) % period or len(lines) < LEAST * period:
        return None
    kinds: dict[str, list[int]] = {}
    for place in range(period - 1):
        first = lines[place]
        kind = _kind(first.partition(":")[0]) if first else ""
        if kind is None or not _are_alike(lines[place::period], first, kind):
            return None
        if kind:
            kinds.setdefault(kind, []).append(place)
    uris = lines[period - 1 :: period]
    if any(map(_is_odd, set(map(_FIRST_LETTER, uris)))):
        return None
    places = {
        kind: range(begins[0], len(lines), period)
        if len(begins) == 1
        else [row + begin for row in range(0, len(lines), period) for begin in begins]
        for kind, begins in kinds.items()
    }
    return Rows(lines, range(period - 1, len(lines), period), places)


def _next_uri(lines: Sequence[str], at: int) -> int:
    """Where the next line stands that is no tag, from `at` on; behind the last one for none."""
    while at < len(lines) and lines[at][:1] in ("#", ""):
        at += 1
    return at


def _are_alike(column: Sequence[str], first: str, kind: str) -> bool:
    """Whether all lines are of the kind of the first of them."""
    if kind in ("", DISCONTINUITY, GAP):
        return column.count(first) == len(column)
    if kind == OTHER:
        return _are_others(column, first)
    return _all_begin(column, f"{kind}:")


def _all_begin(column: Sequence[str], with_what: str) -> bool:
    """Whether all lines do; to ask each of them would take three times as long."""
    return "\n".join(("", *column)).count(f"\n{with_what}") == len(column)


def _are_others(column: Sequence[str], first: str) -> bool:
    name, colon, _ = first.partition(":")
    if name[:4] == "#EXT":
        return colon != "" and _all_begin(column, f"{name}:")
    text = "\n".join(("", *column))
    return "\n#EXT" not in text and text.count("\n#") == len(column)


def _sorted(lines: list[str]) -> tuple[list[int], dict[str, list[int]], list[int]]:
    """Where URIs, lines of each kind, and those that end rows stand."""
    uris: list[int] = []
    odd: list[int] = []
    infs: list[int] = []
    places = {EXTINF: infs}
    # By the name of the tag, or what stands in its place.
    known: dict[str, list[int]] = {}
    for at, line in enumerate(lines):
        # Nearly all URIs begin with a letter behind "#".
        if line >= "$":
            uris.append(at)
        elif line[:8] == INF:
            infs.append(at)
        elif line[:1] == "#":
            name = line.partition(":")[0]
            kind = known.get(name)
            if kind is None:
                called = _kind(name)
                kind = odd if called is None else places.setdefault(called, [])
                # Each comment has a name of its own.
                if name[:4] == "#EXT":
                    known[name] = kind
            kind.append(at)
        elif line:
            uris.append(at)
    if any(map(_is_odd, {lines[at][0] for at in uris})):
        odd = sorted([*odd, *(at for at in uris if _is_odd(lines[at][0]))])
        uris = [at for at in uris if not _is_odd(lines[at][0])]
    return uris, places, odd


def _kind(name: str) -> str | None:
    """The kind of a line that begins with `name` and a colon, or is `name`; None for odd ones."""
    if name[:4] != "#EXT":
        return OTHER if name[:1] == "#" else None
    if name in _IN_COLUMNS:
        return name
    bare = _NAME.match(name)
    return None if bare is not None and bare[0] in _ODD else OTHER


def _is_odd(letter: str) -> bool:
    """Whether it begins a tag, a comment, a blank line, or one that is indented."""
    return letter in ("", "#", "\ufeff") or letter.isspace()
