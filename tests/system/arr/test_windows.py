"""Sonarr and Radarr on Windows name a file in whatever case: it is found, as Windows finds it."""

from pathlib import Path
from typing import Any

import pytest

from strmctl.domain.library.arr_event import Sender
from strmctl.domain.selection import Selection
from strmctl.services.arr.following import receive
from strmctl.settings.load import load
from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.mappings import Mappings

SHOW = "The Show (2020)"
FIRST = f"{SHOW}/Season 01/The Show (2020) S01E01.strm"
SECOND = f"{SHOW}/Season 01/The Show (2020) S01E02.strm"
RENAMED = f"{SHOW}/Season 01/The Show - S01E01 - Teil 1 Ärger.strm"
FILM = "The Film (2021)/The Film (2021).strm"

MAPPED = '\n[arr]\npaths = { "D:\\\\TV" = ".", "E:\\\\Filme" = "." }\n'


def settings_with(shelf: Path, more: str) -> Settings:
    file = shelf.parent / "strmctl.toml"
    file.write_text(file.read_text() + more)
    return load(file).settings


def rows(database: Database) -> set[str]:
    return {row.strm_path for row in Mappings(database).select(Selection())}


def windows(root: str, path: str) -> str:
    return "\\".join([root, *path.split("/")])


def rename(root: str) -> dict[str, Any]:
    return {
        "eventType": "Rename",
        "series": {"path": windows(root, SHOW.upper())},
        "renamedEpisodeFiles": [
            {
                "path": windows(root, RENAMED.upper()).replace(".STRM", ".strm"),
                "previousPath": windows(root, FIRST.lower()),
            }
        ],
    }


@pytest.mark.parametrize("more", [pytest.param(MAPPED, id="mapped"), pytest.param("", id="not")])
def test_91_a_rename_of_windows(shelf: Path, database: Database, more: str) -> None:
    (shelf / FIRST).rename(shelf / RENAMED)
    received = receive(settings_with(shelf, more), database, Sender.SONARR, rename("d:\\tv"))
    assert [(it.strm_path, it.outcome) for it in received.files] == [(RENAMED, "moved")]


@pytest.mark.parametrize("more", [pytest.param(MAPPED, id="mapped"), pytest.param("", id="not")])
@pytest.mark.parametrize(
    ("sender", "event", "gone"),
    [
        pytest.param(
            Sender.SONARR,
            {
                "eventType": "EpisodeFileDelete",
                "series": {"path": f"D:\\tv\\{SHOW.lower()}"},
                "episodeFile": {"relativePath": "season 01\\THE SHOW (2020) s01e02.strm"},
            },
            SECOND,
            id="an episode",
        ),
        pytest.param(
            Sender.RADARR,
            {
                "eventType": "MovieDelete",
                "movie": {"folderPath": "e:\\FILME\\the film (2021)"},
                "deletedFiles": True,
            },
            FILM,
            id="a film's folder",
        ),
        pytest.param(
            Sender.SONARR,
            {
                "eventType": "EpisodeFileDelete",
                "series": {"path": f"\\\\NAS\\tv\\{SHOW.upper()}"},
                "episodes": [{"seasonNumber": 1, "episodeNumber": 2}],
            },
            SECOND,
            id="of a share, by its number",
        ),
    ],
)
def test_91_a_deletion_of_windows(
    shelf: Path,
    database: Database,
    sender: Sender,
    event: dict[str, Any],
    gone: str,
    more: str,
) -> None:
    (shelf / gone).unlink()
    settings = settings_with(shelf, more)
    received = receive(settings, database, sender, event)
    assert [(it.strm_path, it.outcome) for it in received.files] == [(gone, "removed")]
    assert rows(database) == {FIRST, SECOND, FILM} - {gone}


def test_93_a_folder_of_windows_is_looked_at(shelf: Path, database: Database) -> None:
    (shelf / FIRST).rename(shelf / RENAMED)
    event = {"eventType": "Rename", "series": {"path": "d:\\tv\\the show (2020)"}}
    receive(settings_with(shelf, ""), database, Sender.SONARR, event)
    assert RENAMED in rows(database)


def test_91_linux_tells_upper_from_lower_case(shelf: Path, database: Database) -> None:
    (shelf / SECOND).unlink()
    event = {
        "eventType": "EpisodeFileDelete",
        "series": {"path": f"/tv/{SHOW}"},
        "episodeFile": {"relativePath": "Season 01/The show (2020) S01E02.strm"},
    }
    received = receive(settings_with(shelf, ""), database, Sender.SONARR, event)
    assert [it.outcome for it in received.files] == ["not_found"]
    assert SECOND in rows(database)
