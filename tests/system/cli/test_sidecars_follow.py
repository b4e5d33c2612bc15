"""What lies beside a `.strm` keeps its name when that is renamed, and comes back with `undo`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stage.answering import Asked, Reply, answering
from stage.command_line import Strmctl
from stage.library_tree import files
from stage.media_server import TS
from strmctl.storage.locks.run_lock import run_lock

SHOW = ("--site", "a.to", "--slug", "show", "--language", "German Dub", "--season", 1)
SRT = b"1\r\n00:00:01,000 --> 00:00:02,000\r\nHello\r\n"
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


@pytest.fixture
def share(strmctl: Strmctl, library: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Six episodes of a share with subtitles, without sidecars; the working folder."""
    monkeypatch.setenv("STRM_PROXY_UPSTREAM_ALLOWLIST", "127.0.0.1")

    def reply(asked: Asked) -> Reply:
        return Reply(body=SRT if asked.target.endswith(".srt") else TS)

    with answering(reply) as server:
        url = server.url.replace("/resolve", "/{episode}.ts")
        with (library / "strmctl.toml").open("a") as settings:
            settings.write(
                f'\n[resolvers.mine]\nsites = ["a.to"]\ntype = "template"\nurl = "{url}"\n'
                f'subtitles = {{ de = "{url}.srt" }}\n'
            )
        csv = "".join(f"a.to,show,German Dub,1,{number}\n" for number in range(1, 7))
        strmctl("write", "--from", "-", stdin=f"site,slug,language,season,episode\n{csv}")
        yield library


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


def test_undo_of_a_refresh(strmctl: Strmctl, share: Path) -> None:
    """Its files go; the links that it has found are no change of the library."""
    before = files(share)
    strmctl("refresh", "--all", "--sidecars", "--force")
    made = files(share)
    assert len(made) == 6 * 3
    listed = strmctl("undo", "--list", "--json").records
    runs = [(it["command"], it["changes"]) for it in listed if it["type"] != "summary"]
    assert runs == [("refresh", 6 * 2), ("write", 6)]
    # What is there already is no change.
    strmctl("refresh", "--all", "--sidecars", "--force")
    assert files(share) == made
    strmctl("undo")
    assert files(share) == before
    shown = strmctl("list", "--json").records
    assert all(it["resolved_at"] for it in shown if it["type"] == "mapping")


def test_a_refresh_of_one_waits_for_the_lock_of_its_journal(strmctl: Strmctl, share: Path) -> None:
    before = files(share)
    with run_lock(share / "strmctl.db", "probe"):
        strmctl("refresh", "--id", 1)
        strmctl("refresh", "--id", 1, "--sidecars", code=5)
    strmctl("refresh", "--id", 1, "--sidecars")
    assert len(files(share)) == len(before) + 2
    strmctl("undo")
    assert files(share) == before
