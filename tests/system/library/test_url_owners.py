"""Mode direct, where several mappings have one URL: no file of theirs is taken for a copy, and
nothing that was only moved is forgotten."""

import shutil
from pathlib import Path

import pytest

from stage.command_line import Strmctl

URL = "https://cdn.test/double.mp4?token=secret"
FIRST, SECOND = "Show/Season 01/Show S01E01.strm", "Show/Season 01/Show S01E02.strm"


@pytest.fixture
def shelf(strmctl: Strmctl, library: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library folder with a double episode: two files of one URL."""
    monkeypatch.setenv("STRM_PROXY_MODE", "direct")
    rows = "".join(f"a.to,show,1,{number},de,{URL}\n" for number in (1, 2))
    strmctl("write", "--from", "-", stdin=f"site,slug,season,episode,language,url\n{rows}")
    return library / "library"


def move(shelf: Path, moves: dict[str, str]) -> None:
    for old, new in moves.items():
        (shelf / new).parent.mkdir(parents=True, exist_ok=True)
        (shelf / old).rename(shelf / new)


def episodes(strmctl: Strmctl) -> dict[int, str]:
    records = strmctl("list", "--json").records[:-1]
    return {record["episode"]: record["strm_path"] for record in records}


MOVES = [
    pytest.param({FIRST: "z/a.strm"}, {1: "z/a.strm", 2: SECOND}, id="the first"),
    pytest.param({SECOND: "a/z.strm"}, {1: FIRST, 2: "a/z.strm"}, id="the second"),
    pytest.param(
        {FIRST: "a/a.strm", SECOND: "a/b.strm"}, {1: "a/a.strm", 2: "a/b.strm"}, id="both renamed"
    ),
    pytest.param(
        {FIRST: "z/Show S01E01.strm", SECOND: "a/Show S01E02.strm"},
        {1: "z/Show S01E01.strm", 2: "a/Show S01E02.strm"},
        id="both to other folders",
    ),
    pytest.param(
        {SECOND: "a/Show S01E02.strm", FIRST: "a/New.strm"},
        {1: "a/New.strm", 2: "a/Show S01E02.strm"},
        id="one renamed",
    ),
]


@pytest.mark.parametrize(("moves", "homes"), MOVES)
def test_rows_follow_their_files(
    strmctl: Strmctl, shelf: Path, moves: dict[str, str], homes: dict[int, str]
) -> None:
    move(shelf, moves)
    moved = {path for path in homes.values() if path not in (FIRST, SECOND)}
    told = strmctl("doctor", "--json", code=10).records[:-1]
    assert {it["subject"] for it in told if it["check"] == "moved"} == moved
    assert not {"missing", "duplicate"} & {it["check"] for it in told}
    steps = strmctl("import", "library", "--json").records[:-1]
    assert {it["strm_path"] for it in steps if it["outcome"] == "moved"} == moved
    assert episodes(strmctl) == homes
    strmctl("undo")
    assert episodes(strmctl) == {1: FIRST, 2: SECOND}


@pytest.mark.parametrize(("moves", "homes"), MOVES)
def test_what_was_only_moved_is_not_forgotten(
    strmctl: Strmctl, shelf: Path, moves: dict[str, str], homes: dict[int, str]
) -> None:
    move(shelf, moves)
    told = strmctl("prune").out
    assert told.count("by now: `strmctl import` follows it") == len(moves)
    assert episodes(strmctl) == {1: FIRST, 2: SECOND}
    assert (shelf / homes[1]).exists()


def test_a_row_is_kept_while_one_file_may_be_of_either(strmctl: Strmctl, shelf: Path) -> None:
    move(shelf, {FIRST: "new.strm"})
    (shelf / SECOND).unlink()
    strmctl("prune")
    assert episodes(strmctl) == {1: FIRST, 2: SECOND}
    strmctl("import", "library")
    strmctl("prune")
    assert episodes(strmctl) == {1: "new.strm"}


def test_a_third_file_is_a_copy(strmctl: Strmctl, shelf: Path) -> None:
    shutil.copy(shelf / FIRST, shelf / "copy.strm")
    move(shelf, {FIRST: "moved.strm"})
    steps = strmctl("import", "library", "--json").records[:-1]
    assert {it["strm_path"]: it["outcome"] for it in steps} == {
        SECOND: "unchanged",
        "copy.strm": "moved",
        "moved.strm": "duplicate",
    }


@pytest.mark.parametrize("url", [URL, "https://cdn.test/other.mp4"], ids=["shared", "its own"])
def test_a_file_behind_a_link_is_no_copy(strmctl: Strmctl, shelf: Path, url: str) -> None:
    strmctl("write", "--site", "a.to", "--slug", "film", "--language", "de", "--url", url)
    move(shelf, {"Film": "Real"})
    (shelf / "Film").symlink_to("Real")
    told = strmctl("doctor", "--json").records[:-1]
    assert {finding["check"] for finding in told} == {"resolver"}
    steps = strmctl("import", "library", "--json").records[:-1]
    assert {step["outcome"] for step in steps} == {"unchanged"}
