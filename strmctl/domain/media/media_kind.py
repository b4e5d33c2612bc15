"""What the first bytes of a body are; names and media types of upstreams are not believed."""

import re

from strmctl.domain.media.text import essence, reads_as_text

SNIFF_BYTES = 512

_BOM = b"\xef\xbb\xbf"

# RFC 8216 section 4 names the first and audio/mpegurl; servers send all five.
_PLAYLIST_TYPES = frozenset(
    {
        "application/vnd.apple.mpegurl",
        "application/x-mpegurl",
        "application/mpegurl",
        "audio/mpegurl",
        "audio/x-mpegurl",
    }
)
_VIDEO_OR_AUDIO = re.compile(r"(?:video|audio)/[a-z0-9.+-]+")
_TYPES = {
    ".ts": "video/mp2t",
    ".m4s": "video/iso.segment",
    ".mp4": "video/mp4",
    ".aac": "audio/aac",
    ".mp3": "audio/mpeg",
    ".ac3": "audio/ac3",
    ".ec3": "audio/eac3",
    ".vtt": "text/vtt; charset=utf-8",
    ".json": "application/json",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".mkv": "video/x-matroska",
    ".webm": "video/webm",
}
# Flash video, ASF, Ogg, FLAC, an MPEG program stream: files that players open.
_OTHER_CONTAINERS = (
    b"FLV\x01",
    b"\x30\x26\xb2\x75",
    b"OggS",
    b"fLaC",
    b"\x00\x00\x01\xba",
    b"\x00\x00\x01\xb3",
)
PLAYLIST_TYPE = "application/vnd.apple.mpegurl"
_BEFORE_A_MOVIE = (b"ftyp", b"wide", b"free", b"skip", b"pnot")
_MOVIE, _REFERENCE = b"moov", b"rmra"


def media_type(extension: str) -> str:
    """The media type of a name that strmctl made."""
    return _TYPES.get(extension, "application/octet-stream")


def video_or_audio(content_type: str) -> str | None:
    """The type that a Content-Type field tells, without parameters, if it is one of media.

    Whatever else stands there, a second type perhaps, is nothing that a browser should read.
    """
    told = essence(content_type)
    is_media = _VIDEO_OR_AUDIO.fullmatch(told) and told not in _PLAYLIST_TYPES
    return told if is_media else None


def claims_playlist(content_type: str) -> bool:
    return essence(content_type) in _PLAYLIST_TYPES


def may_be_playlist(head: bytes) -> bool:
    """Whether more bytes could still make a playlist of what begins with `head`."""
    text = head.removeprefix(_BOM).lstrip(b" \t\r\n")
    return _BOM.startswith(head) or b"#EXTM3U".startswith(text)


def is_container(head: bytes) -> bool:
    """Whether the first bytes are those of a container or of packed audio.

    A short text may begin with a G as well, the sync byte of a transport stream.
    """
    if head[:1] == b"G" and head[188:189] != b"G":
        return not reads_as_text(head)
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") and reads_as_text(head):
        return False  # A byte order mark looks like the sync word of MPEG audio.
    known = sniffed_type(head) or segment_extension(head)
    is_riff = head[:4] == b"RIFF" and head[8:12] in (b"AVI ", b"WAVE")
    return known is not None or is_riff or head.startswith(_OTHER_CONTAINERS)


def leads_to_movies(head: bytes) -> bool | None:
    """Whether a QuickTime movie holds nothing but where others are; None if more bytes decide.

    Classic QuickTime servers choose a movie for each speed so (QuickTime File Format, rmra).
    """
    start = 0
    while head[start + 4 : start + 8] in _BEFORE_A_MOVIE:
        start += max(8, int.from_bytes(head[start : start + 4]))
    kind, inside = head[start + 4 : start + 8], head[start + 12 : start + 16]
    if inside:
        return (
            None if len(inside) < 4 and kind == _MOVIE else (kind, inside) == (_MOVIE, _REFERENCE)
        )
    # No such movie is longer than 16 MiB.
    may_follow = start < SNIFF_BYTES and head[start : start + 1] in (b"", b"\0")
    return None if may_follow and _may_begin_box(kind) else False


def _may_begin_box(kind: bytes) -> bool:
    return any(each.startswith(kind) for each in (*_BEFORE_A_MOVIE, _MOVIE))


def is_web_vtt(head: bytes) -> bool:
    """WebVTT section 4.1: white space or nothing is behind the word; a page may begin with it."""
    text = head.removeprefix(_BOM)
    return text.startswith(b"WEBVTT") and not text[6:7].strip(b" \t\r\n")


def sniffed_type(head: bytes) -> str | None:
    """The media type that magic bytes tell, of the containers that players know."""
    if head[4:8] in (b"ftyp", b"styp", b"moof"):
        return "video/mp4"
    # EBML (RFC 8794): the DocType in its header tells WebM from Matroska.
    if head[:4] == b"\x1aE\xdf\xa3":
        return "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    if head[:1] == b"G" and (len(head) <= 188 or head[188:189] == b"G"):
        return "video/mp2t"
    if head[:3] == b"ID3":
        return "audio/mpeg"
    return None


def segment_extension(head: bytes) -> str | None:
    """The extension of a Media Segment by its bytes (RFC 8216 section 3); None if they say nothing.

    Packed audio may begin with an ID3 tag, which tells its length as four times seven bits.
    """
    if head[:3] == b"ID3" and len(head) >= 10:
        size = sum(byte << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
        return _packed_audio(head[10 + size :]) or ".aac"
    if head[4:8] in (b"ftyp", b"styp", b"moof", b"sidx"):
        return ".mp4"
    if is_web_vtt(head):
        return ".vtt"
    return ".ts" if head[:1] == b"G" else _packed_audio(head)


# The layer bits of an MPEG audio header are zero in ADTS (ISO/IEC 13818-7).
def _packed_audio(head: bytes) -> str | None:
    if head[:2] == b"\x0bw":  # The sync word of AC-3 and of E-AC-3 (ETSI TS 102 366).
        return ".ac3"
    if len(head) < 2 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    return ".mp3" if head[1] & 0x06 else ".aac"
