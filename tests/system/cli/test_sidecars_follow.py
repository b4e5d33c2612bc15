"""What lies beside a `.strm` keeps its name when that is renamed, and comes back with `undo`."""

from pathlib import Path

import pytest

from stage.command_line import Strmctl
from stage.library_tree import files

SHOW = ("--site", "a.to", "--slug", "show", "--language", "German Dub", "--season", 1)
BESIDE = (".nfo", ".de.srt", ".en.forced.vtt", "-thumb.jpg", "-mediainfo.json")


@pytest.fixture
def show(strmctl: Strmctl, library: Path) -> Path:
    """Two episodes with sidecars, and the folder of their season."""
    for number in (1, 2):
        strmctl("write", *SHOW, "--episode", number, "--url", f"https://cdn.example/{number}.mp4")
    season = library / "library" / "Show" / "Season 01"
    for number in (1, 2):
        for rest in BESIDE:
            (season / f"Show S01E0{number}{rest}").write_text(f"{number}{rest}")
    return season


def names(folder: Path, start: str) -> list[str]:
    """What is in the folder, by what follows `start`."""
    return sorted(path.name.removeprefix(start) for path in folder.iterdir())


def test_they_follow_a_new_title_and_come_back(strmctl: Strmctl, library: Path, show: Path) -> None:
    before = files(library / "library")
    strmctl("set", "--series", "show", "--title", "The: Show", "--force")
    assert not show.parent.exists()
    [new] = (library / "library").glob("The*Show/Season 01")
    for number in (1, 2):
        for rest in BESIDE:
            [found] = new.glob(f"*S01E0{number}{rest}")
            assert found.read_text() == f"{number}{rest}"
    strmctl("undo", "--force")
    assert files(library / "library") == before


def test_they_follow_another_template(strmctl: Strmctl, library: Path, show: Path) -> None:
    settings = library / "strmctl.toml"
    text = settings.read_text()
    start = 'episode = "{Series TitleYear} S{season:00}E{episode:00}"'
    assert start in text
    settings.write_text(text.replace(start, 'episode = "{season}x{episode:00}"'))
    strmctl("rewrite", "--names", "--force")
    numbers = ("1x01", "1x02")
    renamed = sorted(f"{start}{rest}" for start in numbers for rest in (*BESIDE, ".strm"))
    assert names(show, "") == renamed


def test_they_follow_to_a_path(strmctl: Strmctl, library: Path, show: Path) -> None:
    strmctl("write", *SHOW, "--episode", 1, "--path", "Elsewhere/One.strm")
    assert names(library / "library" / "Elsewhere", "One") == sorted((*BESIDE, ".strm"))
    assert len(list(show.iterdir())) == 1 + len(BESIDE)


def test_what_is_anothers_or_in_the_way_stays(strmctl: Strmctl, library: Path, show: Path) -> None:
    (show / "Show S01E01 notes.txt").write_text("mine")
    (show / "tvshow.nfo").write_text("mine")
    there = library / "library" / "Elsewhere"
    there.mkdir()
    (there / "One.nfo").write_text("older")
    strmctl("set", "1", "--path", "Elsewhere/One.strm")
    assert (there / "One.nfo").read_text() == "older"
    assert (show / "Show S01E01.nfo").read_text() == "1.nfo"
    assert (there / "One.de.srt").read_text() == "1.de.srt"
    assert {"Show S01E01 notes.txt", "tvshow.nfo"} <= set(names(show, ""))
    assert (show / "Show S01E02.nfo").exists()


def test_a_row_that_follows_a_moved_file_moves_nothing(
    strmctl: Strmctl, library: Path, show: Path
) -> None:
    """Sonarr, or a person, moves what they want to."""
    moved = library / "library" / "Mine" / "a.strm"
    moved.parent.mkdir()
    (show / "Show S01E01.strm").rename(moved)
    strmctl("import", "library", "--force")
    assert names(moved.parent, "") == ["a.strm"]
