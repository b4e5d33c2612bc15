"""What first bytes tell, whatever names and media types claim."""

import pytest

from strmctl.domain.hls.playlist_text import begins_playlist
from strmctl.domain.media import media_kind

BOM = b"\xef\xbb\xbf"
TS = b"G\x40\x00\x10" + bytes(184)
MP4 = b"\x00\x00\x00\x18ftypmp42"


@pytest.mark.parametrize(
    "body", [b"#EXTM3U\n", BOM + b"#EXTM3U", b"\r\n \t#EXTM3U", BOM + b"\n#EXTM3U"]
)
def test_more_bytes_may_make_a_playlist_at_every_split(body: bytes) -> None:
    for end in range(len(body) + 1):
        head = body[:end]
        assert media_kind.may_be_playlist(head) or begins_playlist(head)


@pytest.mark.parametrize("head", [TS, MP4, b"<", b"#EXTM4", b"#EXTINF", b"\xef\xbbx", b"{"])
def test_no_more_bytes_make_it_a_playlist(head: bytes) -> None:
    assert not media_kind.may_be_playlist(head)


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
        pytest.param("audio/mpegurl", None, id="a playlist"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_what_an_upstream_may_call_its_bytes(told: str, believed: str | None) -> None:
    assert media_kind.video_or_audio(told) == believed
