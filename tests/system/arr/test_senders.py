"""Older Sonarrs and Radarrs are understood; senders at the wrong address hear of it."""

from pathlib import Path
from typing import Any

import pytest

from stage.arr import payload
from strmctl.domain.library.arr_event import Sender
from strmctl.domain.selection import Selection
from strmctl.errors import UsageError
from strmctl.services.arr.following import receive
from strmctl.settings.load import load
from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.mappings import Mappings

SEASON = "The Show (2020)/Season 01"
OLD = f"{SEASON}/The Show (2020) S01E01.strm"
NEW = f"{SEASON}/The Show - S01E01 - Part 1.strm"
OLD_FILM = "The Film (2021)/The Film (2021).strm"
NEW_FILM = "The Film (2021)/The Film (2021) SDTV.strm"


@pytest.fixture
def settings(shelf: Path) -> Settings:
    return load(shelf.parent / "strmctl.toml").settings


@pytest.mark.parametrize(
    ("sender", "event", "address"),
    [
        pytest.param(Sender.RADARR, "sonarr-rename", "/hooks/sonarr", id="sonarr's rename"),
        pytest.param(Sender.RADARR, "sonarr-test", "/hooks/sonarr", id="sonarr's test"),
        pytest.param(Sender.RADARR, "sonarr-health", "/hooks/sonarr", id="sonarr's health"),
        pytest.param(Sender.RADARR, "sonarr-series-delete", "/hooks/sonarr", id="sonarr's delete"),
        pytest.param(Sender.SONARR, "radarr-test", "/hooks/radarr", id="radarr's test"),
        pytest.param(Sender.SONARR, "radarr-download", "/hooks/radarr", id="radarr's import"),
        pytest.param(Sender.SONARR, "radarr-movie-added", "/hooks/radarr", id="radarr's film"),
    ],
)
def test_93_a_webhook_at_the_other_s_address(
    shelf: Path, settings: Settings, database: Database, sender: Sender, event: str, address: str
) -> None:
    with pytest.raises(UsageError, match=address):
        receive(settings, database, sender, payload(event))


@pytest.mark.parametrize("owner", ["artist", "author"])
@pytest.mark.parametrize("sender", list(Sender))
def test_93_a_webhook_of_another_program(
    shelf: Path, settings: Settings, database: Database, sender: Sender, owner: str
) -> None:
    event = {"eventType": "Rename", owner: {"path": "/music/X"}}
    with pytest.raises(UsageError, match="Sonarr and Radarr alone"):
        receive(settings, database, sender, event)


OLDER = [
    # Sonarr 2 and early 3: the series alone.
    pytest.param(
        Sender.SONARR,
        {
            "eventType": "Rename",
            "series": {"id": 7, "title": "The Show", "path": "/tv/The Show (2020)", "tvdbId": 1},
        },
        OLD,
        NEW,
        id="sonarr 3: a rename without files",
    ),
    # Sonarr 3: the list is there and empty where another program renamed.
    pytest.param(
        Sender.SONARR,
        {
            "eventType": "Rename",
            "series": {"id": 7, "path": "D:\\tv\\The Show (2020)"},
            "renamedEpisodeFiles": [],
        },
        OLD,
        NEW,
        id="sonarr 3: an empty list, Windows",
    ),
    # Sonarr 3: files of an import had no `path` of their own at first.
    pytest.param(
        Sender.SONARR,
        {
            "episodes": [{"id": 1, "episodeNumber": 1, "seasonNumber": 1, "title": "Part 1"}],
            "episodeFile": {
                "id": 2,
                "relativePath": "Season 01/The Show - S01E01 - Part 1.strm",
                "quality": "SDTV",
                "qualityVersion": 1,
            },
            "isUpgrade": False,
            "eventType": "Download",
            "series": {"id": 7, "title": "The Show", "path": "/tv/The Show (2020)", "tvdbId": 1},
        },
        OLD,
        NEW,
        id="sonarr 3: an import by its relative path",
    ),
    pytest.param(
        Sender.RADARR,
        {"eventType": "Rename", "movie": {"id": 3, "folderPath": "/movies/The Film (2021)"}},
        OLD_FILM,
        NEW_FILM,
        id="radarr 3: a rename without files",
    ),
    # Radarr 2 told the file of a film, not its folder.
    pytest.param(
        Sender.RADARR,
        {
            "eventType": "Rename",
            "movie": {"id": 3, "filePath": "/movies/The Film (2021)/The Film (2021).strm"},
        },
        OLD_FILM,
        NEW_FILM,
        id="radarr 2: a rename by the file's path",
    ),
]


@pytest.mark.parametrize(("sender", "event", "old", "new"), OLDER)
def test_93_older_payloads_are_followed(
    shelf: Path,
    settings: Settings,
    database: Database,
    sender: Sender,
    event: Any,
    old: str,
    new: str,
) -> None:
    (shelf / old).rename(shelf / new)
    received = receive(settings, database, sender, event)
    assert (new, "moved") in {(file.strm_path, file.outcome) for file in received.files}
    assert {new} <= {row.strm_path for row in Mappings(database).select(Selection())}
    again = receive(settings, database, sender, event)
    assert {file.outcome for file in again.files} == {"unchanged"}


def test_93_a_rename_without_files_in_a_folder_that_is_unknown(
    shelf: Path, settings: Settings, database: Database
) -> None:
    event = {"eventType": "Rename", "series": {"path": "/tv/Nobody knows it"}}
    received = receive(settings, database, Sender.SONARR, event)
    assert [file.outcome for file in received.files] == ["not_found"]


def test_93_a_deletion_in_words(shelf: Path, settings: Settings, database: Database) -> None:
    """Some versions write true as a text."""
    (shelf / OLD_FILM).unlink()
    event = {
        "eventType": "MovieDelete",
        "movie": {"folderPath": "/movies/The Film (2021)"},
        "deletedFiles": "True",
    }
    received = receive(settings, database, Sender.RADARR, event)
    assert [file.outcome for file in received.files] == ["removed"]
