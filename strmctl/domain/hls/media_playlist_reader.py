"""Reads a Media Playlist in one pass: every URI becomes a name, every harmless byte stays."""

import re
from collections.abc import Callable, Collection, Mapping

from strmctl.domain.hls import attribute_list, encryption, harmless, naming
from strmctl.domain.hls.listed import Resource, Segment
from strmctl.domain.hls.media_playlist import NAME_MARK, MediaPlaylist
from strmctl.domain.hls.numbers import byte_range, integer, seconds
from strmctl.domain.hls.playlist_text import (
    NotAPlaylistError,
    blocks,
    occurrences,
    without_leading_blanks,
)
from strmctl.domain.hls.rows import reading
from strmctl.domain.hls.rows.columns import Rows, rows_in
from strmctl.domain.hls.rows.durations import INF
from strmctl.domain.hls.rows.state import State
from strmctl.domain.hls.rows.tags import HINT, KEY, MAP, PART, read
from strmctl.domain.hls.stable_names import StableNames
from strmctl.domain.hls.variables import Variables

_AT_ONCE = 32
"""Rows among which one has to be looked at line by line, and so all of them."""

_SHAPED = (KEY, MAP, PART)
_NAMED = (*_SHAPED, HINT)
_BLANKS = frozenset(" \t\v\f\u00a0\ufeff")
_SEQUENCE = re.compile(r"[\r\n][ \t\v\f\u00a0\ufeff]*#EXT-X-MEDIA-SEQUENCE:[ \t]*([0-9]+)")


def parse(
    text: str,
    url: str,
    *,
    imported: Mapping[str, str] | None = None,
    is_subtitles: bool = False,
    untold: str = ".ts",
    previous: MediaPlaylist | None = None,
) -> MediaPlaylist:
    """Read a decoded Media Playlist that came from `url`.

    `imported` are the Multivariant Playlist's variables, `untold` the extension of segments whose
    URI does not tell what they are. `previous` is an earlier load: keys and init sections that it
    listed keep their names. A tag that cannot be read is as if it were absent.
    Raises NotAPlaylistError for a playlist that is too long.
    """
    # They fill up a block of somebody's cache, and players pass over them.
    text = text.rstrip("\x00")
    # RFC 8216 section 4.1 forbids control characters, and NUL marks our places in the text.
    if "\x00" in text:
        raise NotAPlaylistError("holds a NUL character")
    extensions = naming.SegmentExtensions(
        is_subtitles=is_subtitles, is_image="#EXT-X-IMAGES-ONLY" in text, untold=untold
    )
    state = State(StableNames(previous), extensions)
    return _Reader(text, Variables(url, imported), state).read()


class _Reader:
    def __init__(self, text: str, variables: Variables, state: State) -> None:
        self._upstream, self._variables = text, variables
        self._state, self._text = state, state.text
        self._target = 0.0
        self._ended = self._delta = False

    def read(self) -> MediaPlaylist:
        state = self._state
        # A number of 21 digits is as if it were absent, as in ffmpeg (docs/peers.md, row 57).
        found = occurrences(_SEQUENCE, self._upstream, "#EXT-X-MEDIA-SEQUENCE:")
        told = (integer(each[1]) for each in found)
        first = state.number = next((each for each in told if each is not None), 0)
        for text, end in blocks(self._upstream):
            if end:
                self._block(text, end)
            else:
                self._line(text)
        return MediaPlaylist(
            resources=state.resources,
            segments=state.segments,
            first_number=first,
            target_duration=self._target,
            ended=self._ended,
            delta=self._delta,
            pieces=self._text.finish(),
            links=self._text.links,
            preludes=encryption.preludes(*state.needed.values()),
        )

    def _block(self, text: str, end: str) -> None:
        lines = text.split("\n")
        last = lines.pop()
        for found in rows_in(lines):
            self._rows(found, end)
        # The very last line has no end.
        if last:
            self._line(last)

    def _rows(self, found: Rows | list[str], end: str) -> None:
        """Many rows at once, or few where one of many is odd, or line by line."""
        if isinstance(found, list) or self._variables.known:
            self._lines(found if isinstance(found, list) else found.lines, end)
        elif self._state.is_within_a_row:
            behind = found.uris[0] + 1
            self._lines(found.lines[:behind], end)
            for rest in rows_in(found.lines[behind:]):
                self._rows(rest, end)
        elif reading.read(self._state, found, end):
            return
        elif len(found) <= _AT_ONCE:
            self._lines(found.lines, end)
        else:
            for chunk in found.chunks(_AT_ONCE):
                for rows in rows_in(chunk):
                    self._rows(rows, end)

    def _lines(self, lines: list[str], end: str) -> None:
        for line in lines:
            self._line(line + end)

    def _line(self, line: str) -> None:
        if line[:1] in _BLANKS:
            line = without_leading_blanks(line)
        if line.startswith(INF):
            shown, self._state.duration = self._state.durations.of(line)
            self._text.add(shown)
            return
        hidden: Collection[str] = ()
        if self._variables.known:
            before, line = line, self._variables.substitute(line)
            # QUERYPARAM copies the upstream's query, tokens perhaps (rfc8216bis section 4.4.2.3).
            hidden = self._variables.hidden if line != before else ()
        if line[:1] == "#":
            self._tag(line, hidden)
        # Blank lines are ignored (RFC 8216 section 4.1).
        elif not line or line.isspace():
            self._text.add(line)
        else:
            self._segment(line, hidden)

    def _tag(self, line: str, hidden: Collection[str]) -> None:
        if line.startswith("#EXT-X-DEFINE:"):
            self._variables.define(line)
            return
        name = line.partition(":")[0]
        if name in _SHAPED:
            self._text.add_named(self._state.shown(line, name, hidden) or "")
            return
        shown = harmless.tag_line(line, hidden)
        if shown is None:
            return
        name, colon, _ = shown.partition(":")
        name = name if colon else name.rstrip()
        if name in _TAGS:
            self._state.has_tags = True
            _TAGS[name](self, shown)
        # Other lines with "#" are comments (RFC 8216 section 4.1).
        elif name in _NAMED or (colon and name.startswith("#EXT") and "URI" in shown):
            self._text.add_named(self._state.named(read(shown, name)))
        else:
            self._text.add(shown)

    def _segment(self, line: str, hidden: Collection[str]) -> None:
        state, uri = self._state, line.strip()
        part = None
        if state.range_text:
            part = byte_range(state.range_text, uri, state.segment_ends)
        # What a `data:` URI holds is in the text already, where a player finds it.
        stays = naming.holds_data(uri) and not any(each in uri for each in hidden)
        name = str(state.number)
        state.resources.named[name] = Resource("data:" if stays else uri, part)
        state.segments.append(
            Segment(
                state.number,
                state.duration,
                part,
                state.discontinuity,
                state.date_time,
                *state.decoding,
            )
        )
        end = line[len(line.rstrip("\r\n")) :]
        shown = line if stays else f"{NAME_MARK}{name}{state.extension(uri)}{end}"
        self._text.add_named(shown)
        state.number += 1
        state.duration = 0.0
        if state.has_tags:
            state.begin_segment()

    # Players find the rendition by this URI, so it has to be that of its playlist.
    def _rendition_report(self, line: str) -> None:
        start = len("#EXT-X-RENDITION-REPORT:")
        uri = attribute_list.values(line, start).get("URI", "")
        self._text.link_uri(line, start, uri)

    def _byte_range_tag(self, line: str) -> None:
        self._state.range_text = line.partition(":")[2]

    def _skip(self, line: str) -> None:
        state, name = self._state, "#EXT-X-SKIP"
        tag = read(line, name)
        skipped = integer(tag.values.get("SKIPPED-SEGMENTS", ""))
        if skipped is None:
            return
        state.number += skipped
        self._delta = True
        before = state.names.last_before(state.number)
        if before is not None:  # Skipped tags still apply (rfc8216bis section 4.4.5.2).
            state.init, state.keys = before.init, before.keys
        self._text.add_named(state.named(tag))

    def _target_duration(self, line: str) -> None:
        self._target = seconds(line.partition(":")[2]) or 0.0
        self._text.add(line)

    def _end_list(self, line: str) -> None:
        self._ended = True
        self._text.add(line)

    def _discontinuity_tag(self, line: str) -> None:
        self._state.discontinuity = True
        self._text.add(line)

    def _program_date_time(self, line: str) -> None:
        self._state.date_time = line.partition(":")[2].strip()
        self._text.add(line)


_TAGS: Mapping[str, Callable[[_Reader, str], None]] = {
    "#EXT-X-BYTERANGE": _Reader._byte_range_tag,
    "#EXT-X-RENDITION-REPORT": _Reader._rendition_report,
    "#EXT-X-SKIP": _Reader._skip,
    "#EXT-X-TARGETDURATION": _Reader._target_duration,
    "#EXT-X-ENDLIST": _Reader._end_list,
    "#EXT-X-DISCONTINUITY": _Reader._discontinuity_tag,
    "#EXT-X-PROGRAM-DATE-TIME": _Reader._program_date_time,
}
