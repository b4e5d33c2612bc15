"""Reads a Media Playlist in one pass: every URI becomes a name, every harmless byte stays."""

import re
from collections.abc import Callable, Collection, Mapping
from itertools import count

from strmctl.domain.hls import attribute_list, encryption, harmless, naming, plain_lines
from strmctl.domain.hls.listed import ByteRange, Resource, Resources, Segment, Segments, Stretch
from strmctl.domain.hls.media_playlist import MediaPlaylist, NamedText
from strmctl.domain.hls.numbers import byte_range, byte_ranges, integer, seconds
from strmctl.domain.hls.plain_lines import INF, Durations, Rows, rows_in, tags_of
from strmctl.domain.hls.playlist_text import (
    NotAPlaylistError,
    blocks,
    occurrences,
    without_leading_blanks,
)
from strmctl.domain.hls.stable_names import INIT, KEY, StableNames
from strmctl.domain.hls.variables import Variables

# Several in a row are legal, one for each key system (RFC 8216 section 4.3.2.4).
_MAX_KEYS = 100
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
    # RFC 8216 section 4.1 forbids control characters, and NUL marks our places in the text.
    if "\x00" in text:
        raise NotAPlaylistError("holds a NUL character")
    reader = _Reader(text, Variables(url, imported), StableNames(previous), is_subtitles, untold)
    return reader.read()


class _Reader:
    def __init__(
        self,
        text: str,
        variables: Variables,
        names: StableNames,
        is_subtitles: bool,
        untold: str,
    ) -> None:
        self._upstream, self._text, self._variables = text, NamedText(), variables
        self._extensions = naming.SegmentExtensions(
            is_subtitles=is_subtitles, is_image="#EXT-X-IMAGES-ONLY" in text, untold=untold
        )
        self._names = names
        self._first = self._number = 0
        self._segments = Segments()
        self._resources = Resources(self._segments)
        self._named = self._resources.named
        self._durations = Durations()
        self._segment_ends: dict[str, int] = {}
        self._part_ends: dict[str, int] = {}
        self._target = self._duration = 0.0
        self._ended = self._delta = False
        self._init = ""
        self._keys: tuple[str, ...] = ()
        self._cipher = self._inline_init = ""
        self._needed: dict[str, dict[str, None]] = {KEY: {}, INIT: {}}
        self._begin_segment()

    def _begin_segment(self) -> None:
        """Forget what tags said of the segment before; they speak of the coming one from now."""
        self._range_text = ""
        self._discontinuity = False
        self._date_time = ""
        self._part = 0
        self._opaques = 0
        self._keys_open = False
        self._has_tags = False

    def read(self) -> MediaPlaylist:
        # A number of 21 digits is as if it were absent, as in ffmpeg (docs/peers.md, row 57).
        found = occurrences(_SEQUENCE, self._upstream, "#EXT-X-MEDIA-SEQUENCE:")
        told = (integer(each[1]) for each in found)
        self._first = self._number = next((each for each in told if each is not None), 0)
        for text, end in blocks(self._upstream):
            self._block(text, end)
        return MediaPlaylist(
            resources=self._resources,
            segments=self._segments,
            first_number=self._first,
            target_duration=self._target,
            ended=self._ended,
            delta=self._delta,
            pieces=self._text.finish(),
            links=self._text.links,
            preludes=encryption.preludes(*self._needed.values()),
        )

    def _block(self, text: str, end: str) -> None:
        for found in rows_in(text) if end else (text,):
            if isinstance(found, str):
                is_whole = end and found[-1] == "\n"
                self._line(found[:-1] + end if is_whole else found)
            # A range that was read before is the first segment's.
            elif self._range_text or self._variables.known:
                for line in found.lines():
                    self._line(line + end)
            else:
                self._rows(found, end)

    def _rows(self, found: Rows, end: str) -> None:
        rows, tags = tags_of(found, discontinuity=self._discontinuity, date_time=self._date_time)
        infs, durations = self._durations.of_all(rows.infs)
        uris = list(map(str.strip, rows.uris))
        ranges = byte_ranges(tags.ranges, uris, self._segment_ends)
        cipher = self._cipher + self._inline_init
        says = (ranges, tags.discontinuities, tags.dates)
        stretch = Stretch(self._number, uris, durations, *says, self._keys, self._init, cipher)
        extensions = self._extensions.of_all(uris, has_init=self._init != "")
        shown = plain_lines.shown(rows, infs, end)
        self._text.add(shown[0])
        named = zip(count(self._number), extensions, (*shown[1:], ""))
        self._text.names([f"{number}{each}{end}{behind}" for number, each, behind in named])
        self._segments.extend(stretch)
        self._number = stretch.end
        self._duration = 0.0
        self._begin_segment()

    def _line(self, line: str) -> None:
        if line[:1] in _BLANKS:
            line = without_leading_blanks(line)
        if line.startswith(INF):
            shown, self._duration = self._durations.of(line)
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
            self._segment(line)

    def _tag(self, line: str, hidden: Collection[str]) -> None:
        if line.startswith("#EXT-X-DEFINE:"):
            self._variables.define(line)
            return
        shown = harmless.tag_line(line, hidden)
        if shown is None:
            return
        name, colon, _ = shown.partition(":")
        read = _TAGS.get(name if colon else name.rstrip())
        if read is not None:
            self._has_tags = True
            read(self, shown)
        # Other lines with "#" are comments (RFC 8216 section 4.1).
        elif colon and name.startswith("#EXT"):
            self._opaque(shown)
        else:
            self._text.add(shown)

    def _segment(self, line: str) -> None:
        uri = line.strip()
        part = None
        if self._range_text:
            part = byte_range(self._range_text, uri, self._segment_ends)
        name = str(self._number)
        self._named[name] = Resource(uri, part)
        self._segments.append(
            Segment(
                self._number,
                self._duration,
                part,
                self._discontinuity,
                self._date_time,
                self._keys,
                self._init,
                self._cipher + self._inline_init,
            )
        )
        self._text.name(name + self._extension(uri))
        self._text.add(line[len(line.rstrip("\r\n")) :])
        self._number += 1
        self._duration = 0.0
        if self._has_tags:
            self._begin_segment()

    def _extension(self, uri: str) -> str:
        return self._extensions.of(uri, has_init=self._init != "")

    def _key(self, line: str) -> None:
        # Keys in a row all apply; the first one behind a segment replaces those before it.
        if not self._keys_open:
            self._keys, self._keys_open, self._cipher = (), True, ""
        start = len("#EXT-X-KEY:")
        attributes = attribute_list.values(line, start)
        uri = attributes.get("URI", "")
        self._cipher += encryption.cipher(attributes)
        if naming.stays(uri, attributes.get("KEYFORMAT", "")):
            self._text.add(line)
            return
        if len(self._keys) == _MAX_KEYS:
            raise NotAPlaylistError(f"has more than {_MAX_KEYS} keys for one segment")
        resource = Resource(uri, size=encryption.key_size(attributes))
        name = self._names.name(KEY, resource, self._number, len(self._keys))
        self._named[name] = resource
        self._keys = (*self._keys, name)
        # What a key system asks for in its own way is another answer each time.
        if resource.size is not None and naming.is_fetchable(uri):
            self._needed[KEY][name] = None
        self._text.name_uri(line, start, name + ".key")

    def _map(self, line: str) -> None:
        start = len("#EXT-X-MAP:")
        attributes = attribute_list.values(line, start)
        uri, text = attributes.get("URI", ""), attributes.get("BYTERANGE")
        self._inline_init = encryption.inline(uri)
        if naming.stays(uri):
            self._text.add(line)
            return
        # Without an offset it begins at the first byte (rfc8216bis section 4.4.4.5).
        resource = Resource(uri, None if text is None else byte_range(text, uri, {}))
        self._init = self._init_name(resource)
        if naming.is_fetchable(uri):
            self._needed[INIT][self._init] = None
        # ffmpeg 9.0.2 plays 4 of 24 s of byte-range fMP4: a name of its own needs no range.
        self._text.name_uri(line, start, self._init + ".mp4", BYTERANGE=None)

    def _init_name(self, resource: Resource) -> str:
        name = self._names.name(INIT, resource, self._number)
        self._named[name] = resource
        return name

    def _part_tag(self, line: str) -> None:
        start = len("#EXT-X-PART:")
        attributes = attribute_list.values(line, start)
        uri, text = attributes.get("URI", ""), attributes.get("BYTERANGE")
        if naming.stays(uri):
            self._text.add(line)
            return
        part = None if text is None else byte_range(text, uri, self._part_ends)
        self._text.name_uri(line, start, self._part_name(Resource(uri, part)), BYTERANGE=None)
        self._part += 1

    def _part_name(self, resource: Resource) -> str:
        name = f"{self._number}-{self._part}"
        self._named[name] = resource
        return name + self._extension(resource.uri)

    def _preload_hint(self, line: str) -> None:
        start = len("#EXT-X-PRELOAD-HINT:")
        attributes = attribute_list.values(line, start)
        uri, kind = attributes.get("URI", ""), attributes.get("TYPE")
        if naming.stays(uri):
            self._text.add(line)
            return
        text, first = attributes.get("BYTERANGE-LENGTH"), attributes.get("BYTERANGE-START")
        length, offset = integer(text or ""), integer(first or "0")
        # Without a length its end is unknown, so it is no resource of its own. Hints of unknown
        # types are ignored (rfc8216bis section 4.4.5.3), like those that cannot be read.
        is_open = length is None and not (text is None and first is None)
        if kind not in ("PART", "MAP") or is_open or offset is None:
            return
        part = ByteRange(offset, length) if length else None
        if kind == "MAP":
            name = self._init_name(Resource(uri, part)) + ".mp4"
        else:
            name = self._part_name(Resource(uri, part))
        gone: dict[str, None] = {"BYTERANGE-START": None, "BYTERANGE-LENGTH": None}
        self._text.name_uri(line, start, name, **gone)

    # Players find the rendition by this URI, so it has to be that of its playlist.
    def _rendition_report(self, line: str) -> None:
        start = len("#EXT-X-RENDITION-REPORT:")
        uri = attribute_list.values(line, start).get("URI", "")
        self._text.link_uri(line, start, uri)

    def _opaque(self, line: str) -> None:
        """A tag that is not known here must not lead around the proxy either."""
        start = line.index(":") + 1
        uri = attribute_list.values(line, start).get("URI", "") if "URI" in line else ""
        if naming.stays(uri):
            self._text.add(line)
            return
        name = f"x{self._number}-{self._opaques}"
        self._opaques += 1
        self._has_tags = True
        self._named[name] = Resource(uri)
        self._text.name_uri(line, start, name + naming.data_extension(uri))

    def _byte_range_tag(self, line: str) -> None:
        self._range_text = line.partition(":")[2]

    def _skip(self, line: str) -> None:
        attributes = attribute_list.values(line, len("#EXT-X-SKIP:"))
        skipped = integer(attributes.get("SKIPPED-SEGMENTS", ""))
        if skipped is None:
            return
        self._number += skipped
        self._delta = True
        before = self._names.last_before(self._number)
        if before is not None:  # Skipped tags still apply (rfc8216bis section 4.4.5.2).
            self._init, self._keys = before.init, before.keys
        self._opaque(line)

    def _target_duration(self, line: str) -> None:
        self._target = seconds(line.partition(":")[2]) or 0.0
        self._text.add(line)

    def _end_list(self, line: str) -> None:
        self._ended = True
        self._text.add(line)

    def _discontinuity_tag(self, line: str) -> None:
        self._discontinuity = True
        self._text.add(line)

    def _program_date_time(self, line: str) -> None:
        self._date_time = line.partition(":")[2].strip()
        self._text.add(line)


_TAGS: Mapping[str, Callable[[_Reader, str], None]] = {
    "#EXT-X-KEY": _Reader._key,
    "#EXT-X-MAP": _Reader._map,
    "#EXT-X-BYTERANGE": _Reader._byte_range_tag,
    "#EXT-X-PART": _Reader._part_tag,
    "#EXT-X-PRELOAD-HINT": _Reader._preload_hint,
    "#EXT-X-RENDITION-REPORT": _Reader._rendition_report,
    "#EXT-X-SKIP": _Reader._skip,
    "#EXT-X-TARGETDURATION": _Reader._target_duration,
    "#EXT-X-ENDLIST": _Reader._end_list,
    "#EXT-X-DISCONTINUITY": _Reader._discontinuity_tag,
    "#EXT-X-PROGRAM-DATE-TIME": _Reader._program_date_time,
}
