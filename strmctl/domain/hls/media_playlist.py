"""A Media Playlist read once: what each of its names stands for, and the text with those names.

A Media Segment is called by its Media Sequence Number, a part `<number>-<index>`, a key `k…` and
a Media Initialization Section `i…` by the first segment that they were seen to apply to, what an
unknown tag points at `x…`. The upstream's URIs stay here; the text holds names only.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from strmctl.domain.hls.naming import tells_content, upstream_extension

LINK_MARK = "\x00{}\x00"
"""Stands in the text for the address of another playlist; NUL is in no playlist."""

_LINK = re.compile(r"\x00(\d+)\x00")
_LINKED_LINE = re.compile(r"(?:^|(?<=[\r\n]))[^\r\n\x00]*\x00(\d+)\x00[^\r\n]*(?:\r\n|\n|\r|$)")


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


@dataclass(frozen=True, slots=True)
class MediaPlaylist:
    """`resources` by name without extension; `target_duration` in seconds.

    `preludes` are the first and the last of its keys and of its init sections, by name.
    """

    resources: Mapping[str, Resource] = field(repr=False)
    segments: Sequence[Segment] = field(repr=False)
    first_number: int
    target_duration: float
    ended: bool
    delta: bool
    pieces: Sequence[str] = field(repr=False)
    links: Sequence[str] = field(default=(), repr=False)
    preludes: Sequence[str] = ()

    @property
    def seconds(self) -> float:
        """How long what it lists lasts."""
        return sum(segment.duration for segment in self.segments)

    # An EXT-X-SKIP among the segments leaves a hole in their numbers.
    def segment(self, number: int) -> Segment | None:
        """The segment with this Media Sequence Number, if it is listed."""
        index = number - self.segments[0].number if self.segments else -1
        if not 0 <= index < len(self.segments) or self.segments[index].number != number:
            return None
        return self.segments[index]

    def untold(self) -> Resource | None:
        """The first segment, if neither its URI nor its playlist tells what it is.

        An encrypted one cannot be looked at either.
        """
        if not self.segments or self.segments[0].init or self.segments[0].keys:
            return None
        first = self.resources[str(self.segments[0].number)]
        return None if tells_content(upstream_extension(first.uri)) else first

    def render(self, prefix: str = "", link: Callable[[str], str | None] | None = None) -> str:
        """The text with names, each behind `prefix`.

        `link` gives the address of another rendition's playlist from its upstream URI; a line
        whose rendition it does not know is dropped.
        """
        text = prefix.join(self.pieces)
        if not self.links:
            return text

        def linked(line: re.Match[str]) -> str:
            address = link(self.links[int(line[1])]) if link else None
            return "" if address is None else _LINK.sub(lambda mark: address, line[0])

        return _LINKED_LINE.sub(linked, text)
