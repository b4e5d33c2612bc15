"""Rows are read by columns to the very text and names that reading line by line leads to.

Whatever may be read differently is found before anything is changed; then nothing is read here.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, chain, count, repeat
from operator import itemgetter
from typing import NamedTuple, TypeVar

from strmctl.domain.hls import harmless, naming
from strmctl.domain.hls.known_tags import DATE
from strmctl.domain.hls.listed import ByteRange, Decoding, Parts, Resource, Stretch
from strmctl.domain.hls.media_playlist import NAME_MARK
from strmctl.domain.hls.numbers import byte_range, byte_ranges
from strmctl.domain.hls.rows.columns import (
    BITRATE,
    DATERANGE,
    DISCONTINUITY,
    EXTINF,
    GAP,
    OTHER,
    RANGE,
    Rows,
)
from strmctl.domain.hls.rows.state import State
from strmctl.domain.hls.rows.tags import KEY, MAP, PART, Column
from strmctl.domain.hls.stable_names import INIT

T = TypeVar("T")

_FORMS = {
    RANGE: re.compile(r"(?:[1-9][0-9]{0,17}(?:@[0-9]{1,18})?\n)*+"),
    DATE: re.compile(r"(?:[0-9TZ:+.-]{1,48}\n)*+"),
    BITRATE: re.compile(r"(?:[0-9]{1,18}\n)*+"),
}
"""Values that can be read at once, each in a line."""


class _TagValues(NamedTuple):
    """What the tags of some rows say; `shown` are those that say nothing here, as sent."""

    ranges: Sequence[str]
    dates: Sequence[str]
    parts: Column
    shown: Mapping[str, Sequence[str | None]]


def read(state: State, rows: Rows, end: str) -> bool:
    """False where they have to be read line by line, and then nothing has changed."""
    values = _tag_values(state, rows)
    if values is None:
        return False
    first = state.number
    decodings, first_with_init = _decodings(state, rows)
    state.number = first
    _name_parts(state, rows, values.parts, first_with_init)
    uris = list(map(str.strip, rows.at(rows.uris)))
    infs = rows.of(EXTINF)
    shown, spans = state.durations.of_all(infs)
    if shown is not infs:
        rows.put(rows.places(EXTINF), shown)
    durations = _by_row(rows, EXTINF, spans)
    ranges, dates = _by_row(rows, RANGE, values.ranges), _by_row(rows, DATE, values.dates)
    stretch = Stretch(
        first,
        uris,
        [each or 0.0 for each in durations] or [0.0] * len(rows),
        decodings,
        byte_ranges(ranges, uris, state.segment_ends),
        _discontinuities(state, rows),
        _dates(state, dates, len(uris)),
    )
    state.segments.extend(stretch)
    _name_uris(state, rows, uris, first_with_init)
    _put_text(state, rows, values, end)
    state.number = stretch.end
    state.begin_segment()
    return True


def _tag_values(state: State, rows: Rows) -> _TagValues | None:
    """None where something has to be looked at line by line."""
    is_plain = all(
        column.count(kind) == len(column)
        for kind in (DISCONTINUITY, GAP)
        if (column := rows.of(kind))
    )
    ranges, dates, bitrates = (_values(kind, rows.of(kind)) for kind in (RANGE, DATE, BITRATE))
    parts = state.shapes.column(rows.of(PART))
    shown = {kind: _shown(kind, rows.of(kind)) for kind in (OTHER, DATERANGE)}
    # What has no colon is no EXTINF.
    if not is_plain or EXTINF in rows.of(EXTINF) or parts is None or _stay(parts.uris):
        return None
    if ranges is None or dates is None or bitrates is None or _hold_data(rows.at(rows.uris)):
        return None
    known = {kind: lines for kind, lines in shown.items() if lines is not None}
    return _TagValues(ranges, dates, parts, known) if len(known) == len(shown) else None


def _values(kind: str, lines: Sequence[str]) -> Sequence[str] | None:
    """What stands behind the colon of each; None where one has another form."""
    values = list(map(itemgetter(slice(len(kind) + 1, None)), lines))
    return values if _FORMS[kind].fullmatch("\n".join([*values, ""])) else None


def _stay(uris: Sequence[str]) -> bool:
    """Whether one of them is no address, and so stays in its tag."""
    return not all(uris) or (":" in "".join(uris) and any(map(naming.stays, uris)))


def _hold_data(uris: Sequence[str]) -> bool:
    """Whether one of them does."""
    return "," in "".join(uris) and any(map(naming.holds_data, map(str.strip, uris)))


def _shown(kind: str, lines: Sequence[str]) -> Sequence[str | None] | None:
    """What a player gets of each, nothing where all stay; None where a URI gets a name."""
    if "URI" in "\n".join(lines):
        return None
    if kind == OTHER and lines:
        return harmless.tag_lines(lines)
    return () if harmless.are_harmless(lines) else list(map(harmless.tag_line, lines))


def _decodings(state: State, rows: Rows) -> tuple[list[Decoding], int]:
    """What maps and keys say of each row, and where the first line is that is behind a map."""
    first, current = state.number, state.decoding
    first_with_init = 0 if state.init else len(rows.lines)
    maps = None if rows.places(KEY) else state.shapes.column(rows.of(MAP))
    if maps is not None and maps.uris and not _stay(maps.uris):
        return _decodings_of_maps(state, rows, maps), min(first_with_init, rows.places(MAP)[0])
    places = sorted(chain(rows.places(MAP), rows.places(KEY)))
    shown: list[str | None] = []
    decodings: list[Decoding] = []
    last = 0
    for place in places:
        row, line = rows.row(place), rows.lines[place]
        if row != last:
            state.keys_open, last = False, row
        state.number = first + row
        shown.append(state.shown(line, line.partition(":")[0]))
        if len(decodings) < row:
            decodings += [current] * (row - len(decodings))
        current = state.decoding
        if state.init:
            first_with_init = min(first_with_init, place)
    rows.show(places, shown)
    return decodings + [current] * (len(rows) - len(decodings)), first_with_init


def _decodings_of_maps(state: State, rows: Rows, maps: Column) -> list[Decoding]:
    """The same where there are maps alone, each with an address."""
    numbers, current = rows.rows(MAP), state.decoding
    ranges: Sequence[ByteRange | None] = [None] * len(maps.uris)
    if any("BYTERANGE" in shape.values for shape in maps.kinds):
        # Without an offset it begins at the first byte (rfc8216bis section 4.4.4.5).
        ranges = _ranges_in_tags(maps, None)
    # A call of the class for each would take twice as long.
    columns = zip(maps.uris, ranges, repeat(None))
    resources: list[Resource] = list(map(tuple.__new__, repeat(Resource), columns))
    names = state.names.all(INIT, resources, [state.number + row for row in numbers])
    state.add_inits(names, resources, has_schemes=":" in "".join(maps.uris))
    shown = [
        f"{shape[0]}{NAME_MARK}{name}.mp4{shape[1]}"
        for shape, name in zip(maps.shapes, names, strict=True)
    ]
    rows.put(rows.places(MAP), shown)
    fields = zip(repeat(state.keys), names, repeat(state.cipher))
    each: list[Decoding] = list(map(tuple.__new__, repeat(Decoding), fields))
    if numbers == range(len(rows)):
        return each
    decodings: list[Decoding] = []
    for row, coming in zip(numbers, each, strict=True):
        decodings += [current] * (row - len(decodings))
        current = coming
    return decodings + [current] * (len(rows) - len(decodings))


def _name_parts(state: State, rows: Rows, parts: Column, first_with_init: int) -> None:
    if not parts.uris:
        return
    first, numbers, places = state.number, rows.rows(PART), rows.places(PART)
    each = Counter(numbers)
    begins = list(accumulate((each[row] for row in range(len(rows))), initial=0))
    before = bisect_left(places, first_with_init)
    extensions = _extensions(state, parts.uris, before)
    named = [
        f"{shape[0]}{NAME_MARK}{first + row}-{at - begins[row]}{extension}{shape[1]}"
        for at, row, shape, extension in zip(
            count(), numbers, parts.shapes, extensions, strict=False
        )
    ]
    rows.put(places, named)
    ranges: Sequence[ByteRange | None] = ()
    if any("BYTERANGE" in shape.values for shape in parts.kinds):
        ranges = _ranges_in_tags(parts, state.part_ends)
    state.resources.parts.append(Parts(first, begins, parts.uris, ranges))


def _ranges_in_tags(tags: Column, ends: dict[str, int] | None) -> Sequence[ByteRange | None]:
    """Those of BYTERANGE; `ends` are those of ranges before, None where none is implied."""
    if tags.ranges and ends is not None:
        return byte_ranges(tags.ranges, tags.uris, ends)
    texts: Sequence[str | None] = tags.ranges or [
        shape.values.get("BYTERANGE") for shape in tags.shapes
    ]
    return [
        None if text is None else byte_range(text, uri, {} if ends is None else ends)
        for text, uri in zip(texts, tags.uris, strict=True)
    ]


def _name_uris(state: State, rows: Rows, uris: Sequence[str], first_with_init: int) -> None:
    extensions = _extensions(state, uris, bisect_left(rows.uris, first_with_init))
    named = [f"{NAME_MARK}{number}{each}" for number, each in zip(count(state.number), extensions)]
    rows.put(rows.uris, named)


def _extensions(state: State, uris: Sequence[str], before: int) -> Iterable[str]:
    """Those of resources of which so many stand before any map."""
    if before >= len(uris):
        return state.extensions.of_all(uris, has_init=False)
    behind = state.extensions.of_all(uris[before:], has_init=True)
    if not before:
        return behind
    return chain(state.extensions.of_all(uris[:before], has_init=False), behind)


def _by_row(rows: Rows, kind: str, values: Sequence[T]) -> Sequence[T | None]:
    """The last one of each row; nothing where no row has one."""
    numbers = rows.rows(kind)
    if not values or numbers == range(len(rows)):
        return values
    last = dict(zip(numbers, values, strict=True))
    return [last.get(row) for row in range(len(rows))]


def _discontinuities(state: State, rows: Rows) -> list[bool]:
    marked = set(rows.rows(DISCONTINUITY))
    if state.discontinuity:
        marked.add(0)
    found = [False] * len(rows) if marked else []
    for row in marked:
        found[row] = True
    return found


def _dates(state: State, dates: Sequence[str | None], length: int) -> list[str]:
    """`length` is the number of rows."""
    if not dates and not state.date_time:
        return []
    shown = [each or "" for each in dates] or [""] * length
    shown[0] = shown[0] or state.date_time
    return shown


def _put_text(state: State, rows: Rows, values: _TagValues, end: str) -> None:
    for kind, shown in values.shown.items():
        if shown:
            rows.show(rows.places(kind), shown)
    text = rows.text(rows.places(RANGE))
    state.text.add_named(text if end == "\n" else text.replace("\n", end))
