"""Bytes decide what an answer is; names and media types count where bytes say nothing."""

import pytest

from strmctl.domain.media import not_media

_TS = (b"G" + b"\x11" * 187) * 4
_URL = "http://cdn.example/film"


@pytest.mark.parametrize(
    ("head", "content_type", "url"),
    [
        pytest.param(_TS, "", _URL, id="transport stream without a type"),
        pytest.param(_TS, "text/html", _URL, id="transport stream called a page"),
        pytest.param(b"\x00\x00\x00\x18ftypmp42", "application/octet-stream", _URL, id="mp4"),
        pytest.param(b"\x00\x00\x00\x18stypmsdh", "", _URL, id="fragment"),
        pytest.param(b"\x1aE\xdf\xa3" + bytes(60), "text/plain", _URL, id="matroska"),
        pytest.param(b"ID3\x04\x00\x00\x00\x00\x00\x00", "", _URL, id="packed audio"),
        pytest.param(b"WEBVTT\n\n", "text/plain", _URL, id="subtitles"),
        pytest.param(b"#EXTM3U\n#EXT-X-VERSION:3\n", "text/plain", _URL, id="playlist as text"),
        pytest.param(b"\xef\xbb\xbf#EXTM3U\n", "text/html", _URL + ".m3u8", id="playlist, BOM"),
        pytest.param(b"<?xml version='1.0'?><MPD>", "application/dash+xml", _URL, id="DASH"),
        pytest.param(b"\x8a\x01\xff\x00" * 8, "", _URL, id="encrypted, no type"),
        pytest.param(b"\x8a\xb1\xff\x10" * 4, "text/plain", _URL, id="a key sent as text"),
        pytest.param(b"anything", "video/mp4", _URL, id="bytes that say nothing"),
    ],
)
def test_media(head: bytes, content_type: str, url: str) -> None:
    assert not_media.what_instead(head, content_type, url) is None


@pytest.mark.parametrize(
    ("head", "content_type", "url", "instead"),
    [
        pytest.param(b"", "video/mp4", _URL, "empty", id="nothing"),
        pytest.param(b"<!DOCTYPE html><html>", "video/mp4", _URL, "web page", id="page as video"),
        pytest.param(b"\n <html>", "", _URL, "web page", id="page without a type"),
        pytest.param(b'{"error":1}', "application/json", _URL, "JSON", id="message"),
        pytest.param(
            b'{"error":1}', "application/octet-stream", _URL, "JSON", id="message, no type"
        ),
        pytest.param(b"<?xml version='1.0'?><Error>", "application/xml", _URL, "XML", id="S3"),
        pytest.param(b"Gone away", "text/plain", _URL, "text", id="text that begins with a G"),
        pytest.param(b"File not found", "text/plain", _URL, "text", id="text"),
        pytest.param(b"not here", "", _URL + ".m3u8", "#EXTM3U", id="playlist by name only"),
        pytest.param(
            b"\x00\x01",
            "application/vnd.apple.mpegurl",
            _URL,
            "#EXTM3U",
            id="playlist by type only",
        ),
    ],
)
def test_something_else(head: bytes, content_type: str, url: str, instead: str) -> None:
    assert instead in (not_media.what_instead(head, content_type, url) or "")


@pytest.mark.parametrize(
    ("content_type", "believed"),
    [
        ("video/mp4", True),
        ("Audio/AAC; x=y", True),
        ("audio/mpegurl", False),
        ("application/vnd.apple.mpegurl", False),
        ("application/octet-stream", False),
        ("", False),
        ("text/html", False),
    ],
)
def test_which_types_are_believed_without_bytes(content_type: str, believed: bool) -> None:
    assert not_media.is_media_type(content_type) is believed
