"""Only what media servers put beside a `.strm` goes with it, and nothing that another may want."""

import pytest

from strmctl.domain.library.sidecar import sidecars

STRM = "Show S01E01.strm"


@pytest.mark.parametrize(
    "name",
    [
        "Show S01E01.nfo",
        "Show S01E01.NFO",
        "Show S01E01.jpg",
        "Show S01E01-thumb.jpg",
        "Show S01E01-fanart2.png",
        "Show S01E01-mediainfo.json",
        "Show S01E01.srt",
        "Show S01E01.de.srt",
        "Show S01E01.de.forced.ass",
        "Show S01E01.pt-BR.vtt",
    ],
)
def test_what_belongs_to_it(name: str) -> None:
    assert sidecars(STRM, [name]) == [name]


@pytest.mark.parametrize(
    "name",
    [
        "Show S01E01",
        "Show S01E011.nfo",
        "Show S01E01 extra.nfo",
        "Show S01E01 - English Sub.nfo",
        "Show S01E01. Special.srt",
        "Show S01E01-notes.txt",
        "Show S01E01.nfo.bak",
        "Show S01E02.nfo",
        "season.nfo",
        "folder.jpg",
        "show s01e01.nfo",
    ],
)
def test_what_does_not(name: str) -> None:
    assert sidecars(STRM, [name]) == []


@pytest.mark.parametrize(
    ("strm", "names", "gone"),
    [
        pytest.param("F.strm", ["F.nfo", "F.mkv"], [], id="a video of the same name wants them"),
        pytest.param("F.strm", ["F.nfo", "F.STRM"], [], id="so does another spelling"),
        pytest.param("F.strm", ["F.nfo", "G.mkv"], ["F.nfo"], id="another video does not"),
        pytest.param(
            "F.strm", ["F.srt", "F.de.srt", "F.de.strm"], ["F.srt"], id="the longer name's"
        ),
        pytest.param("F.de.strm", ["F.de.srt", "F.strm"], [], id="the shorter name's subtitle"),
    ],
)
def test_others_may_want_them(strm: str, names: list[str], gone: list[str]) -> None:
    assert sidecars(strm, names) == gone
