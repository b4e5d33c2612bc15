"""Reads a Media Playlist in one pass: every URI becomes a name, every other byte stays."""

import re
from collections.abc import Callable, Mapping

from strmctl.domain.hls import attribute_list, naming
from strmctl.domain.hls.media_playlist import (
    LINK_MARK,
    ByteRange,
    MediaPlaylist,
    Resource,
    Segment,
)
from strmctl.domain.hls.numbers import byte_range, integer, seconds
from strmctl.domain.hls.playlist_text import NotAPlaylistError, split_lines
from strmctl.domain.hls.stable_names import INIT, KEY, StableNames
from strmctl.domain.hls.variables import Variables

_MAX_KEYS = 100
_SEQUENCE = re.compile(r"[\r\n]#EXT-X-MEDIA-SEQUENCE:[ \t]*(\d+)")
_URI_MARK = LINK_MARK.format("")


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
    URI does not tell what they are. `previous` is an earlier load of the
    same playlist: keys and init sections that it listed keep their names. Raises
    NotAPlaylistError for one that is too long or whose numbers cannot be read.
    """
    if "\x00" in text:
        raise NotAPlaylistError("holds a NUL character")
    reader = _Reader(text, Variables(url, imported), StableNames(previous), is_subtitles, untold)
    try:
        return reader.read()
    except NotAPlaylistError:
        raise
    except ValueError:
        raise NotAPlaylistError("a tag holds a number that cannot be read") from None


class _Reader:
    def __init__(
        self,
        text: str,
        variables: Variables,
        names: StableNames,
        is_subtitles: bool,
        untold: str,
    ) -> None:
        self._text = text
        self._variables = variables
        self._is_subtitles = is_subtitles
        self._untold = untold
        self._is_image = "#EXT-X-IMAGES-ONLY" in text
        self._names = names
        self._first = self._number = 0
        self._resources: dict[str, Resource] = {}
        self._segments: list[Segment] = []
        self._links: list[str] = []
        self._pieces: list[str] = []
        self._pending: list[str] = []
        self._segment_ends: dict[str, int] = {}
        self._part_ends: dict[str, int] = {}
        self._target = 0.0
        self._ended = False
        self._delta = False
        self._init = ""
        self._keys: tuple[str, ...] = ()
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
        sequence = _SEQUENCE.search(self._text)
        self._first = self._number = integer(sequence[1]) if sequence else 0
        self._duration = 0.0
        for line in split_lines(self._text):
            self._line(line)
        self._pieces.append("".join(self._pending))
        return MediaPlaylist(
            resources=self._resources,
            segments=self._segments,
            first_number=self._first,
            target_duration=self._target,
            ended=self._ended,
            delta=self._delta,
            pieces=self._pieces,
            links=self._links,
        )

    def _line(self, line: str) -> None:
        if line.startswith("#EXTINF:"):
            self._duration = seconds(line[8:])
            self._pending.append(line)
            return
        if self._variables.known:
            line = self._variables.substitute(line)
        if line[:1] == "#":
            self._tag(line)
        elif not line or line.isspace():
            self._pending.append(line)
        else:
            self._segment(line)

    def _tag(self, line: str) -> None:
        name, colon, _ = line.partition(":")
        read = _TAGS.get(name if colon else name.rstrip())
        if read is not None:
            self._has_tags = True
            read(self, line)
        elif colon and name.startswith("#EXT"):
            self._opaque(line)
        else:
            self._pending.append(line)

    def _segment(self, line: str) -> None:
        uri = line.strip()
        part = None
        if self._range_text:
            part = byte_range(self._range_text, uri, self._segment_ends)
        name = str(self._number)
        self._resources[name] = Resource(uri, part)
        self._segments.append(
            Segment(
                self._number,
                self._duration,
                part,
                self._discontinuity,
                self._date_time,
                self._keys,
                self._init,
            )
        )
        self._pieces.append("".join(self._pending))
        self._pending = [name + self._extension(uri), line[len(line.rstrip("\r\n")) :]]
        self._number += 1
        self._duration = 0.0
        if self._has_tags:
            self._begin_segment()

    def _extension(self, uri: str) -> str:
        upstream = naming.upstream_extension(uri)
        has_init = self._init != ""
        return naming.segment_extension(
            upstream, has_init, self._is_subtitles, self._is_image, self._untold
        )

    def _name(self, name: str) -> None:
        """End the literal text here: the prefix and `name` follow."""
        self._pieces.append("".join(self._pending))
        self._pending = [name]

    def _replace_uri(self, line: str, start: int, name: str, **gone: None) -> None:
        """The tag with its URI replaced by `name`, split where the prefix goes."""
        changes: dict[str, str | None] = {"URI": f'"{_URI_MARK}"', **gone}
        before, *behind = attribute_list.edit(line, start, changes).split(_URI_MARK)
        self._pending.append(before)
        for text in behind:
            self._name(name)
            self._pending.append(text)

    def _key(self, line: str) -> None:
        if not self._keys_open:
            self._keys, self._keys_open = (), True
        start = len("#EXT-X-KEY:")
        uri = attribute_list.values(line, start).get("URI", "")
        if not naming.is_fetchable(uri):
            self._pending.append(line)
            return
        if len(self._keys) == _MAX_KEYS:
            raise NotAPlaylistError(f"has more than {_MAX_KEYS} keys for one segment")
        name = self._names.name(KEY, Resource(uri), self._number, len(self._keys))
        self._resources[name] = Resource(uri)
        self._keys = (*self._keys, name)
        self._replace_uri(line, start, name + ".key")

    def _map(self, line: str) -> None:
        start = len("#EXT-X-MAP:")
        attributes = attribute_list.values(line, start)
        uri, text = attributes.get("URI", ""), attributes.get("BYTERANGE")
        if not naming.is_fetchable(uri):
            self._pending.append(line)
            return
        # Without an offset it begins at the first byte (rfc8216bis section 4.4.4.5).
        resource = Resource(uri, None if text is None else byte_range(text, uri, {}))
        self._init = self._init_name(resource)
        self._replace_uri(line, start, self._init + ".mp4", BYTERANGE=None)

    def _init_name(self, resource: Resource) -> str:
        name = self._names.name(INIT, resource, self._number)
        self._resources[name] = resource
        return name

    def _part_tag(self, line: str) -> None:
        start = len("#EXT-X-PART:")
        attributes = attribute_list.values(line, start)
        uri, text = attributes.get("URI", ""), attributes.get("BYTERANGE")
        if not naming.is_fetchable(uri):
            self._pending.append(line)
            return
        part = byte_range(text, uri, self._part_ends) if text is not None else None
        self._replace_uri(line, start, self._part_name(Resource(uri, part)), BYTERANGE=None)
        self._part += 1

    def _part_name(self, resource: Resource) -> str:
        name = f"{self._number}-{self._part}"
        self._resources[name] = resource
        return name + self._extension(resource.uri)

    def _preload_hint(self, line: str) -> None:
        start = len("#EXT-X-PRELOAD-HINT:")
        attributes = attribute_list.values(line, start)
        uri = attributes.get("URI", "")
        length, offset = attributes.get("BYTERANGE-LENGTH"), attributes.get("BYTERANGE-START")
        if not naming.is_fetchable(uri):
            self._pending.append(line)
            return
        if offset is not None and length is None:
            return  # Its end is unknown, so it is no resource of its own; a hint may be dropped.
        part = None if length is None else ByteRange(integer(offset or "0"), integer(length))
        if attributes.get("TYPE") == "MAP":
            name = self._init_name(Resource(uri, part)) + ".mp4"
        else:
            name = self._part_name(Resource(uri, part))
        gone: dict[str, None] = {"BYTERANGE-START": None, "BYTERANGE-LENGTH": None}
        self._replace_uri(line, start, name, **gone)

    def _rendition_report(self, line: str) -> None:
        start = len("#EXT-X-RENDITION-REPORT:")
        uri = attribute_list.values(line, start).get("URI", "")
        mark = LINK_MARK.format(len(self._links))
        self._links.append(uri)
        self._pending.append(attribute_list.edit(line, start, {"URI": f'"{mark}"'}))

    def _opaque(self, line: str) -> None:
        """A tag that is not known here must not lead around the proxy either."""
        start = line.index(":") + 1
        uri = attribute_list.values(line, start).get("URI", "") if "URI" in line else ""
        if not naming.is_fetchable(uri):
            self._pending.append(line)
            return
        name = f"x{self._number}-{self._opaques}"
        self._opaques += 1
        self._has_tags = True
        self._resources[name] = Resource(uri)
        self._replace_uri(line, start, name + naming.data_extension(uri))

    def _date_range(self, line: str) -> None:
        # Interstitials lead to other servers, by a URI or by a list of URIs; they are optional.
        if "X-ASSET-" not in line:
            self._opaque(line)

    def _drop(self, line: str) -> None:
        """What an optional tag leads to cannot be named."""

    def _byte_range_tag(self, line: str) -> None:
        self._range_text = line.partition(":")[2]

    def _define(self, line: str) -> None:
        self._variables.define(line)

    def _skip(self, line: str) -> None:
        attributes = attribute_list.values(line, len("#EXT-X-SKIP:"))
        self._number += integer(attributes.get("SKIPPED-SEGMENTS", "0"))
        self._delta = True
        before = self._names.last_before(self._number)
        if before is not None:  # Skipped tags still apply (rfc8216bis section 4.4.5.2).
            self._init, self._keys = before.init, before.keys
        self._pending.append(line)

    def _target_duration(self, line: str) -> None:
        self._target = seconds(line.partition(":")[2])
        self._pending.append(line)

    def _end_list(self, line: str) -> None:
        self._ended = True
        self._pending.append(line)

    def _discontinuity_tag(self, line: str) -> None:
        self._discontinuity = True
        self._pending.append(line)

    def _program_date_time(self, line: str) -> None:
        self._date_time = line.partition(":")[2].strip()
        self._pending.append(line)


_TAGS: Mapping[str, Callable[[_Reader, str], None]] = {
    "#EXT-X-KEY": _Reader._key,
    "#EXT-X-MAP": _Reader._map,
    "#EXT-X-BYTERANGE": _Reader._byte_range_tag,
    "#EXT-X-PART": _Reader._part_tag,
    "#EXT-X-PRELOAD-HINT": _Reader._preload_hint,
    "#EXT-X-RENDITION-REPORT": _Reader._rendition_report,
    "#EXT-X-DATERANGE": _Reader._date_range,
    "#EXT-X-CONTENT-STEERING": _Reader._drop,
    "#EXT-X-DEFINE": _Reader._define,
    "#EXT-X-SKIP": _Reader._skip,
    "#EXT-X-TARGETDURATION": _Reader._target_duration,
    "#EXT-X-ENDLIST": _Reader._end_list,
    "#EXT-X-DISCONTINUITY": _Reader._discontinuity_tag,
    "#EXT-X-PROGRAM-DATE-TIME": _Reader._program_date_time,
}
