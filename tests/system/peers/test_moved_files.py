"""Rows 37 and 42: files that Sonarr, an editor or a person has had in hands."""

from pathlib import Path

import pytest

from stage.command_line import Strmctl
from stage.library_tree import files, mtimes

EPISODE = "Show/Season 01/Show S01E01.strm"
BY_SONARR = "Show (2020) {tvdb-7}/Season 1/Show (2020) - S01E01 - Pilot WEBDL-1080p.strm"
BY_HAND = "Unsorted/x.STRM"


@pytest.fixture
def written(strmctl: Strmctl, library: Path) -> Path:
    """The file of one episode."""
    identity = "--site a.to --slug show --season 1 --episode 1 --language de".split()
    strmctl("write", *identity, "--url", "https://cdn.example/a.mp4")
    return library / "library" / EPISODE


@pytest.mark.parametrize("new", [BY_SONARR, BY_HAND], ids=["by Sonarr", "by hand"])
def test_37_a_moved_file_is_found_again_by_its_content(
    strmctl: Strmctl, library: Path, written: Path, new: str
) -> None:
    before = strmctl("show", "1", "--reveal", "--json").document
    target = library / "library" / new
    target.parent.mkdir(parents=True)
    written.rename(target)
    kept = mtimes(library)
    moved, _ = strmctl("import", "library", "--json").records
    assert (moved["id"], moved["outcome"], moved["strm_path"]) == (1, "moved", new)
    after = strmctl("show", "1", "--reveal", "--json").document
    assert after["resolved_url"] == before["resolved_url"] == "https://cdn.example/a.mp4"
    again, _ = strmctl("import", "library", "--json").records
    assert again["outcome"] == "unchanged"
    assert mtimes(library) == kept


@pytest.mark.parametrize(
    "spoilt",
    ["\ufeff{}\n", "\n\r\n  {}  \r\n\r\n", "{}", "\t{}\r", "\ufeff\u200b {}\u00a0\n\n", "{}\0"],
    ids=["BOM", "blank lines and CRLF", "no line end", "CR", "invisible", "NUL"],
)
def test_42_white_space_and_a_bom_are_read_and_cleaned(
    strmctl: Strmctl, library: Path, written: Path, spoilt: str
) -> None:
    """As strmctl's own file, elsewhere than its row says, and as a foreign one."""
    clean = written.read_text()
    elsewhere, foreign = written.with_name("x.strm"), library / "library" / "Film (2001).strm"
    written.write_bytes(spoilt.format(clean.strip()).encode())
    written.rename(elsewhere)
    foreign.write_bytes(spoilt.format("https://cdn.example/film.mp4").encode())

    moved, adopted, _ = strmctl("import", "library", "--json").records
    assert (moved["outcome"], adopted["outcome"]) == ("moved", "adopted")
    strmctl("rewrite")

    assert elsewhere.read_text() == clean
    assert files(library)[foreign.name] == adopted["playback_url"] + "\n"
