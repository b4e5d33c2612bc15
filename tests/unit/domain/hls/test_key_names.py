"""A key is found by the segment it is named by, and by what stands beside the playlist."""

import pytest

from strmctl.domain.hls.cut import applying, continues
from strmctl.domain.hls.media_playlist import MediaPlaylist
from strmctl.domain.hls.media_playlist_reader import parse
from strmctl.domain.hls.naming import is_plain_reference


def window(*lines: str, first: int = 10) -> MediaPlaylist:
    """A live playlist; a line that is no tag is a segment of 2 s."""
    text = ["#EXTM3U", "#EXT-X-TARGETDURATION:2", f"#EXT-X-MEDIA-SEQUENCE:{first}"]
    for line in lines:
        text += [line] if line.startswith("#") else ["#EXTINF:2,", line]
    return parse("\n".join([*text, ""]), "http://h/live.m3u8")


KEY = '#EXT-X-KEY:METHOD=AES-128,URI="{}"'.format
MAP = '#EXT-X-MAP:URI="init.mp4"'
ROTATING = window(KEY("a"), MAP, "10.ts", "11.ts", KEY("b"), KEY("c"), "12.ts")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("k10", "a", id="named as here"),
        pytest.param("k11", "a", id="named where another window began"),
        pytest.param("k4", "a", id="began before this window"),
        pytest.param("k12", "b", id="the next one"),
        pytest.param("k12-1", "c", id="the second in a row"),
        pytest.param("i4", "init.mp4", id="init section"),
        pytest.param("k12-2", None, id="no third in a row"),
        pytest.param("k13", None, id="not listed yet"),
        pytest.param("12", None, id="a segment"),
        pytest.param("x12-0", None, id="something else"),
    ],
)
def test_what_applies_at_a_segment(name: str, expected: str | None) -> None:
    found = applying(name, ROTATING)
    assert (found and ROTATING.resources[found].uri) == expected


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        pytest.param(window("11.ts", "12.ts", first=11), True, id="moved on"),
        pytest.param(window("12.ts", first=12), False, id="does not meet"),
        pytest.param(window(MAP, "11.ts", first=11), False, id="another cut"),
    ],
)
def test_continues(later: MediaPlaylist, expected: bool) -> None:
    assert continues(window("10.ts", "11.ts"), later) is expected


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("12.ts", True),
        ("low/12.ts", True),
        ("../12.ts", True),
        ("12.ts?token=a", False),
        ("/a/12.ts", False),
        ("//h/12.ts", False),
        ("http://h/12.ts", False),
        ("data:,", False),
        ("", False),
    ],
)
def test_plain_references(uri: str, expected: bool) -> None:
    assert is_plain_reference(uri) is expected
