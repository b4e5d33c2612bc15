"""Another program holds the database's write lock: nobody who watches notices."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from stage.proxy import Proxy, identity, running_proxy
from stage.routes import file, playlist
from stage.show import Show
from stage.viewer import follow
from stage.waiting import until
from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.mappings import Mappings, Registration

VOD = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n#EXTINF:4,\nb.ts\n#EXT-X-ENDLIST\n"
SOON = 10.0
"""Seconds; 0.1.0 waited for 30 of them at each step."""


@contextmanager
def held(database: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other
        if other.in_transaction:
            other.execute("ROLLBACK")


@pytest.fixture
def proxy(settings: Settings, show: Show) -> Iterator[Proxy]:
    with running_proxy(settings) as proxy:
        with Database.open(settings.database) as database:
            Mappings(database).register([Registration(identity(show.slug), "show.strm")])
        show.routes = {
            "index.m3u8": playlist(VOD),
            "a.ts": file(b"G" + bytes(187)),
            "b.ts": file(b"G" + bytes(187)),
        }
        yield proxy


def stored_url(settings: Settings, show: Show) -> str:
    with Database.open(settings.database) as database:
        mapping = Mappings(database).find(identity(show.slug))
    assert mapping is not None
    return mapping.resolution.url if mapping.resolution else ""


@pytest.mark.parametrize("is_known", [False, True], ids=["first play", "played before"])
def test_62_nobody_who_watches_waits_for_the_database_s_writer(
    settings: Settings, proxy: Proxy, show: Show, client: httpx.Client, is_known: bool
) -> None:
    url = proxy.playback_url(show.slug)
    if is_known:
        follow(client, url)
    with held(settings.database) as writer:
        started = time.monotonic()
        segments = follow(client, url)
        assert client.get(segments[0]).status_code == 200
        show.expire()
        assert client.get(segments[1]).status_code == 200
        show.expire()
        assert client.get(segments[0]).status_code == 200
        assert time.monotonic() - started < SOON
        questions = len(show.questions)
        assert questions == 3
        assert client.get(f"{proxy.url}/readyz").status_code == 200
        writer.execute("ROLLBACK")
    until(lambda: stored_url(settings, show) == show.url("index.m3u8"), "the last one is stored")
    assert client.get(segments[1]).status_code == 200
    assert len(show.questions) == questions


def test_62_what_another_program_stored_meanwhile_stays(
    settings: Settings, proxy: Proxy, show: Show, client: httpx.Client
) -> None:
    segments = follow(client, proxy.playback_url(show.slug))
    with held(settings.database) as writer:
        show.expire()
        assert client.get(segments[0]).status_code == 200
        writer.execute(
            "UPDATE strm_mapping SET resolved_url = ?, resolved_at = '2099-01-01T00:00:00.000Z'",
            ["http://127.0.0.1:1/newer.m3u8"],
        )
        writer.execute("COMMIT")
    until(lambda: client.get(f"{proxy.url}/readyz").status_code == 200, "it goes on")
    assert stored_url(settings, show) == "http://127.0.0.1:1/newer.m3u8"
