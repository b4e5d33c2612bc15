"""A tag with a URI is judged by its shape, which is the line without that URI.

A long playlist has many such lines, and few shapes of them. A line is of a shape only where its
URI is the one in quotes: whatever else a player may take for a URI is judged line by line.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from strmctl.domain.hls import attribute_list, harmless
from strmctl.domain.hls.media_playlist import NAME_MARK

KEY = "#EXT-X-KEY"
MAP = "#EXT-X-MAP"
PART = "#EXT-X-PART"
HINT = "#EXT-X-PRELOAD-HINT"
# ffmpeg 9.0.2 plays 4 of 24 s of byte-range fMP4: a name of its own needs no range.
_GONE: Mapping[str, Collection[str]] = {
    MAP: ("BYTERANGE",),
    PART: ("BYTERANGE",),
    HINT: ("BYTERANGE-START", "BYTERANGE-LENGTH"),
}
_QUOTED = 'URI="'
_URI = re.compile(r'URI="([^"\n]*)"')
_RANGE = re.compile(r'(?<=,BYTERANGE=")[1-9][0-9]{0,17}(?:@[0-9]{1,18})?(?=")')
_ANY_RANGE = "1@0"


class Shape(NamedTuple):
    """What a player gets before and behind a name, and the attributes but for URI."""

    before: str
    behind: str
    values: Mapping[str, str]


class Tag(NamedTuple):
    """A line as a player may get it but for its URI, and what it says; `shape` if it has one."""

    name: str
    line: str
    uri: str
    values: Mapping[str, str]
    shape: Shape | None = None

    def named(self, name: str) -> str:
        """The line with `name`, marked, in place of each URI."""
        if self.shape is not None:
            return f"{self.shape.before}{NAME_MARK}{name}{self.shape.behind}"
        return _edited(self.line, self.name, f'"{NAME_MARK}{name}"')


class Column(NamedTuple):
    """What several lines of one kind say.

    `kinds` are the different ones of `shapes`; `ranges` are those of BYTERANGE, if all have one
    that can be read.
    """

    shapes: Sequence[Shape]
    kinds: Collection[Shape]
    uris: list[str]
    ranges: Sequence[str]


def read(line: str, name: str) -> Tag:
    """A tag that is known to be harmless but for its URI."""
    values = attribute_list.values(line, len(name) + 1)
    return Tag(name, line, values.get("URI", ""), values)


class Shapes:
    """Those of one playlist, each judged once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Shape | None] = {}

    def tag(self, line: str, name: str) -> Tag | None:
        """None where the line has to be looked at by itself."""
        before, _, rest = line.partition(_QUOTED)
        uri, quote, behind = rest.partition('"')
        shape = self._shape(before, behind) if quote else None
        return shape and Tag(name, line, uri, shape.values, shape)

    def column(self, lines: Sequence[str]) -> Column | None:
        """Of lines without their ends; None where one of them has to be looked at by itself."""
        if not lines:
            return Column((), (), [], ())
        text = "\n".join(lines)
        # The pattern would look at each character.
        ranges = _RANGE.findall(text) if "BYTERANGE" in text else []
        if len(ranges) == len(lines):
            text = _RANGE.sub(_ANY_RANGE, text)
        else:
            ranges = []
        pieces = _URI.split(text)
        between, uris = pieces[::2], pieces[1::2]
        # Each line has one URI, so each of these ends one line and begins another.
        if len(uris) != len(lines) or any(each.count("\n") != 1 for each in set(between[1:-1])):
            return None
        between[0], between[-1] = f"\n{between[0]}", f"{between[-1]}\n"
        pairs = list(pairwise(between))
        known = {
            (first, second): self._shape(first.partition("\n")[2], second.partition("\n")[0])
            for first, second in set(pairs)
        }
        kinds = [shape for shape in known.values() if shape is not None]
        has_ranges = all("BYTERANGE" in shape.values for shape in kinds)
        if len(kinds) != len(known) or (ranges and not has_ranges):
            return None
        shapes = [shape for pair in pairs if (shape := known[pair])]
        return Column(shapes, kinds, uris, ranges)

    def _shape(self, before: str, behind: str) -> Shape | None:
        pair = before, behind
        if pair not in self._known:
            self._known[pair] = _judged(before, behind)
        return self._known[pair]


def _judged(before: str, behind: str) -> Shape | None:
    """Whether all lines of a shape are harmless but for their URI, and what a player gets."""
    line = f'{before}{_QUOTED}u"{behind}'
    name = before.partition(":")[0]
    values = attribute_list.usual_values(line, len(name) + 1)
    # Within the quotes of another attribute, or as the end of its name, it is none.
    is_attribute = before[-1:] in (":", ",") and before.count('"') % 2 == 0
    if values is None or not is_attribute or harmless.tag_line(line) != line:
        return None
    left, right = _edited(line, name, f'"{NAME_MARK}"').split(NAME_MARK)
    return Shape(left, right, {each: value for each, value in values.items() if each != "URI"})


def _edited(line: str, name: str, uri: str) -> str:
    changes: dict[str, str | None] = {"URI": uri, **dict.fromkeys(_GONE.get(name, ()))}
    return attribute_list.edit(line, len(name) + 1, changes)
