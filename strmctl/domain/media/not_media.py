"""One rule says whether a 2xx answer is what it was asked for, or something instead (a soft 404).

Playback, `probe`, `trace` and the trial of a new link all ask here. Bytes decide; the media type
only where they say nothing. What may be encrypted is refused only for what no cipher produces.
"""

import re
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import urlsplit

from strmctl.domain.hls.playlist_text import begins_playlist
from strmctl.domain.media import disguise, media_kind
from strmctl.domain.media.text import (
    claims_text,
    decoded,
    essence,
    has_no_controls,
    is_dash,
    is_json,
    is_markup,
    is_web_page,
    letters_in,
    may_be_text,
    reads_as_text,
)
from strmctl.domain.urls.upstream_url import DASH

EMPTY = "an empty body"
TEXT = "text"
NO_PLAYLIST = "a playlist that does not begin with #EXTM3U"
_ENOUGH_TEXT = 16
_WORD = 4
_CUE, _TIMED_TEXT = b"-->", b"<tt"
_ADDRESS = re.compile(rb"\w://")
_CUE_TIME = re.compile(rb"\d\d[.,]\d{3}[ \t]*-->")
_LIST = re.compile(rb"\s*\[(?:playlist|reference|internetshortcut|desktop entry)\]", re.IGNORECASE)
_ARCHIVES = {
    b"PK\x03\x04": "a ZIP archive",
    b"%PDF-": "a PDF file",
    b"Rar!\x1a\x07": "an archive",
    # A .webloc holds an address in binary.
    b"bplist0": "a property list",
}
# RFC 1952 section 2.3, with its flags and the systems that it knows: no cipher hits upon that.
_GZIP = re.compile(rb"\x1f\x8b\x08[\0-\x1f].{4}[\0\x02\x04][\0-\x0d\xff]", re.DOTALL)


class Kind(StrEnum):
    """What was asked for."""

    ROOT = "root"
    PLAYLIST = "playlist"
    SUBTITLE_PLAYLIST = "playlist of subtitles"
    """Some upstreams list the WebVTT file itself in its place."""
    KEY = "key"
    INIT = "init section"
    SEGMENT = "segment"
    SUBTITLES = "subtitles"
    IMAGE = "image"
    DATA = "data"


_BY_NAME = {"k": Kind.KEY, "i": Kind.INIT, "x": Kind.DATA, "d": Kind.DATA}
_BY_TYPE = {"text": Kind.SUBTITLES, "image": Kind.IMAGE}
_PLAYLISTS = (Kind.PLAYLIST, Kind.SUBTITLE_PLAYLIST)


class Expected(NamedTuple):
    """`size` is that of a key whose format is known; `url` is where the answer came from."""

    kind: Kind = Kind.ROOT
    size: int | None = None
    url: str = ""


ROOT = Expected()


def listed(name: str, media_type: str, size: int | None = None) -> Expected:
    """What strmctl called `name` in a playlist (see domain/hls/media_playlist.py)."""
    kind = _BY_NAME.get(name[:1])
    if kind is None:
        kind = _BY_TYPE.get(media_type.partition("/")[0], Kind.SEGMENT)
    return Expected(kind, size)


def what_instead(
    head: bytes, content_type: str, expected: Expected = ROOT, *, is_whole: bool = True
) -> str | None:
    """What a body that begins with `head` is instead of what is expected; None for that.

    `head` is all of it, or at least as much as `needs_more` asks for; not `is_whole`: of a part.
    """
    kind = expected.kind
    if not head:
        # Subtitles without a line in this segment.
        is_silent = kind is Kind.SUBTITLES and essence(content_type) == "text/vtt"
        return None if is_silent else EMPTY
    if not is_whole and media_kind.may_be_playlist(head):
        return None
    if kind is Kind.KEY:
        return _instead_of_key(head, content_type, expected.size, is_whole)
    if kind is Kind.ROOT and media_kind.leads_to_movies(head):
        return "a QuickTime reference"
    if kind is not Kind.DATA and media_kind.is_container(head) and not disguise.is_image(head):
        is_subtitle = kind is Kind.SUBTITLE_PLAYLIST and media_kind.is_web_vtt(head)
        return NO_PLAYLIST if kind in _PLAYLISTS and not is_subtitle else None
    if begins_playlist(head):
        return None if kind in (Kind.ROOT, *_PLAYLISTS) else "a playlist"
    if kind is Kind.DATA:
        # It may be anything that an upstream has to say, but a page is an error.
        return "a web page" if is_web_page(head, content_type) else None
    return (
        _message(head, content_type, kind)
        or _wrong(head, content_type, expected, is_whole)
        or _words(head, content_type, kind, is_whole)
    )


def needs_more(head: bytes, expected: Expected = ROOT) -> bool:
    """Whether more bytes could change what `what_instead` says."""
    if expected.kind is Kind.KEY:
        # One byte more than a key has shows one of 17 bytes (docs/peers.md, row 48).
        return len(head) <= (expected.size or media_kind.SNIFF_BYTES)
    if expected.kind is Kind.ROOT and media_kind.leads_to_movies(head) is None:
        return True
    if disguise.looks_disguised(head) and len(head) >= disguise.SHOWN_BY:
        is_open = expected.kind is Kind.SEGMENT and not disguise.media_offset(head)
        return is_open and len(head) < disguise.SEARCHED_BYTES
    # A playlist has shown itself in its first line, and one that is cut off can be resumed.
    if len(head) >= media_kind.SNIFF_BYTES or begins_playlist(head):
        return False
    is_short = len(head) < disguise.SHOWN_BY
    return may_be_text(head) or (is_short and _may_begin_magic(head))


def is_media_type(content_type: str) -> bool:
    """Whether the media type alone makes a file believed; a playlist has to show itself."""
    is_media = content_type.lower().startswith(("video/", "audio/"))
    return is_media and not media_kind.claims_playlist(content_type)


def is_playlist_url(url: str) -> bool:
    return urlsplit(url).path.lower().endswith((".m3u8", ".m3u"))


def _instead_of_key(head: bytes, content_type: str, size: int | None, is_whole: bool) -> str | None:
    """Each of the right number of bytes may be any (RFC 8216 section 4.3.2.4)."""
    if size is not None and len(head) == size:
        return None
    is_too_long = size is not None and len(head) > size
    if begins_playlist(head):
        return "a playlist"
    message = _message(head, content_type, Kind.KEY)
    if size is None:
        return message
    message = message or _words(head, content_type, Kind.KEY, is_whole)
    if is_whole or is_too_long:
        count = f"more than {size}" if is_too_long and not is_whole else f"{len(head)}"
        return message or f"{count} bytes where a key has {size}"
    return None


def _message(head: bytes, content_type: str, kind: Kind) -> str | None:
    """What is marked up for people or programs, which says that there is nothing else."""
    if is_dash(head, content_type):
        return DASH
    if is_web_page(head, content_type):
        return "a web page"
    if is_json(head, content_type):
        return "JSON"
    # TTML is XML as well, but it is what was asked for.
    is_timed_text = kind is Kind.SUBTITLES and _TIMED_TEXT in decoded(head)
    return "XML" if is_markup(head) and not is_timed_text else None


def _words(head: bytes, content_type: str, kind: Kind, is_whole: bool) -> str | None:
    is_enough = is_whole or len(head) >= _ENOUGH_TEXT
    if kind is Kind.ROOT and _leads_elsewhere(head):
        return TEXT if is_enough else None
    if not reads_as_text(head):
        return None
    return TEXT if is_enough and _is_no_media_text(head, content_type, kind) else None


def _leads_elsewhere(head: bytes) -> bool:
    """PLS, a bare list of URLs, a QuickTime reference in text: a player would leave the proxy.

    They are in any encoding, Latin-1 often; subtitles may name an address.
    """
    text = decoded(head)
    if not has_no_controls(head):
        return False
    # Its addresses may be paths alone.
    is_list = _LIST.match(text) is not None
    return is_list or (_ADDRESS.search(text) is not None and _CUE_TIME.search(text) is None)


def _is_no_media_text(head: bytes, content_type: str, kind: Kind) -> bool:
    """For a body that reads as text, whatever its type; encrypted bytes never do."""
    if kind is Kind.SUBTITLES:
        return len(head) < media_kind.SNIFF_BYTES and _is_no_cue(decoded(head))
    if claims_text(content_type):
        return True
    if kind in (Kind.SEGMENT, Kind.INIT, Kind.KEY):
        return letters_in(head) >= _WORD
    # A plain file may be of a kind that is not known here: its type is believed.
    is_short = len(head) < media_kind.SNIFF_BYTES
    return not is_media_type(content_type) and is_short and letters_in(head) >= _WORD


def _is_no_cue(text: bytes) -> bool:
    is_captioned = text.lstrip().startswith(b"WEBVTT") or _CUE in text or _TIMED_TEXT in text
    return not is_captioned and letters_in(text) >= _WORD


def _wrong(head: bytes, content_type: str, expected: Expected, is_whole: bool) -> str | None:
    """Data of another kind."""
    kind = expected.kind
    if kind in _PLAYLISTS or (kind is Kind.ROOT and _names_playlist(head, content_type, expected)):
        return NO_PLAYLIST
    for magic, name in _ARCHIVES.items():
        if head.startswith(magic):
            return name
    if _GZIP.match(head):
        return "a gzip file"
    if kind is Kind.IMAGE or not disguise.is_image(head):
        return None
    # Hosters glue segments, and nothing else, behind an image; a part may end before the media.
    may_be_glued = kind is Kind.SEGMENT and (not is_whole or _may_hide_media(head))
    return None if may_be_glued else "an image"


def _names_playlist(head: bytes, content_type: str, expected: Expected) -> bool:
    # A film at a .m3u8 address holds NULs early; sentences and pages do not.
    by_name = is_playlist_url(expected.url) and b"\x00" not in head
    return by_name or media_kind.claims_playlist(content_type)


def _may_hide_media(head: bytes) -> bool:
    """Less than what is searched is there only where that is decided, or all of a short image."""
    return disguise.media_offset(head) > 0


def _may_begin_magic(head: bytes) -> bool:
    """Whether these few bytes begin an image, or an archive."""
    begins = any(magic.startswith(head[: len(magic)]) for magic in _ARCHIVES)
    return begins or disguise.may_be_disguised(head) or disguise.looks_disguised(head)
