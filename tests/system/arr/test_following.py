"""Where Sonarr and Radarr have put a file its mapping is; what they have deleted is forgotten."""

from collections import Counter
from pathlib import Path

import pytest

from stage.arr import PAYLOADS, Send, payload
from stage.command_line import Strmctl
from stage.library_tree import files
from strmctl.domain.library.arr_event import Sender
from strmctl.domain.selection import Selection
from strmctl.errors import ItemError, LockedError, SafetyError, UsageError
from strmctl.services.arr.following import Received, receive
from strmctl.settings.load import load
from strmctl.storage.database.connection import Database
from strmctl.storage.locks.run_lock import run_lock
from strmctl.storage.tables.mappings import Mappings

SEASON = "The Show (2020)/Season 01"
OLD = [f"{SEASON}/The Show (2020) S01E0{number}.strm" for number in (1, 2)]
NEW = [f"{SEASON}/The Show - S01E0{number} - Part {number}.strm" for number in (1, 2)]
OLD_FILM = "The Film (2021)/The Film (2021).strm"
NEW_FILM = "The Film (2021)/The Film (2021) SDTV.strm"
ALL = sorted([*OLD, OLD_FILM])


def paths(database: Database) -> list[str]:
    return sorted(row.strm_path for row in Mappings(database).select(Selection()))


def outcomes(received: Received) -> Counter[tuple[str, str]]:
    return Counter((file.strm_path, file.outcome) for file in received.files)


def move(shelf: Path, old: str, new: str) -> None:
    (shelf / new).parent.mkdir(parents=True, exist_ok=True)
    (shelf / old).rename(shelf / new)


def test_the_library_is_as_the_payloads_see_it(database: Database) -> None:
    assert paths(database) == ALL


def test_renamed_episodes(shelf: Path, database: Database, send: Send) -> None:
    for old, new in zip(OLD, NEW, strict=True):
        move(shelf, old, new)
    before = files(shelf.parent)
    received = send("sonarr-rename")
    assert outcomes(received) == {(new, "moved"): 1 for new in NEW}
    assert all(file.mapping_id for file in received.files)
    assert paths(database) == sorted([*NEW, OLD_FILM])
    again = send("sonarr-rename")
    assert outcomes(again) == {(new, "unchanged"): 1 for new in NEW}
    assert paths(database) == sorted([*NEW, OLD_FILM])
    assert files(shelf.parent) == before


@pytest.mark.parametrize("name", ["radarr-rename", "radarr-rename-without-path", "radarr-download"])
def test_a_renamed_film(shelf: Path, database: Database, send: Send, name: str) -> None:
    """Radarr sees the library below a Windows drive."""
    move(shelf, OLD_FILM, NEW_FILM)
    assert outcomes(send(name)) == {(NEW_FILM, "moved"): 1}
    assert NEW_FILM in paths(database)


def test_two_episodes_that_change_places(shelf: Path, database: Database, send: Send) -> None:
    """As Sonarr does when the order of episodes was corrected."""
    for old, new in zip(OLD, NEW, strict=True):
        move(shelf, old, new)
    send("sonarr-rename")
    (shelf / NEW[0]).rename(shelf / "aside")
    move(shelf, NEW[1], NEW[0])
    (shelf / "aside").rename(shelf / NEW[1])
    assert outcomes(send("sonarr-rename")) == {(new, "moved"): 1 for new in NEW}
    episodes = {
        row.strm_path: row.identity.episode for row in Mappings(database).select(Selection())
    }
    assert (episodes[NEW[0]], episodes[NEW[1]]) == (2, 1)


@pytest.mark.parametrize("root", ["", "tv/", "media/tv/"])
def test_an_import_from_another_folder(
    shelf: Path, database: Database, send: Send, root: str
) -> None:
    """The library begins somewhere within Sonarr's path."""
    move(shelf, OLD[0], root + NEW[0])
    assert outcomes(send("sonarr-download")) == {(root + NEW[0], "moved"): 1}
    assert root + NEW[0] in paths(database)


def test_a_season_is_imported(shelf: Path, database: Database, send: Send) -> None:
    for old, new in zip(OLD, NEW, strict=True):
        move(shelf, old, new)
    assert outcomes(send("sonarr-import-complete")) == {(new, "moved"): 1 for new in NEW}


def test_a_file_that_no_mapping_knows(
    shelf: Path, database: Database, send: Send, strmctl: Strmctl
) -> None:
    """It names its identity, so a mapping is made of it."""
    move(shelf, OLD[0], NEW[0])
    strmctl("remove", "--keep-files", OLD[0])
    assert outcomes(send("sonarr-download")) == {(NEW[0], "created"): 1}
    assert NEW[0] in paths(database)


def test_a_copy_is_told_and_changes_nothing(shelf: Path, database: Database, send: Send) -> None:
    (shelf / NEW[0]).write_bytes((shelf / OLD[0]).read_bytes())
    assert outcomes(send("sonarr-download")) == {(NEW[0], "duplicate"): 1}
    assert paths(database) == ALL


def test_a_foreign_file_is_told_and_changes_nothing(
    shelf: Path, database: Database, send: Send
) -> None:
    (shelf / NEW[0]).write_text("https://cdn.test/x.mp4\n")
    assert outcomes(send("sonarr-download")) == {(NEW[0], "foreign"): 1}
    assert paths(database) == ALL


def test_a_file_that_is_not_there(database: Database, send: Send) -> None:
    path = f"/data/media/tv/{NEW[0]}"
    assert outcomes(send("sonarr-download")) == {(path, "not_found"): 1}
    assert paths(database) == ALL


def test_a_deleted_episode(shelf: Path, database: Database, send: Send) -> None:
    (shelf / OLD[0]).unlink()
    assert outcomes(send("sonarr-episode-file-delete")) == {(OLD[0], "removed"): 1}
    assert paths(database) == [OLD_FILM, OLD[1]]
    [again] = send("sonarr-episode-file-delete").files
    assert again.outcome == "not_found"
    assert paths(database) == [OLD_FILM, OLD[1]]


def test_a_deleted_episode_whose_file_is_there(shelf: Path, database: Database, send: Send) -> None:
    assert outcomes(send("sonarr-episode-file-delete")) == {(OLD[0], "there"): 1}
    assert paths(database) == ALL
    assert (shelf / OLD[0]).is_file()


def test_what_is_only_missing_is_not_forgotten(shelf: Path, database: Database, send: Send) -> None:
    """A disk that is not there looks the same."""
    (shelf / OLD[0]).unlink()
    assert send("sonarr-missing-from-disk").ignored
    assert paths(database) == ALL


def test_an_upgrade_to_a_real_film(shelf: Path, database: Database, send: Send) -> None:
    (shelf / OLD[0]).unlink()
    (shelf / SEASON / "The Show - S01E01.mkv").write_bytes(b"film")
    assert outcomes(send("sonarr-upgrade")) == {(OLD[0], "removed"): 1}
    assert paths(database) == [OLD_FILM, OLD[1]]


def test_an_upgrade_to_another_name(shelf: Path, database: Database) -> None:
    """The file that was replaced and the new one are of the same mapping, which stays."""
    move(shelf, OLD[0], NEW[0])
    settings = load(shelf.parent / "strmctl.toml").settings
    body = payload("sonarr-download") | {
        "isUpgrade": True,
        "deletedFiles": payload("sonarr-upgrade")["deletedFiles"],
    }
    assert outcomes(receive(settings, database, Sender.SONARR, body)) == {(NEW[0], "moved"): 1}
    assert paths(database) == sorted([NEW[0], OLD[1], OLD_FILM])


def test_a_deleted_film(shelf: Path, database: Database, send: Send) -> None:
    (shelf / OLD_FILM).unlink()
    assert outcomes(send("radarr-movie-file-delete")) == {(OLD_FILM, "removed"): 1}
    assert paths(database) == OLD


@pytest.mark.parametrize(
    ("name", "gone", "left"),
    [
        pytest.param("sonarr-series-delete", OLD, [OLD_FILM], id="series"),
        pytest.param("radarr-movie-delete", [OLD_FILM], OLD, id="film"),
    ],
)
def test_all_of_one_is_deleted(
    shelf: Path, database: Database, send: Send, name: str, gone: list[str], left: list[str]
) -> None:
    for path in gone:
        (shelf / path).unlink()
    assert outcomes(send(name)) == {(path, "removed"): 1 for path in gone}
    assert paths(database) == left


def test_a_series_is_deleted_but_its_files_stay(database: Database, send: Send) -> None:
    assert send("sonarr-series-delete-keeping-files").ignored
    assert outcomes(send("sonarr-series-delete")) == {(path, "there"): 1 for path in OLD}
    assert paths(database) == ALL


@pytest.mark.parametrize(
    "name",
    [
        *(f"sonarr-{event}" for event in ("test", "grab", "series-add", "health")),
        *("sonarr-application-update", "sonarr-manual-interaction"),
        *("radarr-test", "radarr-movie-added", "radarr-health"),
    ],
)
def test_events_that_concern_no_file(database: Database, send: Send, name: str) -> None:
    received = send(name)
    assert (received.ignored, received.files) == (True, ())
    assert received.event == payload(name)["eventType"]
    assert paths(database) == ALL


def test_every_payload_is_read(send: Send) -> None:
    names = sorted(file.stem for file in PAYLOADS.glob("*.json"))
    assert len(names) == 22
    for name in names:
        send(name)


def test_a_library_that_is_not_mounted_is_not_forgotten(
    shelf: Path, database: Database, send: Send
) -> None:
    shelf.rename(shelf.with_name("elsewhere"))
    with pytest.raises(ItemError, match="not there"):
        send("sonarr-series-delete")
    shelf.mkdir()
    with pytest.raises(SafetyError, match="mounted"):
        send("sonarr-series-delete")
    assert paths(database) == ALL


def test_much_at_once_is_braked(
    shelf: Path, database: Database, send: Send, strmctl: Strmctl
) -> None:
    rows = [f"a.to,the-show,1,{number},de,The Show,2020" for number in range(3, 40)]
    heads = "site,slug,season,episode,language,title,year"
    strmctl("write", "--from", "-", stdin="\n".join([heads, *rows, ""]))
    for file in (shelf / SEASON).iterdir():
        file.unlink()
    with pytest.raises(SafetyError, match="the files of 39 of 40 mappings are gone"):
        send("sonarr-series-delete")
    assert len(paths(database)) == 40


def test_it_is_taken_back(shelf: Path, database: Database, send: Send, strmctl: Strmctl) -> None:
    (shelf / OLD[0]).unlink()
    send("sonarr-episode-file-delete")
    strmctl("undo")
    assert paths(database) == ALL


def test_what_concerns_no_file_waits_for_nobody(database: Database, send: Send) -> None:
    with run_lock(database.path, "probe --all"):
        assert send("sonarr-test").ignored


def test_another_run_goes_before_it(database: Database, send: Send) -> None:
    with run_lock(database.path, "probe --all"), pytest.raises(LockedError, match="probe --all"):
        send("sonarr-rename")


@pytest.mark.parametrize(
    "body",
    [None, [], "x", 7, {}, {"eventType": ""}, {"eventType": 1}, {"eventType": "x" * 101}],
)
def test_what_is_no_webhook(shelf: Path, database: Database, body: object) -> None:
    settings = load(shelf.parent / "strmctl.toml").settings
    with pytest.raises(UsageError, match="eventType"):
        receive(settings, database, Sender.SONARR, body)


@pytest.mark.parametrize(
    "path",
    [
        "/data/../The Show (2020)/Season 01/The Show (2020) S01E01.strm",
        "/data/./The Show (2020)/Season 01/The Show (2020) S01E01.strm",
        "../library/The Show (2020)/Season 01/The Show (2020) S01E01.strm",
        "D:\\tv\\..\\The Show (2020)\\Season 01\\The Show (2020) S01E01.strm",
        "/etc/passwd.strm",
        "/The Show (2020) S01E01.strm",
        "/x/The Show (2020)/Season 01/The Show (2020) S01E01.strm\x00",
        "/x/" + "y" * 5000 + ".strm",
        "",
    ],
)
def test_paths_that_lead_astray(shelf: Path, database: Database, path: str) -> None:
    (shelf / OLD[0]).unlink()
    settings = load(shelf.parent / "strmctl.toml").settings
    body = {"eventType": "EpisodeFileDelete", "episodeFile": {"path": path}}
    received = receive(settings, database, Sender.SONARR, body)
    assert {file.outcome for file in received.files} <= {"not_found"}
    assert paths(database) == ALL


def test_a_link_out_of_the_library_is_not_followed(
    shelf: Path, database: Database, send: Send, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / Path(NEW[0]).name).write_bytes((shelf / OLD[0]).read_bytes())
    (shelf / "tv" / "The Show (2020)").mkdir(parents=True)
    (shelf / "tv" / SEASON).symlink_to(outside)
    (shelf / OLD[0]).unlink()
    assert outcomes(send("sonarr-download")) == {(f"tv/{NEW[0]}", "bad"): 1}
    assert paths(database) == ALL
