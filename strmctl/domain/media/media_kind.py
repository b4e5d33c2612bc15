"""What the first bytes of a body are; names and media types of upstreams are not believed."""

import re

from strmctl.domain.hls.playlist_text import begins_playlist

SNIFF_BYTES = 512

_BOM = b"\xef\xbb\xbf"

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
PLAYLIST_TYPE = "application/vnd.apple.mpegurl"

_KEY_BYTES = 16
_CONTROL_BYTES = bytes(set(range(0x20)) - set(b"\t\n\v\f\r\x1b"))


def media_type(extension: str) -> str:
    """The media type of a name that strmctl made."""
    return _TYPES.get(extension, "application/octet-stream")


def video_or_audio(content_type: str) -> str | None:
    """The type that a Content-Type field tells, without parameters, if it is one of media.

    Whatever else stands there, a second type perhaps, is nothing that a browser should read.
    """
    told = _essence(content_type)
    return told if _VIDEO_OR_AUDIO.fullmatch(told) else None


def is_playlist(head: bytes, content_type: str) -> bool:
    """Whether a body that begins with `head` is, or claims to be, a playlist."""
    return begins_playlist(head) or _essence(content_type) in _PLAYLIST_TYPES


def may_be_playlist(head: bytes) -> bool:
    """Whether more bytes could still make a playlist of what begins with `head`."""
    text = head.removeprefix(_BOM).lstrip(b" \t\r\n")
    return _BOM.startswith(head) or b"#EXTM3U".startswith(text)


def may_be_something_else(head: bytes) -> bool:
    """Whether more bytes could still change what `what_instead` says."""
    text = head.removeprefix(_BOM).lstrip()
    return may_be_playlist(head) or text.startswith((b"<", b"{", b"["))


def what_instead(head: bytes, content_type: str, listed_as: str | None) -> str | None:
    """What an upstream answers in place of media; None for media.

    `listed_as` is the media type of what a playlist lists, None for what may be a playlist itself.
    Of 16 bytes each may be any, since they are a key (RFC 8216 section 4.3.2.4).
    """
    if not head:
        is_subtitles = listed_as == _TYPES[".vtt"] and _essence(content_type) == "text/vtt"
        return None if is_subtitles else "nothing"
    if listed_as is not None and begins_playlist(head):
        return "a playlist"
    if listed_as is not None and len(head) == _KEY_BYTES:
        return None
    if is_web_page(head, content_type):
        return "a web page"
    is_data = listed_as is not None and video_or_audio(listed_as) is None
    return "JSON" if not is_data and is_json(head, content_type) else None


def is_web_page(head: bytes, content_type: str) -> bool:
    """Whether an upstream answered with a page instead of media (a soft 404).

    A page is told by its bytes; the media type alone convicts only what reads as text.
    """
    text = head.removeprefix(_BOM).lstrip()[:64].lower()
    if text.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<script")):
        return True
    claims_page = _essence(content_type) in ("text/html", "application/xhtml+xml")
    return claims_page and text.startswith((b"<", b"{")) and _reads_as_text(head)


def is_json(head: bytes, content_type: str) -> bool:
    """Whether the body is a JSON message, as APIs answer in place of media."""
    claims_json = _essence(content_type) == "application/json"
    return claims_json and head.lstrip()[:1] in (b"{", b"[") and _reads_as_text(head)


def sniffed_type(head: bytes) -> str | None:
    """The media type that magic bytes tell, of the containers that players know."""
    if head[4:8] in (b"ftyp", b"styp", b"moof"):
        return "video/mp4"
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
    if head.removeprefix(b"\xef\xbb\xbf").startswith(b"WEBVTT"):
        return ".vtt"
    return ".ts" if head[:1] == b"G" else _packed_audio(head)


def _packed_audio(head: bytes) -> str | None:
    if head[:2] == b"\x0bw":
        return ".ac3"
    if len(head) < 2 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    # The layer bits of an MPEG audio header are zero in ADTS (ISO/IEC 13818-7).
    return ".mp3" if head[1] & 0x06 else ".aac"


def _reads_as_text(head: bytes) -> bool:
    """In whatever encoding pages are written that has no NUL."""
    return head.translate(None, _CONTROL_BYTES) == head


def _essence(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()
