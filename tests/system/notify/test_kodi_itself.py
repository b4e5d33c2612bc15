"""Kodi 20 itself holds what the folder holds, and has scanned nothing else."""

import asyncio
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stage.command_line import Strmctl
from strmctl.services.notifying.outbox import deliver
from strmctl.settings.load import load
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.notices import Notices
from system.players.kodi import Kodi, running_kodi

SHOWS = [f"Show {letter}" for letter in "ABCDE"]


def episode(show: str) -> str:
    return f"{show} (2020)/Season 01/{show} (2020) S01E01.strm"


def describe(shelf: Path, show: str) -> None:
    """What a scraper would find in the internet, as Kodi's `.nfo` files."""
    file = shelf / episode(show)
    file.parent.mkdir(parents=True)
    details = "<title>One</title><season>1</season><episode>1</episode>"
    file.with_suffix(".nfo").write_text(f"<episodedetails>{details}</episodedetails>")
    (file.parents[1] / "tvshow.nfo").write_text(f"<tvshow><title>{show}</title></tvshow>")


def set_content(home: Path, source: Path) -> None:
    """As its dialog "This directory contains" does."""
    [file] = (home / ".kodi" / "userdata" / "Database").glob("MyVideos*.db")
    with sqlite3.connect(file, timeout=30) as database:
        database.execute(
            "INSERT INTO path (strPath, strContent, strScraper, strHash, scanRecursive,"
            " useFolderNames, strSettings, noUpdate, exclude)"
            " VALUES (?, 'tvshows', 'metadata.local', '', 0, 0, '', 0, 0)",
            (f"{source}/",),
        )
    database.close()


def shown(kodi: Kodi) -> set[str]:
    answer = kodi._ask("VideoLibrary.GetEpisodes", properties=["file"])["result"]
    return {item["file"] for item in answer.get("episodes", [])}


def tell(folder: Path) -> None:
    """Until nothing waits; the clock of the outbox goes on a minute with each attempt."""
    settings, now = load(folder / "strmctl.toml").settings, datetime.now(UTC)
    with Database.open(folder / "strmctl.db") as database:
        for _ in range(20):
            now += timedelta(minutes=1)
            asyncio.run(deliver(settings, database, now))
            if not Notices(database).backlogs():
                return
        raise AssertionError(Notices(database).backlogs())


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_86_kodi_holds_what_the_folder_holds(
    strmctl: Strmctl, library: Path, tmp_path: Path
) -> None:
    shelf, home = library / "library", tmp_path / "kodi"
    home.mkdir()
    for show in [*SHOWS, "Elsewhere"]:
        describe(shelf, show)
    elsewhere = shelf / episode("Elsewhere")
    elsewhere.write_text("http://127.0.0.1:1/x.mp4\n")
    with running_kodi(home, shelf) as kodi:
        set_content(home, shelf)
        with (library / "strmctl.toml").open("a") as settings:
            settings.write(f'\n[notify.tv]\ntype = "kodi"\nurl = "{kodi.client.base_url}"\n')
        rows = [f"a.to,{show.lower().replace(' ', '-')},1,1,de,{show},2020" for show in SHOWS]
        head = "site,slug,season,episode,language,title,year"
        strmctl("write", "--from", "-", stdin="\n".join([head, *rows, ""]))
        tell(library)
        assert shown(kodi) == {str(shelf / episode(show)) for show in SHOWS}

        strmctl("remove", episode("Show A"))
        shutil.rmtree(shelf / "Show A (2020)")
        new = episode("Show B").replace("S01E01", "S01E01 One")
        (shelf / episode("Show B")).with_suffix(".nfo").rename((shelf / new).with_suffix(".nfo"))
        which = "--site a.to --slug show-b --season 1 --episode 1 --language de".split()
        strmctl("write", *which, "--path", new)
        tell(library)
        held = {str(path) for path in shelf.rglob("*.strm")} - {str(elsewhere)}
        assert shown(kodi) == held
