"""The names and extensions that strmctl gives."""

import pytest

from strmctl.domain.hls import naming


@pytest.mark.parametrize(
    ("uri", "extension"),
    [
        ("a.ts", ".ts"),
        ("https://h.example/a.TS?x=.mp4", ".ts"),
        ("a.tar.gz", ".gz"),
        ("a.b/c", ""),
        ("a.ts#.mp4", ".ts"),
        ("a?b.ts", ""),
        (".ts", ".ts"),
        ("a.", "."),
        ("", ""),
    ],
)
def test_upstream_extension(uri: str, extension: str) -> None:
    assert naming.upstream_extension(uri) == extension


@pytest.mark.parametrize("extension", [".ts", ".m2ts", ".jpg", ".html", "", ".", ".key", ".bin"])
def test_what_is_not_known_is_a_transport_stream(extension: str) -> None:
    assert naming.segment_extension(extension, False) == ".ts"


@pytest.mark.parametrize(
    ("extension", "ours"),
    [
        (".aac", ".aac"),
        (".mp3", ".mp3"),
        (".ac3", ".ac3"),
        (".ec3", ".ec3"),
        (".eac3", ".ec3"),
        (".webvtt", ".vtt"),
        (".cmfv", ".mp4"),
        (".m4a", ".mp4"),
    ],
)
def test_segment_extension(extension: str, ours: str) -> None:
    assert naming.segment_extension(extension, False) == ours
    assert naming.segment_extension(extension, True) == ".m4s"
    assert naming.segment_extension(extension, False, True) == ".vtt"
    assert naming.segment_extension(extension, True, True, True) == ".jpg"


@pytest.mark.parametrize(
    ("uri", "ours"),
    [
        ("a.json", ".json"),
        ("a.JSON?b", ".json"),
        ("a", ".bin"),
        ("a.", ".bin"),
        ("a.toolong", ".bin"),
        ("a.x\u00e9", ".bin"),
        ('a."><', ".bin"),
        ("a.x y", ".bin"),
    ],
)
def test_data_extension(uri: str, ours: str) -> None:
    assert naming.data_extension(uri) == ours


@pytest.mark.parametrize(("name", "stem"), [("12.ts", "12"), ("k1-2.key", "k1-2"), ("12", "12")])
def test_stem(name: str, stem: str) -> None:
    assert naming.stem(name) == stem


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("a.ts", True),
        ("/a", True),
        ("//h/a", True),
        ("?a:b", True),
        ("12:30.ts", True),
        ("http://h/", True),
        ("HTTPS://h/", True),
        ("ht\ttp://h/", True),
        (" http://h/", True),
        ("", False),
        ("data:text/plain,a", False),
        ("skd://a", False),
        ("urn:uuid:1", False),
        ("com.apple.fps.1:a", False),
        ("file:///etc/passwd", False),
    ],
)
def test_fetchable(uri: str, expected: bool) -> None:
    assert naming.is_fetchable(uri) is expected
