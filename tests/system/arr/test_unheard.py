"""What Sonarr and Radarr say once is heard: elsewhere mounted, large, many, old, or at the wrong
address."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from stage import arr_classes
from stage.command_line import Strmctl
from strmctl.domain.library.arr_event import Sender
from strmctl.domain.selection import Selection
from strmctl.services.arr.following import receive
from strmctl.services.arr.waiting import late_events
from strmctl.settings.load import load
from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.locks.run_lock import run_lock
from strmctl.storage.tables.arr_events import ArrMisses, LateEventRecords, Miss
from strmctl.storage.tables.mappings import Mappings

SEASON = "The Show (2020)/Season 01"
OLD = f"{SEASON}/The Show (2020) S01E01.strm"
NEW = f"{SEASON}/The Show - S01E01 - Part 1.strm"
OLD_FILM = "The Film (2021)/The Film (2021).strm"
NEW_FILM = "The Film (2021)/The Film (2021) SDTV.strm"

Events = Any


@pytest.fixture
def below(shelf: Path, strmctl: Strmctl) -> Path:
    """The shows and films lie in folders of the library that Sonarr and Radarr see as roots."""
    for folder, title in (("Serien", "The Show (2020)"), ("Filme", "The Film (2021)")):
        (shelf / folder).mkdir()
        (shelf / title).rename(shelf / folder / title)
    strmctl("import", shelf)
    return shelf


def settings_with(shelf: Path, more: str = "") -> Settings:
    file = shelf.parent / "strmctl.toml"
    file.write_text(file.read_text() + more)
    return load(file).settings


def rename(shelf: Path, old: str, new: str) -> None:
    (shelf / new).parent.mkdir(parents=True, exist_ok=True)
    (shelf / old).rename(shelf / new)


def rows(database: Database) -> set[str]:
    return {row.strm_path for row in Mappings(database).select(Selection())}


def sonarr_rename(root: str, separator: str = "/") -> dict[str, object]:
    path = separator.join([root.rstrip(separator), *NEW.split("/")])
    return {
        "eventType": "Rename",
        "series": {"path": root},
        "renamedEpisodeFiles": [{"path": path}],
    }


def doctor(strmctl: Strmctl, code: int = 10) -> list[dict[str, Any]]:
    records = strmctl("doctor", "--json", code=code).records
    return [record for record in records if record.get("check") == "arr"]


@pytest.mark.parametrize(
    ("mapping", "root", "separator"),
    [
        pytest.param('"/tv" = "Serien"', "/tv", "/", id="a mount"),
        pytest.param(
            '"/data/media/tv/" = "Serien/"', "/data/media/tv", "/", id="deep, with slashes"
        ),
        pytest.param('"D:\\\\TV" = "Serien"', "d:\\tv", "\\", id="a drive in another case"),
        pytest.param('"\\\\\\\\nas\\\\tv" = "Serien"', "\\\\nas\\tv", "\\", id="a share"),
        pytest.param('"/" = "Filme", "/tv" = "Serien"', "/tv", "/", id="the longest counts"),
        pytest.param('"D:/TV/" = "Serien"', "D:\\TV\\", "\\", id="a drive, slashes the other way"),
        pytest.param('"//NAS/tv" = "Serien"', "\\\\nas\\TV", "\\", id="a share in slashes"),
        pytest.param(
            '"\\\\\\\\nas\\\\tv\\\\" = "Serien\\\\"', "\\\\nas\\tv", "\\", id="all ends marked"
        ),
        pytest.param('"/tv//" = "./Serien/"', "/tv/", "/", id="doubled and dotted"),
    ],
)
def test_91_a_folder_that_they_see_elsewhere(
    below: Path, database: Database, mapping: str, root: str, separator: str
) -> None:
    settings = settings_with(below, f"\n[arr]\npaths = {{ {mapping} }}\n")
    rename(below, f"Serien/{OLD}", f"Serien/{NEW}")
    received = receive(settings, database, Sender.SONARR, sonarr_rename(root, separator))
    assert [(file.strm_path, file.outcome) for file in received.files] == [
        (f"Serien/{NEW}", "moved")
    ]
    assert ArrMisses(database).newest() == []


def test_91_a_mapping_of_the_environment(
    below: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRMCTL_ARR_PATHS", "/movies=Filme,/tv=Serien")
    rename(below, f"Serien/{OLD}", f"Serien/{NEW}")
    received = receive(settings_with(below), database, Sender.SONARR, sonarr_rename("/tv"))
    assert [file.outcome for file in received.files] == ["moved"]


def test_91_a_miss_is_in_the_log_and_doctor_suggests_the_mapping(
    below: Path, database: Database, strmctl: Strmctl, caplog: pytest.LogCaptureFixture
) -> None:
    rename(below, f"Serien/{OLD}", f"Serien/{NEW}")
    receive(settings_with(below), database, Sender.SONARR, sonarr_rename("/data/tv"))
    assert f"sonarr: not_found /data/tv/{NEW}: no such file in the library" in caplog.text
    [miss] = ArrMisses(database).newest()
    assert (miss.event, miss.path) == ("Rename", f"/data/tv/{NEW}")
    [finding] = doctor(strmctl)
    assert '"/data/tv" = "Serien"' in finding["remedy"]


@pytest.mark.parametrize(
    ("sender", "event", "where"),
    [
        pytest.param(
            Sender.SONARR,
            {
                "eventType": "SeriesDelete",
                "deletedFiles": True,
                "series": {"path": "/tv/The Show (2020)"},
            },
            '"/tv" = "Deep/Serien"',
            id="a series",
        ),
        pytest.param(
            Sender.RADARR,
            {
                "eventType": "Download",
                "movie": {"folderPath": "D:\\Films\\The Film (2021)"},
                "movieFile": {"relativePath": "The Film (2021) new.strm"},
            },
            '"D:\\\\Films" = "Deep/Filme"',
            id="a film by its folder, since its name is new",
        ),
        pytest.param(
            Sender.SONARR,
            {
                "eventType": "EpisodeFileDelete",
                "episodeFile": {"path": f"/tv/x/Other/{OLD}"},
            },
            '"/tv/x/Other" = "Deep/Serien"',
            id="an episode",
        ),
    ],
)
def test_91_doctor_suggests_the_mapping(
    below: Path, database: Database, strmctl: Strmctl, sender: Sender, event: Any, where: str
) -> None:
    (below / "Deep").mkdir()
    for folder in ("Serien", "Filme"):
        (below / folder).rename(below / "Deep" / folder)
    strmctl("import", below)
    # What lies in the library's own root is found without a mapping: the names differ here.
    settings = settings_with(below, '\n[arr]\npaths = { "/tv" = "X", "D:\\\\Films" = "X" }\n')
    receive(settings, database, sender, event)
    [finding] = doctor(strmctl)
    assert where in finding["remedy"]


def test_93_a_deletion_that_names_its_episodes_alone(shelf: Path, database: Database) -> None:
    """The first Sonarr 3; what is still there stays, and so does what it does not name."""
    event = arr_classes.without_a_file() | {"series": {"path": "/tv/The Show (2020)"}}
    settings = settings_with(shelf)
    before = rows(database)
    [there] = receive(settings, database, Sender.SONARR, event).files
    assert (there.strm_path, there.outcome) == (OLD, "there")
    for file in (shelf / SEASON).glob("*.strm"):
        file.rename(file.with_suffix(".away"))
    [gone] = receive(settings, database, Sender.SONARR, event).files
    assert (gone.strm_path, gone.outcome) == (OLD, "removed")
    assert rows(database) == before - {OLD}


def test_91_what_is_nowhere_is_said_too(below: Path, database: Database, strmctl: Strmctl) -> None:
    event = {"eventType": "Download", "episodeFile": {"path": "/else/Where/Never S01E01.strm"}}
    receive(settings_with(below), database, Sender.SONARR, event)
    [finding] = doctor(strmctl)  # 10: the library has no resolver either
    assert (finding["severity"], finding["subject"]) == ("info", "sonarr")
    assert "/else/Where/Never S01E01.strm" in finding["reason"]


async def test_92_events_are_kept_however_many(shelf: Path, database: Database) -> None:
    settings = settings_with(shelf)
    async with late_events(settings) as events:
        with run_lock(database.path, "probe --all"):
            for _ in range(300):
                told = await events.receive(Sender.SONARR, sonarr_rename("/tv"))
                assert told.waiting
            assert LateEventRecords(database).count() == 300
            rename(shelf, OLD, NEW)
        async with asyncio.timeout(60):
            while LateEventRecords(database).count():
                await asyncio.sleep(0.02)
    assert NEW in rows(database)


async def test_92_an_event_waits_for_a_library_that_is_away(
    shelf: Path, database: Database
) -> None:
    rename(shelf, OLD, NEW)
    shelf.rename(away := shelf.with_name("away"))
    async with late_events(settings_with(shelf), failure_pause=0.02) as events:
        told = await events.receive(Sender.SONARR, sonarr_rename("/tv"))
        assert told.waiting
        away.rename(shelf)
        async with asyncio.timeout(60):
            while LateEventRecords(database).count():
                await asyncio.sleep(0.02)
    assert NEW in rows(database)


async def test_92_an_event_waits_where_the_library_is_an_empty_mount_point(
    shelf: Path, database: Database
) -> None:
    rename(shelf, OLD, NEW)
    shelf.rename(away := shelf.with_name("away"))
    shelf.mkdir()
    async with late_events(settings_with(shelf), failure_pause=0.02) as events:
        assert (await events.receive(Sender.SONARR, sonarr_rename("/tv"))).waiting
        shelf.rmdir()
        away.rename(shelf)
        async with asyncio.timeout(60):
            while LateEventRecords(database).count():
                await asyncio.sleep(0.02)
    assert NEW in rows(database)


def test_91_old_misses_leave(database: Database) -> None:
    now = datetime.now(UTC)
    misses = [
        Miss(Sender.SONARR, "Rename", f"/tv/{n}", "not_found", "", now + timedelta(seconds=n))
        for n in range(1010)
    ]
    ArrMisses(database).put(misses)
    kept = ArrMisses(database).newest(5000)
    assert (len(kept), kept[0].path, kept[-1].path) == (1000, "/tv/1009", "/tv/10")
