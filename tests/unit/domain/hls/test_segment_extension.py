"""A segment whose name tells nothing is called by what its bytes are."""

import pytest

from strmctl.domain.hls import media_playlist_reader
from strmctl.domain.media.media_kind import segment_extension

ID3 = b"ID3\x04\x00\x00\x00\x00\x00\x05" + bytes(5)


@pytest.mark.parametrize(
    ("head", "extension"),
    [
        pytest.param(b"G" + bytes(187), ".ts", id="mpeg-ts"),
        pytest.param(bytes(4) + b"styp", ".mp4", id="fmp4-styp"),
        pytest.param(bytes(4) + b"moof", ".mp4", id="fmp4-moof"),
        pytest.param(b"\xff\xf1\x50\x80", ".aac", id="adts"),
        pytest.param(b"\xff\xf9\x50\x80", ".aac", id="adts-mpeg2"),
        pytest.param(b"\xff\xfb\x90\x00", ".mp3", id="mp3"),
        pytest.param(b"\x0bw\x00\x00", ".ac3", id="ac3"),
        pytest.param(ID3 + b"\xff\xf1", ".aac", id="id3-then-adts"),
        pytest.param(ID3 + b"\xff\xfb", ".mp3", id="id3-then-mp3"),
        pytest.param(ID3, ".aac", id="id3-alone"),
        pytest.param(b"WEBVTT\n", ".vtt", id="webvtt"),
        pytest.param(b"\xef\xbb\xbfWEBVTT\n", ".vtt", id="webvtt-with-bom"),
        pytest.param(b"\x00\x01\x02\x03", None, id="encrypted-or-unknown"),
        pytest.param(b"", None, id="empty"),
    ],
)
def test_the_bytes_tell(head: bytes, extension: str | None) -> None:
    assert segment_extension(head) == extension


@pytest.mark.parametrize(
    ("lines", "uri"),
    [
        pytest.param(["#EXTINF:4,", "a.html"], "a.html", id="misleading"),
        pytest.param(["#EXTINF:4,", "segment?n=1.ts"], "segment?n=1.ts", id="none"),
        pytest.param(["#EXTINF:4,", "a.ts?x"], None, id="told-by-its-name"),
        pytest.param(['#EXT-X-MAP:URI="i"', "#EXTINF:4,", "a.jpg"], None, id="told-by-its-map"),
        pytest.param(
            ['#EXT-X-KEY:METHOD=AES-128,URI="k"', "#EXTINF:4,", "a.jpg"], None, id="encrypted"
        ),
        pytest.param([], None, id="no-segments"),
    ],
)
def test_which_segments_need_a_look(lines: list[str], uri: str | None) -> None:
    playlist = media_playlist_reader.parse("\n".join(["#EXTM3U", *lines]), "http://up/")
    untold = playlist.untold()
    assert (untold.uri if untold else None) == uri


def test_what_was_seen_names_the_untold_only() -> None:
    text = "#EXTM3U\n#EXTINF:4,\na.html\n#EXTINF:4,\nb.ts\n"
    playlist = media_playlist_reader.parse(text, "http://up/", untold=".aac")
    assert playlist.render() == "#EXTM3U\n#EXTINF:4,\n0.aac\n#EXTINF:4,\n1.ts\n"
