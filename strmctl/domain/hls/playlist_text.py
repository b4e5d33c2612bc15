"""A playlist is UTF-8 text that begins with #EXTM3U; its lines end in LF, CRLF or CR only.

str.splitlines would also break at U+0085 and U+2028, which titles may hold. Bytes that are not
UTF-8 survive the round trip.
"""

import re
from io import StringIO
from itertools import islice

MAX_LINES = 500_000

_BOM = b"\xef\xbb\xbf"
_HEADER = b"#EXTM3U"
# The first line is #EXTM3U, so each of these follows the end of a line.
_MULTIVARIANT = re.compile(
    r"[\r\n]#EXT-X-"
    r"(?:STREAM-INF|MEDIA|I-FRAME-STREAM-INF|IMAGE-STREAM-INF|SESSION-DATA|SESSION-KEY)[:\r\n]"
)
_MEDIA = re.compile(r"[\r\n]#EXT(?:INF:|-X-TARGETDURATION:|-X-MEDIA-SEQUENCE:)")


class NotAPlaylistError(ValueError):
    """The text is no playlist, or one that RFC 8216 section 4.1 calls invalid."""


def begins_playlist(head: bytes) -> bool:
    """Whether the first bytes (at least 1 KiB, or all there is) are those of a playlist."""
    return _body(head).startswith(_HEADER)


def decode(data: bytes) -> str:
    """The text of a playlist, without BOM or leading white space; raises NotAPlaylistError."""
    body = _body(data)
    if not body.startswith(_HEADER):
        raise NotAPlaylistError("does not begin with #EXTM3U")
    return body.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def split_lines(text: str) -> list[str]:
    """The lines with their ends; raises NotAPlaylistError when there are too many."""
    lines = list(islice(StringIO(text, newline=""), MAX_LINES + 1))
    if len(lines) > MAX_LINES:
        raise NotAPlaylistError(f"has more than {MAX_LINES} lines")
    return lines


def is_multivariant(text: str) -> bool:
    """A Multivariant Playlist has no Media Segments (RFC 8216 section 4.1)."""
    return _MULTIVARIANT.search(text) is not None and _MEDIA.search(text) is None


def _body(data: bytes) -> bytes:
    return data.removeprefix(_BOM).lstrip(b" \t\r\n")
