"""A Media Playlist read once: what each of its names stands for, and the text with those names.

A Media Segment is called by its Media Sequence Number, a part `<number>-<index>`, a key `k…` and
a Media Initialization Section `i…` by the first segment that they were seen to apply to, what an
unknown tag points at `x…`. The upstream's URIs stay here; the text holds names only.
"""

import re
from collections.abc import Callable, Collection, Sequence

from strmctl.discreet import Discreet
from strmctl.domain.hls import attribute_list
from strmctl.domain.hls.listed import Resource, Resources, Segment, Segments
from strmctl.domain.hls.naming import is_fetchable, tells_content, upstream_extension

NAME_MARK = "\x00"
"""Stands in a text where a name begins; NUL is in no playlist."""

LINK_MARK = "\x00{}\x00"
"""Stands in the text for the address of another playlist."""

_PIECE = 64
"""Bytes in memory beside its characters, as measured."""

_LINK = re.compile(r"\x00(\d+)\x00")
_LINKED_LINE = re.compile(r"(?:^|(?<=[\r\n]))[^\r\n\x00]*\x00(\d+)\x00[^\r\n]*(?:\r\n|\n|\r|$)")


class MediaPlaylist(Discreet, frozen=True):
    """`resources` by name without extension; `target_duration` in seconds.

    `preludes` are the first and the last of its keys and of its init sections, by name.
    """

    hidden = ("resources", "segments", "pieces", "links")

    resources: Resources
    segments: Segments
    first_number: int
    target_duration: float
    ended: bool
    delta: bool
    pieces: Sequence[str]
    links: Sequence[str] = ()
    preludes: Sequence[str] = ()

    @property
    def seconds(self) -> float:
        """How long what it lists lasts."""
        return sum(self.segments.durations())

    def segment(self, number: int) -> Segment | None:
        """The segment with this Media Sequence Number, if it is listed."""
        return self.segments.find(number)

    def parts(self) -> list[Collection[object]]:
        """The lists that hold nearly all of its memory."""
        return [*self.segments.lists(), *self.resources.lists(), self.pieces]

    def memory(self) -> int:
        """Bytes, without the characters of the text: each of them is kept once."""
        return self.segments.memory() + self.resources.memory() + _PIECE * len(self.pieces)

    def untold(self) -> Resource | None:
        """The first segment, if neither its URI nor its playlist tells what it is.

        An encrypted one cannot be looked at either.
        """
        if not self.segments or self.segments[0].init or self.segments[0].keys:
            return None
        first = self.resources[str(self.segments[0].number)]
        is_known = tells_content(upstream_extension(first.uri)) or not is_fetchable(first.uri)
        return None if is_known else first

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


class NamedText:
    """The text while it is read: a name begins each of `pieces` but the first.

    `links` are the URIs of other playlists.
    """

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.links: list[str] = []
        self._pending: list[str] = []

    def add(self, *texts: str) -> None:
        """Literal text."""
        self._pending += texts

    def add_named(self, text: str) -> None:
        """Text in which NAME_MARK stands before each name."""
        literal, *named = text.split(NAME_MARK)
        self._pending.append(literal)
        if named:
            self.pieces.append("".join(self._pending))
            self.pieces += named
            self._pending = [self.pieces.pop()]

    def finish(self) -> list[str]:
        """All pieces."""
        self.pieces.append("".join(self._pending))
        return self.pieces

    def link_uri(self, line: str, start: int, uri: str) -> None:
        """A tag whose URI is the address of another playlist, known when the text is rendered."""
        mark = LINK_MARK.format(len(self.links))
        self.links.append(uri)
        self.add(attribute_list.edit(line, start, {"URI": f'"{mark}"'}))
