"""What first bytes tell, whatever names and media types claim."""

import pytest

from strmctl.domain.media import media_kind

BOM = b"\xef\xbb\xbf"
TS = b"G\x40\x00\x10" + bytes(184)
MP4 = b"\x00\x00\x00\x18ftypmp42"


@pytest.mark.parametrize(
    ("head", "content_type", "expected"),
    [
        pytest.param(b"#EXTM3U\n", "", True, id="by its bytes"),
        pytest.param(b"#EXTM3U\n", "text/plain", True, id="as text"),
        pytest.param(b"#EXTM3U\n", "video/mp2t", True, id="as video"),
        pytest.param(BOM + b"\n #EXTM3U", "image/jpeg", True, id="BOM, white space"),
        pytest.param(b"<html>", "application/vnd.apple.mpegurl", True, id="claims to be"),
        pytest.param(b"", "Audio/X-MPEGURL; charset=utf-8", True, id="claims, with parameters"),
        pytest.param(TS, "video/mp2t", False, id="TS"),
        pytest.param(b"#EXTM3", "", False, id="cut short"),
        pytest.param(b"# EXTM3U", "text/plain", False, id="another comment"),
        pytest.param(b"", "", False, id="empty"),
    ],
)
def test_playlist(head: bytes, content_type: str, expected: bool) -> None:
    assert media_kind.is_playlist(head, content_type) is expected


@pytest.mark.parametrize(
    "body", [b"#EXTM3U\n", BOM + b"#EXTM3U", b"\r\n \t#EXTM3U", BOM + b"\n#EXTM3U"]
)
def test_more_bytes_may_make_a_playlist_at_every_split(body: bytes) -> None:
    for end in range(len(body) + 1):
        head = body[:end]
        assert media_kind.may_be_playlist(head) or media_kind.is_playlist(head, "")


@pytest.mark.parametrize("head", [TS, MP4, b"<", b"#EXTM4", b"#EXTINF", b"\xef\xbbx", b"{"])
def test_no_more_bytes_make_it_a_playlist(head: bytes) -> None:
    assert not media_kind.may_be_playlist(head)


@pytest.mark.parametrize(
    ("head", "content_type", "expected"),
    [
        pytest.param(b"<!DOCTYPE html><html>", "", True, id="doctype"),
        pytest.param(b"\n\t <HTML>", "video/mp2t", True, id="html as video"),
        pytest.param(BOM + b"<head>", "application/vnd.apple.mpegurl", True, id="BOM, head"),
        pytest.param(b"<script>", "", True, id="script"),
        pytest.param(b"<p>gone</p>", "text/html; charset=utf-8", True, id="claims, looks like"),
        pytest.param(b"<p>gone</p>", "", False, id="no claim"),
        pytest.param(b'{"error":1}', "text/html", True, id="JSON as a page"),
        pytest.param(TS, "text/html", False, id="TS as a page"),
        pytest.param(b"<\x00\x00", "text/html", False, id="binary"),
        pytest.param(b"<\x93\xc1\x02\xe0", "text/html", False, id="binary without NUL"),
        pytest.param(b"<p>\xd4\xe0\xe9\xeb</p>\r\n", "text/html", True, id="not UTF-8"),
        pytest.param(b"#EXTM3U", "text/html", False, id="playlist as a page"),
        pytest.param(b"WEBVTT", "text/html", False, id="subtitles as a page"),
        pytest.param(b"", "text/html", False, id="empty"),
        pytest.param(b"<?xml version='1.0'?><tt>", "application/ttml+xml", False, id="TTML"),
    ],
)
def test_web_page(head: bytes, content_type: str, expected: bool) -> None:
    assert media_kind.is_web_page(head, content_type) is expected


@pytest.mark.parametrize(
    ("head", "content_type", "expected"),
    [
        (b' {"error": 1}', "application/json; charset=utf-8", True),
        (b"[]", "Application/JSON", True),
        (b"{}", "video/mp2t", False),
        (TS, "application/json", False),
        (b"{\x93\xc1\x02\xe0", "application/json", False),
        (b"", "application/json", False),
    ],
)
def test_json(head: bytes, content_type: str, expected: bool) -> None:
    assert media_kind.is_json(head, content_type) is expected


PLAYLIST = b"#EXTM3U\n#EXTINF:4,\n"
PAGE = b"<p>gone</p>"
KEY, VTT, VIDEO = (media_kind.media_type(extension) for extension in (".key", ".vtt", ".ts"))


@pytest.mark.parametrize(
    ("head", "content_type", "listed_as", "instead"),
    [
        pytest.param(PLAYLIST, "", None, None, id="a playlist"),
        pytest.param(PLAYLIST, "", VIDEO, "a playlist", id="a playlist as a segment"),
        pytest.param(TS, "text/html", VIDEO, None, id="a segment"),
        pytest.param(PAGE, "text/html", None, "a web page", id="a page"),
        pytest.param(PAGE, "text/html", KEY, "a web page", id="a page as a key"),
        pytest.param(b"<" + b"k" * 15, "text/html", KEY, None, id="a key of letters"),
        pytest.param(b"<" + b"k" * 15, "text/html", None, "a web page", id="16 letters at root"),
        pytest.param(b"{}", "application/json", None, "JSON", id="JSON"),
        pytest.param(b"{}", "application/json", VIDEO, "JSON", id="JSON as a segment"),
        pytest.param(b"{}", "application/json", "application/json", None, id="JSON as data"),
        pytest.param(b"", "", None, "nothing", id="nothing"),
        pytest.param(b"", "", VIDEO, "nothing", id="nothing as a segment"),
        pytest.param(b"", "text/vtt; charset=utf-8", VTT, None, id="no subtitles"),
        pytest.param(b"", "text/plain", VTT, "nothing", id="nothing as subtitles"),
    ],
)
def test_what_is_answered_instead(
    head: bytes, content_type: str, listed_as: str | None, instead: str | None
) -> None:
    assert media_kind.what_instead(head, content_type, listed_as) == instead


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        pytest.param(b"", True, id="nothing yet"),
        pytest.param(b"#EXT", True, id="a playlist perhaps"),
        pytest.param(BOM + b"\n<", True, id="a page perhaps"),
        pytest.param(b"{", True, id="JSON perhaps"),
        pytest.param(TS[:1], False, id="TS"),
        pytest.param(MP4[:1], False, id="MP4"),
    ],
)
def test_more_bytes_may_show_something_else(head: bytes, expected: bool) -> None:
    assert media_kind.may_be_something_else(head) is expected


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        pytest.param(MP4, "video/mp4", id="ftyp"),
        pytest.param(b"\0\0\0\x18styp", "video/mp4", id="styp"),
        pytest.param(b"\0\0\0\x18moof", "video/mp4", id="moof"),
        pytest.param(b"\x1aE\xdf\xa3" + b"\x42\x82\x84webm", "video/webm", id="WebM"),
        pytest.param(b"\x1aE\xdf\xa3" + b"\x42\x82\x88matroska", "video/x-matroska", id="Matroska"),
        pytest.param(TS + TS, "video/mp2t", id="TS"),
        pytest.param(TS[:100], "video/mp2t", id="TS, cut short"),
        pytest.param(TS + b"x", None, id="G is not enough"),
        pytest.param(b"ID3\x04", "audio/mpeg", id="ID3"),
        pytest.param(b"\x89PNG\r\n", None, id="image"),
        pytest.param(b"", None, id="empty"),
    ],
)
def test_sniffed(head: bytes, kind: str | None) -> None:
    assert media_kind.sniffed_type(head) == kind


@pytest.mark.parametrize(
    ("head", "extension"),
    [
        pytest.param(TS, ".ts", id="TS"),
        pytest.param(MP4, ".mp4", id="MP4"),
        pytest.param(b"\0\0\0\x18sidx", ".mp4", id="segment index"),
        pytest.param(BOM + b"WEBVTT\n", ".vtt", id="WebVTT"),
        pytest.param(b"\xff\xf1\x50\x80", ".aac", id="ADTS"),
        pytest.param(b"\xff\xfb\x90\x00", ".mp3", id="MP3"),
        pytest.param(b"\x0bw\x00", ".ac3", id="AC-3"),
        pytest.param(b"ID3\x04\0\0\0\0\0\x02ab\xff\xfb", ".mp3", id="ID3, then MP3"),
        pytest.param(b"ID3\x04\0\0\0\0\x01\x00" + bytes(128) + b"\x0bw", ".ac3", id="long ID3"),
        pytest.param(b"ID3\x04\0\0\0\0\x7f\x7f", ".aac", id="ID3, nothing behind"),
        pytest.param(b"ID3", None, id="ID3, cut short"),
        pytest.param(b"\xff", None, id="one byte"),
        pytest.param(b"", None, id="empty"),
    ],
)
def test_segment_extension(head: bytes, extension: str | None) -> None:
    assert media_kind.segment_extension(head) == extension


@pytest.mark.parametrize(
    ("extension", "kind"),
    [
        (".ts", "video/mp2t"),
        (".m4s", "video/iso.segment"),
        (".key", "application/octet-stream"),
        (".html", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_media_type(extension: str, kind: str) -> None:
    assert media_kind.media_type(extension) == kind


@pytest.mark.parametrize(
    ("told", "believed"),
    [
        pytest.param("video/mp4", "video/mp4", id="video"),
        pytest.param('Video/MP4; codecs="avc1"', "video/mp4", id="parameters"),
        pytest.param("audio/x-m4a", "audio/x-m4a", id="audio"),
        pytest.param("video/mp4, text/html", None, id="two types"),
        pytest.param("video/mp4 text/html", None, id="a space"),
        pytest.param("video/", None, id="half a type"),
        pytest.param("text/html", None, id="a page"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_what_an_upstream_may_call_its_bytes(told: str, believed: str | None) -> None:
    assert media_kind.video_or_audio(told) == believed
