"""A library whose files somebody else moves, and what Sonarr and Radarr say of that."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stage.arr import Send, payload
from stage.command_line import Strmctl
from strmctl.domain.library.arr_event import Sender
from strmctl.services.arr.following import Received, receive
from strmctl.settings.load import load
from strmctl.storage.database.connection import Database


@pytest.fixture
def shelf(strmctl: Strmctl, library: Path) -> Path:
    """The library's folder with two episodes and a film."""
    rows = [
        "site,slug,season,episode,language,title,year",
        "a.to,the-show,1,1,de,The Show,2020",
        "a.to,the-show,1,2,de,The Show,2020",
        "a.to,the-film,,,de,The Film,2021",
    ]
    strmctl("write", "--from", "-", stdin="\n".join([*rows, ""]))
    return library / "library"


@pytest.fixture
def database(shelf: Path) -> Iterator[Database]:
    with Database.open(shelf.parent / "strmctl.db") as database:
        yield database


@pytest.fixture
def send(shelf: Path, database: Database) -> Send:
    """One recorded payload, by its name."""
    settings = load(shelf.parent / "strmctl.toml").settings

    def deliver(name: str) -> Received:
        return receive(settings, database, Sender(name.partition("-")[0]), payload(name))

    return deliver
