"""Events that come while another run holds the lock are done after it."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stage.arr import payload
from stage.command_line import Strmctl
from strmctl.domain.library.arr_event import Sender
from strmctl.domain.selection import Selection
from strmctl.errors import UsageError
from strmctl.services.arr.waiting import late_events
from strmctl.settings.load import load
from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.locks.file_lock import held
from strmctl.storage.locks.run_lock import run_lock
from strmctl.storage.tables.arr_events import LateEventRecords
from strmctl.storage.tables.mappings import Mappings

OLD = "The Show (2020)/Season 01/The Show (2020) S01E01.strm"
NEW = "Elsewhere (2020)/Season 01/Elsewhere (2020) S01E01.strm"
NOW = datetime.now(UTC)
NEWER = "Farther (2020)/Season 01/Farther (2020) S01E01.strm"


@pytest.fixture
def settings(shelf: Path) -> Settings:
    return load(shelf.parent / "strmctl.toml").settings


def renamed(before: str, after: str) -> dict[str, object]:
    file = {"previousPath": f"/tv/{before}", "path": f"/tv/{after}"}
    return {"eventType": "Rename", "renamedEpisodeFiles": [file]}


def move(shelf: Path, before: str, after: str) -> None:
    (shelf / after).parent.mkdir(parents=True)
    (shelf / before).rename(shelf / after)


async def all_done(database: Database) -> None:
    async with asyncio.timeout(30):
        while LateEventRecords(database).count():
            await asyncio.sleep(0.02)


async def test_done_when_the_other_run_has_ended(
    shelf: Path, settings: Settings, database: Database
) -> None:
    async with late_events(settings) as events:
        with run_lock(database.path, "probe --all"):
            move(shelf, OLD, NEW)
            told = await events.receive(Sender.SONARR, renamed(OLD, NEW))
            assert (told.waiting, told.ignored, told.files) == (True, False, ())
            assert (await events.receive(Sender.SONARR, payload("sonarr-test"))).ignored
            assert LateEventRecords(database).count() == 1
        await all_done(database)
        again = await events.receive(Sender.SONARR, renamed(OLD, NEW))
    assert set(Mappings(database).at([OLD, NEW])) == {NEW}
    assert [file.outcome for file in again.files] == ["unchanged"]


async def test_what_is_refused_is_refused_at_once(settings: Settings, database: Database) -> None:
    async with late_events(settings) as events:
        with run_lock(database.path, "probe --all"):
            with pytest.raises(UsageError):
                await events.receive(Sender.SONARR, {"hello": "world"})


async def test_the_next_server_does_what_the_one_before_did_not(
    shelf: Path, settings: Settings, database: Database
) -> None:
    move(shelf, OLD, NEW)
    with run_lock(database.path, "probe --all"):
        async with late_events(settings) as events:
            assert (await events.receive(Sender.SONARR, renamed(OLD, NEW))).waiting
    async with late_events(settings):
        await all_done(database)
    assert set(Mappings(database).at([OLD, NEW])) == {NEW}


async def test_what_comes_later_is_done_later(
    shelf: Path, settings: Settings, database: Database
) -> None:
    move(shelf, OLD, NEW)
    async with late_events(settings) as events:
        with held(database.path, "late-events") as another_worker_does_them:
            assert another_worker_does_them
            with run_lock(database.path, "probe --all"):
                assert (await events.receive(Sender.SONARR, renamed(OLD, NEW))).waiting
            move(shelf, NEW, NEWER)
            assert (await events.receive(Sender.SONARR, renamed(NEW, NEWER))).waiting
            assert set(Mappings(database).at([OLD, NEW, NEWER])) == {OLD}
        await all_done(database)
    assert set(Mappings(database).at([OLD, NEW, NEWER])) == {NEWER}


async def test_what_cannot_be_done_does_not_hold_up_the_others(
    shelf: Path, settings: Settings, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    waiting = LateEventRecords(database)
    waiting.add(Sender.SONARR, {"hello": "world"}, NOW)
    waiting.add(Sender.SONARR, renamed(OLD, NEW), NOW)
    move(shelf, OLD, NEW)
    async with late_events(settings):
        await all_done(database)
    assert "sonarr: " in caplog.text
    assert set(Mappings(database).at([OLD, NEW])) == {NEW}


@pytest.mark.parametrize("is_empty", [False, True], ids=["no folder", "an empty folder"])
async def test_a_library_that_is_not_mounted_is_waited_for(
    is_empty: bool,
    shelf: Path,
    settings: Settings,
    database: Database,
    caplog: pytest.LogCaptureFixture,
) -> None:
    move(shelf, OLD, NEW)
    shelf.rename(away := shelf.with_name("away"))
    if is_empty:
        shelf.mkdir()
    waiting = LateEventRecords(database)
    waiting.add(Sender.SONARR, renamed(OLD, NEW), datetime.now(UTC))
    async with late_events(settings, failure_pause=0.02):
        async with asyncio.timeout(30):
            while "mount" not in caplog.text:
                await asyncio.sleep(0.02)
        assert waiting.count() == 1
        if is_empty:
            shelf.rmdir()
        away.rename(shelf)
        await all_done(database)
    assert set(Mappings(database).at([OLD, NEW])) == {NEW}
    assert caplog.text.count("mount") == 1


async def test_the_last_files_of_a_library_may_be_deleted(
    shelf: Path, settings: Settings, database: Database, strmctl: Strmctl
) -> None:
    """Nothing is left there, and that is what the event says."""
    strmctl("remove", "3")
    (shelf / OLD).unlink()
    (shelf / OLD.replace("E01", "E02")).unlink()
    async with late_events(settings) as events:
        received = await events.receive(Sender.SONARR, payload("sonarr-series-delete"))
    assert (received.waiting, len(received.files)) == (False, 2)
    assert list(Mappings(database).select(Selection())) == []


async def test_what_has_waited_for_a_week_is_given_up(
    shelf: Path, settings: Settings, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    LateEventRecords(database).add(Sender.SONARR, renamed(OLD, NEW), NOW - timedelta(days=8))
    shelf.rename(shelf.with_name("away"))
    async with late_events(settings):
        await all_done(database)
    assert "sonarr: " in caplog.text


async def test_what_was_not_found_is_logged(
    settings: Settings, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    LateEventRecords(database).add(Sender.SONARR, renamed(NEWER, NEW), NOW)
    async with late_events(settings):
        await all_done(database)
    assert f"sonarr: not_found /tv/{NEW}: no such file in the library" in caplog.text
