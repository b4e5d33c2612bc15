"""Each server is told in its own words, once; one that is down gets it late, not never."""

import asyncio
import logging
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from stage.waiting import free_port
from strmctl.domain.notice import FileChange
from strmctl.services.notifying.outbox import Delivery, deliver, notifying
from strmctl.settings.model import NotifySettings, NotifyType, Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.notices import Notices
from system.notify.servers import KODI_TOKEN, TOKEN, Reply, Server, jellyfin, serving

CREATED, MODIFIED, DELETED = FileChange.CREATED, FileChange.MODIFIED, FileChange.DELETED
LIBRARY = "/media/strm"
FILES = {
    "Show/Season 01/Show S01E01.strm": CREATED,
    "Show/Season 01/Show S01E02.strm": MODIFIED,
    "Film (2020)/Film (2020).strm": DELETED,
}


def table(
    server: Server | str, kind: str, *, token: str = TOKEN, name: str = "tv", library: str = LIBRARY
) -> NotifySettings:
    url = server if isinstance(server, str) else server.url
    return NotifySettings(name, NotifyType(kind), url, token, library)


def settings(*tables: NotifySettings) -> Settings:
    return Settings(library=Path("/here/library"), notify=tables)


def record(database: Database, changes: Mapping[str, FileChange], *targets: str) -> None:
    with Notices(database).recording(targets or ["tv"], changes):
        pass


def later(**time: float) -> datetime:
    return datetime.now(UTC) + timedelta(**(time or {"seconds": 1}))


def changes(kodi: Server) -> list[Any]:
    """What it was asked to do, without what it was asked about itself."""
    return [
        body
        for body in kodi.posted()
        if body["method"] in ("VideoLibrary.Scan", "VideoLibrary.Clean")
    ]


async def tell(
    database: Database, *tables: NotifySettings, now: datetime | None = None
) -> list[Delivery]:
    return await deliver(settings(*tables), database, now or later())


@pytest.mark.parametrize("prefix", ["", "/", "/jellyfin"])
async def test_jellyfin(database: Database, jellyfin_server: Server, prefix: str) -> None:
    spoken = jellyfin()
    jellyfin_server.speaks = lambda asked: (
        Reply(204) if asked.path == "/jellyfin/Library/Media/Updated" else spoken(asked)
    )
    record(database, FILES)
    assert await tell(database, table(jellyfin_server.url + prefix, "jellyfin")) == [
        Delivery("tv", 3)
    ]
    [asked] = jellyfin_server.posts()
    assert (asked.method, asked.path) == ("POST", prefix.rstrip("/") + "/Library/Media/Updated")
    assert asked.fields["authorization"] == f'MediaBrowser Token="{TOKEN}"'
    assert "x-emby-token" not in asked.fields
    assert asked.fields["content-type"] == "application/json"
    assert asked.body == {
        "Updates": [
            {"Path": f"{LIBRARY}/Show/Season 01/Show S01E01.strm", "UpdateType": "Created"},
            {"Path": f"{LIBRARY}/Show/Season 01/Show S01E02.strm", "UpdateType": "Modified"},
            {"Path": f"{LIBRARY}/Film (2020)/Film (2020).strm", "UpdateType": "Deleted"},
        ]
    }


async def test_emby(database: Database, emby_server: Server) -> None:
    record(database, {"Film/Film.strm": CREATED})
    await tell(database, table(emby_server, "emby", library="D:\\strm"))
    [asked] = emby_server.posts()
    assert (asked.method, asked.path) == ("POST", "/Library/Media/Updated")
    assert asked.fields["x-emby-token"] == TOKEN
    assert "authorization" not in asked.fields
    assert asked.body == {
        "Updates": [{"Path": "D:\\strm\\Film\\Film.strm", "UpdateType": "Created"}]
    }


@pytest.mark.parametrize("path", ["", "/", "/jsonrpc"])
async def test_kodi(database: Database, kodi_server: Server, path: str) -> None:
    record(database, {**FILES, "Other/Other S01E01.strm": CREATED, "Alone.strm": CREATED})
    told = await tell(database, table(kodi_server.url + path, "kodi", token=KODI_TOKEN))
    assert told == [Delivery("tv", 5)]
    assert [(body["method"], body["params"]) for body in changes(kodi_server)] == [
        ("VideoLibrary.Scan", {"directory": f"{LIBRARY}/Show/"}),
        ("VideoLibrary.Scan", {"directory": f"{LIBRARY}/Other/"}),
        ("VideoLibrary.Scan", {"directory": f"{LIBRARY}/"}),
        ("VideoLibrary.Clean", {"showdialogs": False}),
    ]


async def test_kodi_says_no_with_status_200(database: Database, kodi_server: Server) -> None:
    """What it has confirmed before is not told again."""
    first = {"Show/Season 01/Show S01E01.strm": CREATED}
    record(database, first)
    record(database, {"Film/Film.strm": CREATED})
    speaks = kodi_server.speaks
    refusal = Reply(200, {"jsonrpc": "2.0", "id": 1, "error": {"code": -32100, "message": "no"}})
    kodi_server.speaks = lambda asked: refusal if "Film" in str(asked.body) else speaks(asked)
    kodi = table(kodi_server, "kodi", token=KODI_TOKEN)
    [delivery] = await tell(database, kodi)
    assert (delivery.delivered, delivery.reason) == (1, "it answers with JSON-RPC error -32100")
    kodi_server.speaks = speaks
    assert await tell(database, kodi, now=later(minutes=1)) == [Delivery("tv", 1)]
    folders = [body["params"]["directory"] for body in changes(kodi_server)]
    assert folders == [f"{LIBRARY}/Show/", f"{LIBRARY}/Film/", f"{LIBRARY}/Film/"]


async def test_webhook(database: Database, webhook_server: Server) -> None:
    before = datetime.now(UTC)
    record(database, {"Film/Film.strm": CREATED})
    url = f"{webhook_server.url}/hook?a=b"
    assert await tell(database, table(url, "webhook", library="")) == [Delivery("tv", 1)]
    [asked] = webhook_server.asked
    assert (asked.method, asked.path) == ("POST", "/hook?a=b")
    assert asked.fields["authorization"] == f"Bearer {TOKEN}"
    [file] = asked.body.pop("files")
    assert asked.body == {"event": "library_changed"}
    changed_at = datetime.fromisoformat(file.pop("changed_at"))
    assert abs(changed_at - before) < timedelta(minutes=1)
    assert file == {
        "path": "/here/library/Film/Film.strm",
        "strm_path": "Film/Film.strm",
        "change": "created",
    }


async def test_nothing_is_said_when_nothing_has_changed(
    database: Database, jellyfin_server: Server
) -> None:
    jellyfin = table(jellyfin_server, "jellyfin")
    assert await tell(database, jellyfin) == []
    record(database, FILES)
    await tell(database, jellyfin)
    assert await tell(database, jellyfin, now=later(days=1)) == []
    assert len(jellyfin_server.posts()) == 1


@pytest.mark.parametrize(
    ("trouble", "reason", "refused"),
    [
        pytest.param(Reply(500), "it answers HTTP 500", False, id="error"),
        pytest.param(Reply(401), "it refuses the token (HTTP 401)", True, id="unauthorized"),
        pytest.param(Reply(403), "it refuses the token (HTTP 403)", True, id="forbidden"),
        pytest.param(
            Reply(302, headers={"Location": "/elsewhere"}),
            "it answers HTTP 302: redirects are not followed, correct the URL",
            False,
            id="redirect",
        ),
    ],
)
async def test_what_is_not_confirmed_is_told_again(
    database: Database, jellyfin_server: Server, trouble: Reply, reason: str, refused: bool
) -> None:
    jellyfin = table(jellyfin_server, "jellyfin")
    record(database, FILES)
    now = later()
    jellyfin_server.trouble = trouble
    assert await tell(database, jellyfin, now=now) == [Delivery("tv", 0, reason, refused)]
    assert len(jellyfin_server.asked) == 1, "a redirect was followed"
    soon, in_time = now + timedelta(seconds=5), now + timedelta(seconds=30)
    assert await tell(database, jellyfin, now=soon) == [], "it rests for 10 s"
    jellyfin_server.trouble = None
    assert await tell(database, jellyfin, now=in_time) == [Delivery("tv", 3)]
    assert jellyfin_server.posted()[0] == jellyfin_server.posted()[1]


async def test_a_server_that_was_down_for_a_day_is_told(database: Database) -> None:
    record(database, FILES)
    port = free_port()
    down = table(f"http://127.0.0.1:{port}", "jellyfin")
    now, attempts = later(), 0
    end = now + timedelta(days=1)
    while now < end:
        attempts += bool(await tell(database, down, now=now))
        now += timedelta(minutes=5)
    assert 24 <= attempts <= 60
    with serving(jellyfin(), port) as back:
        [delivery] = await tell(database, down, now=now + timedelta(hours=1))
        assert delivery == Delivery("tv", 3)
        [body] = back.posted()
        assert len(body["Updates"]) == 3


async def test_retry_after_is_heeded(database: Database, jellyfin_server: Server) -> None:
    jellyfin = table(jellyfin_server, "jellyfin")
    record(database, FILES)
    jellyfin_server.trouble = Reply(503, headers={"Retry-After": "600"})
    await tell(database, jellyfin)
    assert await tell(database, jellyfin, now=later(minutes=9)) == []
    assert len(await tell(database, jellyfin, now=later(minutes=11))) == 1


async def test_each_for_itself(
    database: Database, jellyfin_server: Server, webhook_server: Server
) -> None:
    webhook_server.trouble = Reply(500)
    record(database, FILES, "tv", "hook")
    tables = table(jellyfin_server, "jellyfin"), table(webhook_server, "webhook", name="hook")
    found = {delivery.target: delivery.delivered for delivery in await tell(database, *tables)}
    assert found == {"tv": 3, "hook": 0}
    webhook_server.trouble = None
    assert await tell(database, *tables, now=later(minutes=1)) == [Delivery("hook", 3)]
    assert len(jellyfin_server.posts()) == 1


async def test_a_silent_server_costs_no_more_than_the_patience(
    database: Database, jellyfin_server: Server
) -> None:
    record(database, FILES)
    jellyfin_server.delay = threading.Event()
    begin = time.monotonic()
    patience = timedelta(seconds=0.2)
    found = await deliver(
        settings(table(jellyfin_server, "jellyfin")), database, later(), patience=patience
    )
    assert time.monotonic() - begin < 20
    jellyfin_server.delay.set()
    assert found == [Delivery("tv", 0, "it does not answer in time")]
    [backlog] = Notices(database).backlogs().values()
    assert backlog.count == 3


async def test_a_large_change_comes_in_batches(database: Database, jellyfin_server: Server) -> None:
    record(database, {f"{number}.strm": CREATED for number in range(1201)})
    jellyfin, now = table(jellyfin_server, "jellyfin"), later()
    while await tell(database, jellyfin, now=now):
        pass
    batches = [body["Updates"] for body in jellyfin_server.posted()]
    assert list(map(len, batches)) == [500, 500, 201]
    paths = {update["Path"] for batch in batches for update in batch}
    assert len(paths) == 1201


async def test_what_nobody_takes_for_a_week_is_dropped(database: Database) -> None:
    record(database, FILES)
    down = table("http://127.0.0.1:1", "jellyfin")
    assert Delivery("tv", 0, dropped=3) in await tell(database, down, now=later(days=8))
    assert Notices(database).backlogs() == {}


async def test_what_is_for_a_table_that_is_gone_is_dropped(
    database: Database, jellyfin_server: Server
) -> None:
    record(database, FILES, "old")
    found = await tell(database, table(jellyfin_server, "jellyfin"))
    assert found == [Delivery("old", 0, dropped=3)]


async def until(condition: Any) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.02)


async def test_in_the_background(
    database: Database, jellyfin_server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    """Several at once, as several workers are; a refused token is said once by each."""
    where = Settings(database=database.path, notify=[table(jellyfin_server, "jellyfin")])
    caplog.set_level(logging.INFO)
    async with notifying(where), notifying(where):
        for number in range(5):
            record(database, {f"{number}.strm": CREATED})
        await until(lambda: not Notices(database).backlogs())
    updates = [update["Path"] for body in jellyfin_server.posted() for update in body["Updates"]]
    assert sorted(updates) == [f"{LIBRARY}/{number}.strm" for number in range(5)]
    jellyfin_server.trouble = Reply(401)
    record(database, FILES)
    async with notifying(where):
        await until(lambda: "refuses" in caplog.text)
        record(database, {"x.strm": CREATED})
    lines = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert lines == ["notify.tv: it refuses the token (HTTP 401): correct notify.tv.token"]
    assert TOKEN not in caplog.text
    assert str(jellyfin_server.port) not in "".join(lines)


async def test_without_a_table_nothing_runs(tmp_path: Path) -> None:
    async with notifying(Settings(database=tmp_path / "none.db")):
        assert len(asyncio.all_tasks()) == 1
