"""A playlist is UTF-8 text that begins with #EXTM3U; its lines end in LF, CRLF or CR only.

str.splitlines would also break at U+0085 and U+2028, which titles may hold. Bytes that are not
UTF-8 survive the round trip.
"""

import re
from collections.abc import Iterator
from io import StringIO

MAX_LINES = 500_000
MAX_LINE = 64 * 1024
"""Characters; players break off at 4,096, a key as a `data:` URI may be longer."""

PIECE = 128 * 1024
"""Characters that are looked at in one go: every other thread waits for so long."""

_BOM = b"\xef\xbb\xbf"
_HEADER = b"#EXTM3U"
_END = b"\n#EXT-X-ENDLIST"
# The first line is #EXTM3U, so each of these follows the end of a line.
_BLANKS = r"[ \t\v\f\u00a0\ufeff]*"
_LISTING = tuple(
    f"#EXT-X-{name}"
    for name in (
        *("STREAM-INF", "MEDIA", "I-FRAME-STREAM-INF", "IMAGE-STREAM-INF"),
        *("SESSION-DATA", "SESSION-KEY"),
    )
)
_IN_LISTING = ("STREAM-INF", "#EXT-X-MEDIA", "#EXT-X-SESSION-")
"""One of them stands in each of those."""
_MULTIVARIANT = re.compile(rf"[\r\n]{_BLANKS}(?:{'|'.join(_LISTING)})[:\r\n]")
_MEDIA = re.compile(rf"[\r\n]{_BLANKS}#EXT(?:INF:|-X-TARGETDURATION:|-X-MEDIA-SEQUENCE:)")
_RENDITION = re.compile(rf"[\r\n]{_BLANKS}#EXT-X-(?:MEDIA|I-FRAME-STREAM-INF|IMAGE-STREAM-INF):")
_LINE_END = re.compile(r"\r\n|\n|\r")
_TAG = "#EXT-X-"
_VARIANT = "#EXT-X-STREAM-INF:"
_SEGMENT = "#EXTINF:"
_HELD = 9


class NotAPlaylistError(ValueError):
    """The text is no playlist, or one that RFC 8216 section 4.1 calls invalid."""


def begins_playlist(head: bytes) -> bool:
    """Whether the first bytes (at least 1 KiB, or all there is) are those of a playlist."""
    return _body(head).startswith(_HEADER)


def is_finished(data: bytes) -> bool:
    """Whether nothing can be missing of a playlist, though its body was cut off.

    Scripts say a Content-Length that is too large; players read what comes.
    """
    return data.rstrip().endswith(_END)


def ends_in_a_line(data: bytes) -> bool:
    """Whether no line of it is cut off."""
    return data.endswith((b"\n", b"\r"))


# RFC 8216 section 4.1 wants UTF-8; what is none has to come out as it went in.
def decode(data: bytes) -> str:
    """The text of a playlist, without BOM or leading white space; raises NotAPlaylistError."""
    body = _body(data)
    if not body.startswith(_HEADER):
        raise NotAPlaylistError("does not begin with #EXTM3U")
    return body.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def split_lines(text: str) -> Iterator[str]:
    """The lines with their ends; raises NotAPlaylistError for too many or too long a one.

    One by one: to list half a million at once would keep every other thread waiting. In pieces,
    since StringIO takes four bytes for a character.
    """
    _check_count(text)
    for line in _lines(text):
        if len(line) > MAX_LINE:
            raise _line_too_long()
        yield line


def blocks(text: str) -> Iterator[tuple[str, str]]:
    """Whole lines, many at a time, each with LF at its end, and what the upstream has there.

    "" where that differs from line to line: such a line comes alone, with the end that it has.
    Raises NotAPlaylistError for too many or too long a one.
    """
    _check_count(text)
    end = _line_end(text)
    if not end:
        yield from ((line, "") for line in split_lines(text))
        return
    _check_lengths(text)
    held = ""
    for start, behind in _spans(text):
        block = held + text[start:behind]
        at = _behind_a_uri(block) if behind < len(text) else len(block)
        block, held = block[:at], block[at:]
        if block:
            yield block if end == "\n" else block.replace(end, "\n"), end


def _behind_a_uri(block: str) -> int:
    """Where the tags of a segment begin whose URI is in the next block; 0 where all are such.

    No segment has that many long tags: then the block is read as it is.
    """
    at = len(block)
    for _ in range(_HELD):
        begin = block.rfind("\n", 0, at - 1) + 1
        if block[begin] != "#":
            return at
        if not begin:
            return 0
        at = begin
    return len(block)


def _check_lengths(text: str) -> None:
    """The ends of lines are looked for where a line may end at the latest."""
    start = 0
    while len(text) - start > MAX_LINE:
        start = text.rfind("\n", start, start + MAX_LINE) + 1
        if not start:
            raise _line_too_long()


def _check_count(text: str) -> None:
    ends = text.count("\n")
    if "\r" in text:
        ends += text.count("\r") - text.count("\r\n")
    if ends + (text[-1:] not in "\r\n") > MAX_LINES:
        raise NotAPlaylistError(f"has more than {MAX_LINES} lines")


def _line_too_long() -> NotAPlaylistError:
    return NotAPlaylistError(f"has a line of more than {MAX_LINE} characters")


def _line_end(text: str) -> str:
    """What ends every line; "" where not all end alike."""
    if "\r" not in text:
        return "\n"
    ends = text.count("\r\n")
    return "\r\n" if ends == text.count("\r") == text.count("\n") else ""


def occurrences(pattern: re.Pattern[str], text: str, mark: str) -> Iterator[re.Match[str]]:
    """What `finditer` finds of a pattern that stays within a line and the end before it.

    `mark` stands in all that matches: where it is not, nothing is searched. Piece by piece: one
    search through 15 MiB kept every other thread waiting for 130 ms.
    """
    for start, end in _spans(text):
        first = text.find(mark, start, end)
        if first >= 0:
            line_end = text.find("\n", text.rfind(mark, first, end), end)
            # The end of a line stands before what is looked for.
            before = max(0, start - 1, text.rfind("\n", start, first))
            yield from pattern.finditer(text, before, line_end + 1 or end)


def is_multivariant(text: str) -> bool:
    """A Multivariant Playlist has no Media Segments (RFC 8216 section 4.1).

    Tags of a Media Playlist without any segment count for nothing where variants are listed.
    """
    if not any(_holds(_MULTIVARIANT, text, mark) for mark in _IN_LISTING):
        return False
    return not _holds(_MEDIA, text, "#EXT") or _lists_variants_only(text)


def without_leading_blanks(line: str) -> str:
    """A tag or comment may be indented; ffmpeg would take such a line for a URI."""
    bare = line.lstrip(" \t\v\f\u00a0\ufeff")
    return bare if bare[:1] == "#" else line


def _lists_variants_only(text: str) -> bool:
    """Whether the line before each URI that describes it, the last of its kind, is STREAM-INF.

    IPTV lists put the name of a variant into an EXTINF before it.
    """
    is_variant = is_segment = False
    found = _holds(_RENDITION, text, _TAG)
    for line in _lines(text):
        tag = without_leading_blanks(line)
        if tag.startswith(_VARIANT):
            is_variant = True
        elif tag.startswith(_SEGMENT):
            is_segment = True
        elif tag[:1] != "#" and not tag.isspace():
            # A URI behind EXTINF alone is a Media Segment (RFC 8216 section 4.3.2.1).
            if is_segment and not is_variant:
                return False
            found = found or is_variant
            is_variant = is_segment = False
    return found


def _holds(pattern: re.Pattern[str], text: str, mark: str) -> bool:
    return next(occurrences(pattern, text, mark), None) is not None


def _lines(text: str) -> Iterator[str]:
    for start, end in _spans(text):
        yield from StringIO(text[start:end], newline="")


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Where pieces of whole lines begin and end."""
    start = 0
    while start < len(text):
        end = _after_a_line(text, start)
        yield start, end
        start = end


def _after_a_line(text: str, start: int) -> int:
    """Where a piece from `start` on ends: behind a line, or within one that is too long anyhow."""
    latest = min(start + PIECE + MAX_LINE + 1, len(text))
    found = _LINE_END.search(text, start + PIECE, latest)
    # A search that ends between CR and LF has seen half of an end.
    return found.end() + (text[found.end() - 1 : found.end() + 1] == "\r\n") if found else latest


def _body(data: bytes) -> bytes:
    # ffmpeg and hls.js need #EXTM3U as the first bytes (docs/peers.md, row 11).
    return data.removeprefix(_BOM).lstrip(b" \t\r\n")
