"""`strmctl serve` tells a server that was down, once, however many workers there are."""

import time
from pathlib import Path

import pytest

from stage.strmctl import new_strmctl
from stage.waiting import free_port, until
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.notices import Notices
from system.notify.servers import TOKEN, jellyfin, serving

PATIENCE = 120


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_server_that_was_down_is_told_late_and_once(is_long: bool, tmp_path: Path) -> None:
    strmctl, port = new_strmctl(tmp_path / "home", "http://127.0.0.1:1"), free_port()
    with (strmctl.folder / "strmctl.toml").open("a") as settings:
        settings.write(f'\n[notify.tv]\ntype = "jellyfin"\nurl = "http://127.0.0.1:{port}"\n')
        settings.write(f'token = "{TOKEN}"\nlibrary = "/media"\n')
    down_seconds = 60 if is_long else 15
    begin = time.monotonic()
    strmctl.write("one")
    strmctl.write("two")
    assert time.monotonic() - begin < 20
    with strmctl.serving("--workers", "2") as running:
        strmctl.write("three")
        until(lambda: "notify.tv: it does not answer" in running.log.read_text(), "a failure", 60)
        until(lambda: time.monotonic() - begin > down_seconds, "it is down", PATIENCE)
        with Database.open(strmctl.folder / "strmctl.db") as database:
            assert Notices(database).backlogs()["tv"].count == 3
            with serving(jellyfin(), port) as server:
                until(lambda: bool(server.posted()), "it is told", PATIENCE)
                strmctl.write("four")
                until(lambda: len(server.posted()) > 1, "it is told at once", 60)
                until(lambda: not Notices(database).backlogs(), "nothing waits", 60)
            updates = [update for body in server.posted() for update in body["Updates"]]
    assert sorted(update["Path"] for update in updates) == [
        f"/media/{title}/Season 01/{title} S01E02.strm" for title in ("Four", "One", "Three", "Two")
    ]
    assert {update["UpdateType"] for update in updates} == {"Created"}
    assert TOKEN not in running.log.read_text()
