"""What is a playlist, where its lines end, and that bytes survive."""

import re
from collections.abc import Callable, Iterator
from io import StringIO

import pytest
from hypothesis import given, strategies as st

from strmctl.domain.hls import playlist_text
from strmctl.domain.hls.playlist_text import PIECE, NotAPlaylistError

BOM = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        pytest.param(b"#EXTM3U\n", "#EXTM3U\n", id="plain"),
        pytest.param(BOM + b"#EXTM3U\n", "#EXTM3U\n", id="BOM dropped"),
        pytest.param(b"\r\n \t#EXTM3U", "#EXTM3U", id="white space before"),
        pytest.param(b"#EXTM3U\n# \xff\xfe", "#EXTM3U\n# \udcff\udcfe", id="not UTF-8"),
        pytest.param(b"#EXTM3U\n\xef\xbb\xbfa", "#EXTM3U\n\ufeffa", id="BOM in the middle stays"),
    ],
)
def test_decode(data: bytes, text: str) -> None:
    assert playlist_text.begins_playlist(data)
    assert playlist_text.decode(data) == text


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<!doctype html><html>", id="web page"),
        pytest.param(b"#EXT-X-VERSION:3\n#EXTM3U", id="header not first"),
        pytest.param(b"#extm3u\n", id="lower case"),
        pytest.param(BOM + BOM + b"#EXTM3U", id="two BOMs"),
        pytest.param("#EXTM3U".encode("utf-16"), id="UTF-16"),
    ],
)
def test_not_a_playlist(data: bytes) -> None:
    assert not playlist_text.begins_playlist(data)
    with pytest.raises(NotAPlaylistError, match="#EXTM3U"):
        playlist_text.decode(data)


@given(st.binary(max_size=200))
def test_every_byte_survives(body: bytes) -> None:
    data = b"#EXTM3U\n" + body
    assert playlist_text.encode(playlist_text.decode(data)) == data


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param("a\nb\n", ["a\n", "b\n"], id="LF"),
        pytest.param("a\r\nb\r\n", ["a\r\n", "b\r\n"], id="CRLF"),
        pytest.param("a\rb\r", ["a\r", "b\r"], id="CR"),
        pytest.param("a\n\rb", ["a\n", "\r", "b"], id="LF CR are two ends"),
        pytest.param("a\n\n\nb", ["a\n", "\n", "\n", "b"], id="blank lines, no final end"),
        pytest.param("a\x85b\u2028c\u2029d\n", ["a\x85b\u2028c\u2029d\n"], id="U+0085, U+2028"),
        pytest.param("a\vb\fc\x1cd\x1ee\n", ["a\vb\fc\x1cd\x1ee\n"], id="VT, FF, separators"),
        pytest.param("", [], id="empty"),
    ],
)
def test_lines(text: str, lines: list[str]) -> None:
    assert list(playlist_text.split_lines(text)) == lines


@given(st.text(st.sampled_from("ab#\r\n\u2028\x85\udcff"), max_size=50))
def test_lines_are_the_text(text: str) -> None:
    lines = list(playlist_text.split_lines(text))
    assert "".join(lines) == text
    assert lines_of_blocks(text) == lines


def lines_of_blocks(text: str) -> list[str]:
    return [
        line.replace("\n", end) if end else line
        for block, end in playlist_text.blocks(text)
        for line in ([block] if not end else re.findall("[^\n]*\n|[^\n]+", block))
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\n\r", "\r\r\n"])
@pytest.mark.parametrize("shift", range(-4, 5))
def test_a_long_text_is_read_in_pieces_as_in_one(end: str, shift: int) -> None:
    tag = f" #EXT-X-MEDIA-SEQUENCE:7{end}"
    filler = ("x" * 1023 + "\n") * (PIECE // 1024 - 1)
    text = f"{filler}{'y' * (1024 + shift)}{end}{tag}{tag}z"
    lines = list(StringIO(text, newline=""))
    assert list(playlist_text.split_lines(text)) == lines_of_blocks(text) == lines
    pattern = re.compile(r"[\r\n] #EXT-X-MEDIA-SEQUENCE:\d+(?=[\r\n])")
    there = [found.span() for found in pattern.finditer(text)]
    found = playlist_text.occurrences(pattern, text, "#EXT-X-MEDIA-SEQUENCE:")
    assert [each.span() for each in found] == there


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("tags", [1, 2, 3, 8])
@pytest.mark.parametrize("length", [20, 1000, 30_000, 60_000])
def test_the_tags_of_a_segment_come_with_its_uri(length: int, tags: int, end: str) -> None:
    segment = f"#EXT-X-A:{'x' * length}{end}" * tags + f"a.ts{end}"
    text = f"#EXTM3U{end}" + segment * (500_000 // len(segment) + 2)
    blocks = [block for block, _ in playlist_text.blocks(text)]
    assert "".join(blocks) == text.replace(end, "\n")
    assert len(blocks) > 1
    for block in blocks:
        assert block.endswith("\na.ts\n")
        assert block.startswith("#")


@pytest.mark.parametrize("length", [10, 1000, 40_000, 64_000])
def test_tags_alone_are_lines_as_they_are(length: int) -> None:
    text = "#EXTM3U\n" + f"#EXT-X-A:{'x' * length}\n" * (1_200_000 // length)
    blocks = [block for block, _ in playlist_text.blocks(text)]
    assert "".join(blocks) == text
    assert all(block.endswith("\n") for block in blocks)
    # What waits for a URI that never comes stays within a bound.
    assert max(map(len, blocks)) < 12 * (PIECE // 2)


@pytest.mark.parametrize("read", [playlist_text.split_lines, playlist_text.blocks])
def test_too_many_lines(read: Callable[[str], Iterator[object]]) -> None:
    list(read("\n" * playlist_text.MAX_LINES))
    with pytest.raises(NotAPlaylistError, match="500000 lines"):
        list(read("\n" * (playlist_text.MAX_LINES + 1)))


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_too_long_a_line(end: str) -> None:
    longest = "x" * (playlist_text.MAX_LINE - len(end)) + end
    assert list(playlist_text.split_lines(longest)) == lines_of_blocks(longest) == [longest]
    long = "a" * 1022
    for begin in ("#EXTM3U\nx", "#EXTM3U\r\nx", f"{long}\n" * 200 + "x", f"{long}\r\n" * 200 + "x"):
        for read in (playlist_text.split_lines, playlist_text.blocks):
            with pytest.raises(NotAPlaylistError, match="characters"):
                list(read(begin + longest))


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(["#EXT-X-STREAM-INF:BANDWIDTH=1", "v.m3u8"], True, id="variant"),
        pytest.param(['#EXT-X-MEDIA:TYPE=AUDIO,URI="a"'], True, id="rendition"),
        pytest.param(['#EXT-X-I-FRAME-STREAM-INF:URI="a"'], True, id="I-frames"),
        pytest.param(['#EXT-X-IMAGE-STREAM-INF:URI="a"'], True, id="images"),
        pytest.param(['#EXT-X-SESSION-DATA:DATA-ID="a"'], True, id="session data"),
        pytest.param(["#EXTINF:4,", "a.ts"], False, id="segments"),
        pytest.param(["#EXT-X-TARGETDURATION:4"], False, id="no segment yet"),
        pytest.param(["#EXT-X-MEDIA-SEQUENCE:4"], False, id="MEDIA-SEQUENCE is no MEDIA"),
        pytest.param([], False, id="header only"),
        pytest.param(["# #EXT-X-STREAM-INF:"], False, id="in a comment"),
        pytest.param(["#EXT-X-STREAM-INF:B=1", "v", "#EXTINF:4,", "a"], False, id="both"),
        pytest.param(
            ["#EXT-X-TARGETDURATION:4", "#EXT-X-STREAM-INF:B=1", "v"], True, id="target duration"
        ),
        pytest.param(
            ["#EXT-X-MEDIA-SEQUENCE:0", "#EXT-X-STREAM-INF:B=1", "v", "#EXT-X-ENDLIST"],
            True,
            id="sequence number",
        ),
        pytest.param(
            ["#EXTINF:-1,Low", "#EXT-X-STREAM-INF:B=1", "v"], True, id="a variant with a title"
        ),
        pytest.param(
            ["#EXT-X-TARGETDURATION:4", '#EXT-X-I-FRAME-STREAM-INF:B=1,URI="i"'],
            True,
            id="I-frames and target duration",
        ),
        pytest.param([" #EXT-X-STREAM-INF:B=1", "v"], True, id="white space before the tag"),
        pytest.param(
            ['#EXT-X-SESSION-DATA:DATA-ID="a"', "#EXT-X-TARGETDURATION:4"],
            False,
            id="no variant, no segment yet",
        ),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_multivariant(lines: list[str], end: str, expected: bool) -> None:
    assert playlist_text.is_multivariant(end.join(["#EXTM3U", *lines, ""])) is expected
