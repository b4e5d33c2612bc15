"""Events that come while another run holds the lock are done after it."""

import asyncio
from pathlib import Path

import pytest

from arr.conftest import payload
from strmctl.domain.arr_event import Sender
from strmctl.errors import LockedError, UsageError
from strmctl.services.late_events import LateEvents, late_events
from strmctl.settings.load import load
from strmctl.storage.database import Database
from strmctl.storage.mappings import Mappings
from strmctl.storage.run_lock import run_lock

OLD = "The Show (2020)/Season 01/The Show (2020) S01E01.strm"
NEW = "Elsewhere (2020)/Season 01/Elsewhere (2020) S01E01.strm"


def renamed(before: str, after: str) -> dict[str, object]:
    file = {"previousPath": f"/tv/{before}", "path": f"/tv/{after}"}
    return {"eventType": "Rename", "renamedEpisodeFiles": [file]}


async def all_done(events: LateEvents) -> None:
    async with asyncio.timeout(30):
        while events.waiting:
            await asyncio.sleep(0.02)


async def test_done_when_the_other_run_has_ended(shelf: Path, database: Database) -> None:
    settings = load(shelf.parent / "strmctl.toml").settings
    (shelf / NEW).parent.mkdir(parents=True)
    async with late_events(settings) as events:
        with run_lock(database.path, "probe --all"):
            (shelf / OLD).rename(shelf / NEW)
            told = await events.receive(Sender.SONARR, renamed(OLD, NEW))
            assert (told.waiting, told.ignored, told.files) == (True, False, ())
            assert (await events.receive(Sender.SONARR, payload("sonarr-test"))).ignored
            assert events.waiting == 1
        await all_done(events)
        again = await events.receive(Sender.SONARR, renamed(OLD, NEW))
    assert set(Mappings(database).at([OLD, NEW])) == {NEW}
    assert [file.outcome for file in again.files] == ["unchanged"]


async def test_what_is_refused_is_refused_at_once(shelf: Path, database: Database) -> None:
    settings = load(shelf.parent / "strmctl.toml").settings
    async with late_events(settings) as events:
        with run_lock(database.path, "probe --all"):
            with pytest.raises(UsageError):
                await events.receive(Sender.SONARR, {"hello": "world"})
            for _ in range(200):
                await events.receive(Sender.SONARR, renamed(OLD, NEW))
            with pytest.raises(LockedError, match="200 events wait"):
                await events.receive(Sender.SONARR, renamed(OLD, NEW))


async def test_the_end_of_the_server_says_what_it_forgets(
    shelf: Path, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    settings = load(shelf.parent / "strmctl.toml").settings
    with run_lock(database.path, "probe --all"):
        async with late_events(settings) as events:
            await events.receive(Sender.SONARR, renamed(OLD, NEW))
    assert "forgets 1 event" in caplog.text
