"""A Multivariant Playlist: its renditions, each with a key that a new resolution gives again.

The key is made from what describes the rendition (kind, group, name, language, resolution,
codecs, frame rate), never from its URI; equal descriptions are told apart by the order of their
bandwidth. The text holds addresses of strmctl only.
"""

import base64
import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from strmctl.discreet import Discreet
from strmctl.domain.hls import attribute_list, harmless, naming
from strmctl.domain.hls.playlist_text import split_lines, without_leading_blanks
from strmctl.domain.hls.variables import Variables

MOST_NESTED = 3
"""Multivariant Playlists below the first one: a playlist may list itself."""


class Kind(StrEnum):
    """The first letter of a rendition's key."""

    VARIANT = "v"
    AUDIO = "a"
    VIDEO = "w"
    SUBTITLES = "s"
    I_FRAMES = "i"
    IMAGES = "j"


class Rendition(NamedTuple):
    """A playlist that the Multivariant Playlist lists, `uri` as the upstream wrote it."""

    key: str
    kind: Kind
    uri: str

    def __repr__(self) -> str:
        return f"Rendition({self.key})"


class MultivariantPlaylist(Discreet, frozen=True):
    """`data` are URIs that are no playlists (keys, session data), by name without extension."""

    hidden = ("data", "variables", "_pieces")

    renditions: Mapping[str, Rendition]
    data: Mapping[str, str]
    variables: Mapping[str, str]
    _pieces: Sequence[str | tuple[str, str]]

    def render(self, playlist: Callable[[str], str], data: Callable[[str], str]) -> str:
        """The text with the address of each rendition (by key) and datum (by name)."""
        address = {"playlist": playlist, "data": data}
        return "".join(
            piece if isinstance(piece, str) else address[piece[0]](piece[1])
            for piece in self._pieces
        )


_DESCRIPTION = (
    "TYPE GROUP-ID NAME LANGUAGE ASSOC-LANGUAGE CHANNELS CHARACTERISTICS RESOLUTION CODECS "
    "FRAME-RATE VIDEO-RANGE AUDIO VIDEO SUBTITLES PATHWAY-ID"
).split()
_MEDIA_KINDS = {"AUDIO": Kind.AUDIO, "VIDEO": Kind.VIDEO, "SUBTITLES": Kind.SUBTITLES}
_RENDITION_TAGS = {
    "#EXT-X-I-FRAME-STREAM-INF": Kind.I_FRAMES,
    "#EXT-X-IMAGE-STREAM-INF": Kind.IMAGES,
}
_DATA_NAMES = {"#EXT-X-SESSION-KEY": "k", "#EXT-X-SESSION-DATA": "d"}
_MARK = "\x00"


class _Found(NamedTuple):
    """A rendition before its key is known, and the index of its piece."""

    kind: Kind
    uri: str
    attributes: Mapping[str, str]
    piece: int


def nested(key: str, parent: str) -> str:
    """The key of a rendition in the Multivariant Playlist that `parent` is the key of.

    IPTV panels list such a playlist as a variant. Its own kind stays in front.
    """
    return f"{key}.{parent}" if parent else key


def split_key(key: str) -> tuple[str, str]:
    """What a rendition is called where it is listed, and the key of the playlist that lists it."""
    own, _, parent = key.partition(".")
    return own, parent


def is_too_deep(key: str) -> bool:
    """Whether what this key names may list no renditions of its own."""
    return key.count(".") + 1 > MOST_NESTED


def parse(text: str, url: str, imported: Mapping[str, str] | None = None) -> MultivariantPlaylist:
    """Read a decoded Multivariant Playlist that came from `url`.

    `imported` are the variables of the one that lists it.
    """
    reader = _Reader(url, imported)
    for line in split_lines(text.replace(_MARK, "")):
        reader.line(line)
    return reader.finish()


class _Reader:
    def __init__(self, url: str, imported: Mapping[str, str] | None) -> None:
        self._pieces: list[str | tuple[str, str]] = []
        self._found: list[_Found] = []
        self._data: dict[str, str] = {}
        self._variables = Variables(url, imported)
        self._variant: Mapping[str, str] | None = None

    def line(self, line: str) -> None:
        line = without_leading_blanks(line)
        hidden: Collection[str] = ()
        if self._variables.known:
            before, line = line, self._variables.substitute(line)
            hidden = self._variables.hidden if line != before else ()
        tag, colon, _ = line.partition(":")
        if line[:1] != "#":
            self._uri_line(line)
        # IPTV lists put the name of a variant there.
        elif tag == "#EXTINF" and colon:
            self._pieces.append(harmless.duration_line(line))
        elif tag == "#EXT-X-DEFINE":
            self._variables.define(line)
        elif (shown := harmless.tag_line(line, hidden)) is not None:
            self._tag(shown, tag, colon)

    def _tag(self, line: str, tag: str, colon: str) -> None:
        if not (colon and tag.startswith("#EXT")):
            self._pieces.append(line)
            return
        attributes = attribute_list.values(line, len(tag) + 1)
        key_format = attributes.get("KEYFORMAT", "") if tag == "#EXT-X-SESSION-KEY" else ""
        # EXT-X-MEDIA has no URI for closed captions (RFC 8216 section 4.3.4.1).
        if naming.stays(attributes.get("URI", ""), key_format):
            self._pieces.append(line)
        else:
            self._uri_attribute(line, tag, attributes)
        if tag == "#EXT-X-STREAM-INF":
            self._variant = attributes

    def _uri_line(self, line: str) -> None:
        uri = line.strip()
        if not uri:
            self._pieces.append(line)
            return
        self._add(Kind.VARIANT, uri, self._variant or {})
        self._pieces.append(line[len(line.rstrip("\r\n")) :])
        self._variant = None

    def _uri_attribute(self, line: str, tag: str, attributes: Mapping[str, str]) -> None:
        edited = attribute_list.edit(line, len(tag) + 1, {"URI": f'"{_MARK}"'})
        before, _, after = edited.partition(_MARK)
        self._pieces.append(before)
        kind = _RENDITION_TAGS.get(tag)
        if tag == "#EXT-X-MEDIA":
            kind = _MEDIA_KINDS.get(attributes.get("TYPE", ""), Kind.VIDEO)
        if kind is not None:
            self._add(kind, attributes["URI"], attributes)
        else:
            self._add_data(_DATA_NAMES.get(tag, "x"), attributes["URI"])
        self._pieces.append(after.replace(_MARK, ""))

    def _add(self, kind: Kind, uri: str, attributes: Mapping[str, str]) -> None:
        self._found.append(_Found(kind, uri, attributes, len(self._pieces)))
        self._pieces.append("")

    def _add_data(self, letter: str, uri: str) -> None:
        name = f"{letter}{len(self._data)}"
        self._data[name] = uri
        self._pieces.append(("data", name + naming.data_extension(uri)))

    def finish(self) -> MultivariantPlaylist:
        renditions: dict[str, Rendition] = {}
        seen: dict[str, int] = {}
        for found in sorted(self._found, key=_bandwidth):
            description = found.kind + _digest(found.attributes)
            order = seen[description] = seen.get(description, -1) + 1
            key = f"{description}-{order}" if order else description
            renditions[key] = Rendition(key, found.kind, found.uri)
            self._pieces[found.piece] = ("playlist", key)
        return MultivariantPlaylist(renditions, self._data, self._variables.known, self._pieces)


def _bandwidth(found: _Found) -> int:
    value = found.attributes.get("BANDWIDTH", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 20 else 0


def _digest(attributes: Mapping[str, str]) -> str:
    text = "\n".join(f"{name}={attributes[name]}" for name in _DESCRIPTION if name in attributes)
    # The text may hold bytes that are no UTF-8: they survived its decoding as surrogates.
    digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
    return base64.b32encode(digest[:5]).decode().lower()
