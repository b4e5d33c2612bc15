"""An outbox with files that have changed, and the servers that are told of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stage.media_server import MediaServer, media_server
from strmctl.storage.database.connection import Database
from system.notify.servers import Server, emby, jellyfin, kodi, serving, webhook


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database.open(tmp_path / "strmctl.db") as database:
        yield database


@pytest.fixture
def jellyfin_server() -> Iterator[Server]:
    with serving(jellyfin()) as server:
        yield server


@pytest.fixture
def emby_server() -> Iterator[Server]:
    with serving(emby()) as server:
        yield server


@pytest.fixture
def kodi_server() -> Iterator[Server]:
    with serving(kodi) as server:
        yield server


@pytest.fixture
def webhook_server() -> Iterator[Server]:
    with serving(webhook) as server:
        yield server


@pytest.fixture
def media() -> Iterator[MediaServer]:
    """An upstream."""
    with media_server() as server:
        yield server
