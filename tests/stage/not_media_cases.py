"""What upstreams answer with 200 in place of media, and what only looks like that.

One table for all who judge: playback, `probe`, `trace` and the trial of a new link.
"""

import hashlib
from dataclasses import dataclass

from strmctl.domain.media.not_media import Kind


@dataclass(frozen=True, slots=True)
class Case:
    """`instead` is a word of what it is called, None for what is media."""

    name: str
    kind: Kind
    body: bytes
    media_type: str = "application/octet-stream"
    instead: str | None = None

    def __str__(self) -> str:
        return f"{self.kind.value}: {self.name}"


def noise(name: str, size: int = 600) -> bytes:
    """Bytes that look like nothing, as those of a cipher."""
    return hashlib.shake_256(name.encode()).digest(size)


PACKET = b"G\x40\x00\x10" + bytes(184)
TS = PACKET * 4
MP4 = b"\x00\x00\x00\x18ftypiso5" + noise("mp4")
FRAGMENT = b"\x00\x00\x00\x18moof" + noise("fragment")
PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n"
CUES = b"WEBVTT\n\n00:00.000 --> 00:01.000\nHallo\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(60) + b"IEND\xaeB`\x82"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + noise("jpeg")
OCTETS, TEXT, HTML = "application/octet-stream", "text/plain", "text/html"
M3U8 = "application/vnd.apple.mpegurl"

_SENTENCE = b"Forbidden"
_XML = b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code></Error>'
_COMMENTED = b"<!-- served by edge 7 -->\n<!-- v2 -->\n<!DOCTYPE html><html>Gone</html>"
_MPD = b'<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>'
_LETTER = b"Good evening, this film has been taken down because its owner asked for that. "
"""Begins with the sync byte of a transport stream."""
_BINARY_LIST = b"bplist00\xd1\x01\x02SURL_\x10\x1ahttp://cdn.example/a?t=1\x08\x0b\x0f" + bytes(20)
_ASX = '<ASX><ENTRY><REF HREF="http://cdn.example/a?t=1"/></ENTRY></ASX>'


def box(kind: bytes, content: bytes = b"") -> bytes:
    """Of ISO base media and QuickTime."""
    return (len(content) + 8).to_bytes(4) + kind + content


_REFERENCE = box(b"moov", box(b"rmra", box(b"rmda", box(b"rdrf", b"url http://cdn.example/"))))
_FTYP = box(b"ftyp", b"qt  \0\0\0\0qt  ")
_MOVIE = box(b"moov", box(b"mvhd", bytes(100)) + box(b"trak", b"rmra"))

_MESSAGES = [
    ("nothing", b"", OCTETS, "empty"),
    ("a sentence", _SENTENCE, TEXT, "text"),
    ("a longer sentence", b"This link has expired. Ask for a new one.", TEXT, "text"),
    ("a sentence without a type", _SENTENCE, "", "text"),
    ("a sentence as octets", b"Access denied", OCTETS, "text"),
    ("a sentence in UTF-16", "Forbidden!".encode("utf-16"), TEXT, "text"),
    ("a sentence beyond ASCII", "Zugriff verweigert, gr\u00fc\u00df".encode(), TEXT, "text"),
    ("XML", _XML, "application/xml", "XML"),
    ("XML as octets", _XML, OCTETS, "XML"),
    ("XML as video", _XML, "video/mp2t", "XML"),
    ("XML without a declaration", b"<Error><Code>ExpiredToken</Code></Error>", "", "XML"),
    ("JSON", b'{"error": "token expired"}', "application/json", "JSON"),
    ("JSON as text", b'{"error": "token expired"}', TEXT, "JSON"),
    ("JSON as octets", b'\xef\xbb\xbf {"code": 403}', OCTETS, "JSON"),
    ("JSON as a problem", b'{"status": 403}', "application/problem+json", "JSON"),
    ("a JSON array", b'[{"code": 1}]', OCTETS, "JSON"),
    ("a page", b"<!DOCTYPE html><html>Gone</html>", HTML, "web page"),
    ("a page as video", b"\n <HTML><body>", "video/mp2t", "web page"),
    ("a page behind comments", _COMMENTED, HTML, "web page"),
    ("a page behind a comment, as video", _COMMENTED, "video/mp2t", "web page"),
    ("a page behind an XML declaration", b"<?xml version='1.0'?><html>", "", "web page"),
    ("a page in pieces", b"<p>This link has expired.</p>", HTML, "web page"),
    ("a page with a BOM", b"\xef\xbb\xbf<html>", "", "web page"),
    ("a DASH manifest", _MPD, "application/dash+xml", "DASH"),
    ("a DASH manifest as text", _MPD, TEXT, "DASH"),
    ("a ZIP archive", b"PK\x03\x04\x14\x00" + noise("zip"), "application/zip", "ZIP"),
    ("a PDF file", b"%PDF-1.7\n" + noise("pdf"), "application/pdf", "PDF"),
]
_IMAGES = [
    ("a JPEG image", JPEG, "image/jpeg", "an image"),
    ("a PNG image, nothing behind it", PNG, "image/png", "an image"),
    ("a GIF image", b"GIF89a\x01\x00\x01\x00" + noise("gif", 40), "image/gif", "an image"),
    ("a WebP image", b"RIFF\x10\x00\x00\x00WEBPVP8 " + noise("webp", 40), "", "an image"),
]
_MEDIA = [
    ("a transport stream", TS, "", None),
    ("a transport stream called a page", TS, HTML, None),
    ("one packet", PACKET, OCTETS, None),
    ("MP4", MP4, OCTETS, None),
    ("a fragment", FRAGMENT, TEXT, None),
    ("Matroska", b"\x1aE\xdf\xa3" + noise("mkv"), TEXT, None),
    ("packed audio", b"ID3\x04\x00\x00\x00\x00\x00\x00" + noise("aac"), "", None),
    ("ADTS", b"\xff\xf1\x50\x80" + noise("adts"), "", None),
    ("AVI", b"RIFF\x10\x00\x00\x00AVI LIST" + noise("avi"), "", None),
    ("noise", noise("encrypted"), "", None),
    ("noise called text", noise("encrypted"), TEXT, None),
    ("16 bytes of noise", noise("block", 16), OCTETS, None),
    ("noise like a page", b"<" + noise("page"), HTML, None),
    ("noise like JSON", b"{" + noise("json"), "application/json", None),
    ("noise like a BMP image", b"BM" + noise("bmp"), "", None),
]


def _each(kind: Kind, *rows: tuple[str, bytes, str, str | None]) -> list[Case]:
    return [Case(name, kind, body, media_type, instead) for name, body, media_type, instead in rows]


CASES = [
    # The playback URL: a playlist or a plain file.
    *_each(Kind.ROOT, *_MESSAGES, *_IMAGES, *_MEDIA),
    *_each(
        Kind.ROOT,
        ("a playlist", PLAYLIST, M3U8, None),
        ("a playlist called text", b"\xef\xbb\xbf\r\n" + PLAYLIST, TEXT, None),
        ("subtitles", CUES, TEXT, None),
        ("subtitles with an address", CUES + b"https://subs.example/\n", "video/mp4", None),
        ("a PLS playlist", b"[playlist]\nFile1=https://cdn.example/a?t=1", "audio/x-scpls", "text"),
        ("a list of addresses", b"https://cdn.example/a?t=1\n", "video/mp4", "text"),
        ("a QuickTime reference", b"RTSPtext\r\nrtsp://cdn.example/a\r\n", "video/mp4", "text"),
        ("an ASX reference", b"[Reference]\nRef1=MMS://cdn.example/a", "video/x-ms-asf", "text"),
        ("addresses in Latin-1", b"[playlist]\nTitle1=Caf\xe9\nFile1=http://a/b.mp3\n", "", "text"),
        ("a list with a letter", b"http://a/caf\xe9.mp3\r\nhttp://a/b.mp3\r\n", OCTETS, "text"),
        ("a list with an arrow", b"[playlist]\nTitle1=-->\nFile1=http://a/b\n", "audio/x", "text"),
        ("a list of paths", b"[playlist]\nFile1=//cdn.example/a?t=1", "video/mp4", "text"),
        ("a shortcut", b"[InternetShortcut]\r\nURL=/a?t=1\r\n", "video/mp4", "text"),
        ("a binary shortcut", _BINARY_LIST, "video/mp4", "a property list"),
        ("a reference movie", _REFERENCE, "video/quicktime", "QuickTime"),
        ("a reference movie with a type", _FTYP + _REFERENCE, "video/mp4", "QuickTime"),
        ("a reference movie behind room", box(b"wide") + _REFERENCE, "", "QuickTime"),
        ("a reference movie behind free room", box(b"free", bytes(90)) + _REFERENCE, "", "QuickT"),
        ("a movie", _FTYP + _MOVIE + box(b"mdat", noise("movie")), "video/quicktime", None),
        ("a movie without a type", box(b"free", bytes(9)) + _MOVIE, "video/quicktime", None),
        ("a movie whose index is behind it", box(b"wide") + box(b"mdat", noise("m")), "", None),
        ("ASX in UTF-16 without a mark", _ASX.encode("utf-16-be"), "video/x-ms-asf", "XML"),
        ("ASX in UTF-16, the other way", _ASX.encode("utf-16-le"), "video/x-ms-asf", "XML"),
        ("a letter", _LETTER, TEXT, "text"),
        ("a letter of 188 bytes", (_LETTER * 3)[:188], OCTETS, "text"),
        ("a letter beyond ASCII", "Grüße! Der Film ist nicht mehr da.".encode(), TEXT, "text"),
        ("addresses in UTF-16", "File1=http://a.example/".encode("utf-16"), "audio/x", "text"),
        ("a packet of stuffing", b"G\x1f\xff\x10" + b"\xff" * 184, OCTETS, None),
        ("two letters", b"#E", OCTETS, None),
        ("bytes that say nothing", b"anything", "video/mp4", None),
        ("binary by the type of a playlist", b"\x00\x01", M3U8, "#EXTM3U"),
        ("text by the type of a playlist", b"not here", M3U8, "#EXTM3U"),
        ("a segment by the type of a playlist", TS, M3U8, None),
    ),
    # A rendition: nothing but a playlist.
    *_each(Kind.PLAYLIST, *_MESSAGES[:1], *_MESSAGES[7:24]),
    *_each(
        Kind.PLAYLIST,
        ("a playlist", PLAYLIST, TEXT, None),
        ("a sentence", _SENTENCE, TEXT, "#EXTM3U"),
        ("a segment", TS, "video/mp2t", "#EXTM3U"),
        ("noise", noise("encrypted"), M3U8, "#EXTM3U"),
    ),
    # A key of 16 bytes, which may be any.
    *_each(Kind.KEY, *_MESSAGES[:1], *_MESSAGES[7:24]),
    *_each(
        Kind.KEY,
        ("a key", noise("key", 16), OCTETS, None),
        ("a key called a page", b"<!0123456789abc>", HTML, None),
        ("a key like JSON", b'{"k":"01234567"}', "application/json", None),
        ("a key of letters", b"k" * 16, TEXT, None),
        ("9 bytes", noise("key", 9), OCTETS, "9 bytes"),
        ("17 bytes", noise("key", 17), OCTETS, "17 bytes"),
        ("15 bytes", noise("key", 15), OCTETS, "15 bytes"),
        ("a key in hexadecimal", b"0123456789abcdef" * 2, TEXT, "text"),
        ("a sentence", _SENTENCE, TEXT, "text"),
        ("a segment", TS, "video/mp2t", "bytes"),
        ("a playlist", PLAYLIST, M3U8, "a playlist"),
    ),
    # Init sections and segments of any container, which may be encrypted.
    *(
        case
        for kind in (Kind.INIT, Kind.SEGMENT)
        for case in _each(
            kind,
            *_MESSAGES,
            *_MEDIA,
            ("a playlist", PLAYLIST, "video/mp2t", "a playlist"),
            ("a sentence as video", b"Not found", "video/mp2t", "text"),
            ("a sentence that begins with G", b"Gone away", "video/mp2t", "text"),
        )
    ),
    *_each(Kind.INIT, *_IMAGES),
    *_each(
        Kind.SEGMENT,
        *_IMAGES,
        ("a segment behind an image", PNG + TS, "image/png", None),
        ("an encrypted segment behind an image", PNG + noise("hidden"), "image/png", None),
        ("subtitles", CUES, TEXT, None),
    ),
    # Subtitles, which may be in any encoding.
    *_each(
        Kind.SUBTITLES,
        ("subtitles", CUES, "text/vtt", None),
        ("subtitles with a BOM", b"\xef\xbb\xbf" + CUES, TEXT, None),
        ("subtitles in UTF-16", CUES.decode().encode("utf-16"), TEXT, None),
        ("subtitles in Latin-1", CUES.replace(b"a", b"\xe4"), "", None),
        ("SubRip", b"1\n00:00:00,000 --> 00:00:01,000\nHallo\n", TEXT, None),
        ("TTML", b"<?xml version='1.0'?><tt xmlns='x'>", "application/ttml+xml", None),
        ("fragmented", FRAGMENT, "video/mp4", None),
        ("none in this segment", b"", "text/vtt", None),
        ("nothing", b"", TEXT, "empty"),
        ("a sentence", _SENTENCE, TEXT, "text"),
        ("a page", b"<!DOCTYPE html><html>", "text/vtt", "web page"),
        ("JSON", b'{"error":1}', "text/vtt", "JSON"),
        ("XML", _XML, "text/vtt", "XML"),
        ("a playlist", PLAYLIST, "text/vtt", "a playlist"),
    ),
    # Thumbnails.
    *_each(
        Kind.IMAGE,
        ("an image", JPEG, "image/jpeg", None),
        ("a page", b"<html>", "image/jpeg", "web page"),
        ("a sentence", _SENTENCE, TEXT, "text"),
        ("nothing", b"", "image/jpeg", "empty"),
    ),
    # Session data and what unknown tags lead to.
    *_each(
        Kind.DATA,
        ("JSON", b'{"title": 1}', "application/json", None),
        ("XML", _XML, "application/xml", None),
        ("text", _SENTENCE, TEXT, None),
        ("a page", _COMMENTED, HTML, "web page"),
        ("a playlist", PLAYLIST, M3U8, "a playlist"),
        ("nothing", b"", OCTETS, "empty"),
    ),
]
