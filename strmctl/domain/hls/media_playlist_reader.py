"""Reads a Media Playlist in one pass: every URI becomes a name, every other byte stays."""

import re
from collections.abc import Callable, Mapping

from strmctl.domain.hls import attribute_list, naming, variables
from strmctl.domain.hls.media_playlist import (
    LINK_MARK,
    ByteRange,
    MediaPlaylist,
    Resource,
    Segment,
)
from strmctl.domain.hls.playlist_text import NotAPlaylistError, split_lines

MAX_LINES = 500_000
_SEQUENCE = re.compile(r"^#EXT-X-MEDIA-SEQUENCE:[ \t]*(\d{1,18})", re.MULTILINE)
_TAG_WITH_VALUE = re.compile(r"^#EXT[A-Z0-9-]*:")


def parse(
    text: str,
    url: str,
    *,
    imported: Mapping[str, str] | None = None,
    is_subtitles: bool = False,
    previous: MediaPlaylist | None = None,
) -> MediaPlaylist:
    """Read a decoded Media Playlist that came from `url`.

    `imported` are the Multivariant Playlist's variables. `previous` is an earlier load of the
    same playlist: keys and init sections that it listed keep their names. Raises
    NotAPlaylistError for one that is too long or whose numbers cannot be read.
    """
    if "\x00" in text:
        raise NotAPlaylistError("holds a NUL character")
    return _Reader(text, url, imported or {}, is_subtitles, previous).read()


class _Reader:
    def __init__(
        self,
        text: str,
        url: str,
        imported: Mapping[str, str],
        is_subtitles: bool,
        previous: MediaPlaylist | None,
    ) -> None:
        self._lines = split_lines(text)
        if len(self._lines) > MAX_LINES:
            raise NotAPlaylistError(f"has more than {MAX_LINES} lines")
        self._url = url
        self._imported = imported
        self._is_subtitles = is_subtitles
        self._is_image = "#EXT-X-IMAGES-ONLY" in text
        sequence = _SEQUENCE.search(text)
        self._number = self._first = int(sequence[1]) if sequence else 0
        self._known_names = {} if previous is None else _names_by_resource(previous)
        self._taken = set(self._known_names.values())
        self._variables: dict[str, str] = {}
        self._resources: dict[str, Resource] = {}
        self._segments: list[Segment] = []
        self._links: list[str] = []
        self._pieces: list[str] = []
        self._pending: list[str] = []
        self._range_ends: dict[str, int] = {}
        self._target = 0.0
        self._ended = False
        self._delta = False
        self._init = ""
        self._keys: tuple[str, ...] = ()
        self._keys_open = False
        self._begin_segment()

    def _begin_segment(self) -> None:
        self._duration = 0.0
        self._byte_range: ByteRange | None = None
        self._range_text = ""
        self._discontinuity = False
        self._date_time = ""
        self._part = 0
        self._counter = 0

    def read(self) -> MediaPlaylist:
        try:
            for line in self._lines:
                self._line(line)
        except (ValueError, OverflowError) as error:
            if isinstance(error, NotAPlaylistError):
                raise
            raise NotAPlaylistError("a tag holds a number that cannot be read") from None
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
        if self._variables and (line[:1] != "#" or not line.startswith("#EXTINF:")):
            line = variables.substitute(line, self._variables)
        if line[:1] != "#":
            if line.strip():
                self._segment(line)
            else:
                self._pending.append(line)
            return
        if line.startswith("#EXTINF:"):
            self._duration = _seconds(line[8:])
            self._pending.append(line)
            return
        tag = line.partition(":")[0].rstrip()
        read = _TAGS.get(tag)
        if read is not None:
            read(self, line)
        elif "URI=" in line and _TAG_WITH_VALUE.match(line):
            self._opaque(line)
        else:
            self._pending.append(line)

    def _segment(self, line: str) -> None:
        uri = line.strip()
        if self._range_text:
            self._byte_range = self._implied_range(self._range_text, uri)
        name = str(self._number)
        self._resources[name] = Resource(uri, self._byte_range)
        self._segments.append(
            Segment(
                self._number,
                self._duration,
                self._byte_range,
                self._discontinuity,
                self._date_time,
                self._keys,
                self._init,
            )
        )
        self._name(name + self._extension(uri))
        self._pending.append(line[len(line.rstrip("\r\n")) :])
        self._number += 1
        self._keys_open = False
        self._begin_segment()

    def _extension(self, uri: str) -> str:
        return naming.segment_extension(
            uri,
            has_init=bool(self._init),
            is_subtitles=self._is_subtitles,
            is_image=self._is_image,
        )

    def _name(self, name: str) -> None:
        """End the literal text here: the prefix and `name` follow."""
        self._pieces.append("".join(self._pending))
        self._pending = [name]

    def _implied_range(self, text: str, uri: str) -> ByteRange:
        """`length[@offset]`; without offset it follows the last range of the same URI."""
        length, _, offset = text.strip().strip('"').partition("@")
        start = int(offset) if offset else self._range_ends.get(uri, 0)
        self._range_ends[uri] = start + int(length)
        if start < 0 or int(length) <= 0:
            raise NotAPlaylistError("has a byte range that is empty or negative")
        return ByteRange(start, int(length))

    def _named_once(self, letter: str, resource: Resource) -> str:
        """The name of a key or init section: as before, else by the coming segment."""
        name = self._known_names.get((letter, resource))
        if name is None:
            name = f"{letter}{self._number}"
            while name in self._taken:
                self._counter += 1
                name = f"{letter}{self._number}-{self._counter}"
            self._known_names[letter, resource] = name
            self._taken.add(name)
        self._resources[name] = resource
        return name

    def _replace_uri(self, line: str, start: int, name: str, **gone: None) -> None:
        """The tag with its URI replaced by `name`, split where the prefix goes."""
        changes: dict[str, str | None] = {"URI": f'"{LINK_MARK.format("")}"', **gone}
        before, _, after = attribute_list.edit(line, start, changes).partition(LINK_MARK.format(""))
        self._pending.append(before)
        self._name(name)
        self._pending.append(after.replace(LINK_MARK.format(""), name))

    def _key(self, line: str) -> None:
        if not self._keys_open:
            self._keys, self._keys_open = (), True
        attributes = attribute_list.values(line, len("#EXT-X-KEY:"))
        uri = attributes.get("URI", "")
        if not uri or not naming.is_fetchable(uri):
            self._pending.append(line)
            return
        name = self._named_once("k", Resource(uri))
        self._keys = (*self._keys, name)
        self._replace_uri(line, len("#EXT-X-KEY:"), name + ".key")

    def _map(self, line: str) -> None:
        start = len("#EXT-X-MAP:")
        attributes = attribute_list.values(line, start)
        uri = attributes.get("URI", "")
        if not uri or not naming.is_fetchable(uri):
            self._pending.append(line)
            return
        text = attributes.get("BYTERANGE")
        part = None
        if text is not None:
            part = self._implied_range(text if "@" in text else f"{text}@0", uri)
        self._init = self._named_once("i", Resource(uri, part))
        self._replace_uri(line, start, self._init + ".mp4", BYTERANGE=None)

    def _part_tag(self, line: str) -> None:
        start = len("#EXT-X-PART:")
        attributes = attribute_list.values(line, start)
        uri, text = attributes.get("URI", ""), attributes.get("BYTERANGE")
        part = self._implied_range(text, uri) if text is not None else None
        name = self._part_name(Resource(uri, part))
        self._replace_uri(line, start, name, BYTERANGE=None)
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
        if offset is not None and length is None:
            return  # Its end is unknown, so it is no resource of its own; a hint may be dropped.
        part = None if length is None else ByteRange(int(offset or 0), int(length))
        if attributes.get("TYPE") == "MAP":
            name = self._named_once("i", Resource(uri, part)) + ".mp4"
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
        start = line.index(":") + 1
        uri = attribute_list.values(line, start).get("URI", "")
        if not uri or not naming.is_fetchable(uri):
            self._pending.append(line)
            return
        name = f"x{self._number}-{self._counter}"
        self._counter += 1
        self._resources[name] = Resource(uri)
        self._replace_uri(line, start, name + naming.data_extension(uri))

    def _date_range(self, line: str) -> None:
        # Interstitials lead to other servers, by a URI or by a list of URIs; they are optional.
        if "X-ASSET-" not in line:
            self._pending.append(line)

    def _byte_range_tag(self, line: str) -> None:
        self._range_text = line.partition(":")[2]

    def _define(self, line: str) -> None:
        variables.define(line, self._variables, self._imported, self._url)

    def _skip(self, line: str) -> None:
        attributes = attribute_list.values(line, len("#EXT-X-SKIP:"))
        self._number += int(attributes.get("SKIPPED-SEGMENTS", "0"))
        self._delta = True
        self._pending.append(line)

    def _target_duration(self, line: str) -> None:
        self._target = _seconds(line.partition(":")[2])
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
    "#EXT-X-DEFINE": _Reader._define,
    "#EXT-X-SKIP": _Reader._skip,
    "#EXT-X-TARGETDURATION": _Reader._target_duration,
    "#EXT-X-ENDLIST": _Reader._end_list,
    "#EXT-X-DISCONTINUITY": _Reader._discontinuity_tag,
    "#EXT-X-PROGRAM-DATE-TIME": _Reader._program_date_time,
}


def _seconds(text: str) -> float:
    return float(text.partition(",")[0].strip() or 0)


def _names_by_resource(playlist: MediaPlaylist) -> dict[tuple[str, Resource], str]:
    return {
        (name[0], resource): name
        for name, resource in playlist.resources.items()
        if name[0] in "ki"
    }
