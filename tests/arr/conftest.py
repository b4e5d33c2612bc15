"""A library whose files somebody else moves, and what Sonarr and Radarr say of that."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import Strmctl

from strmctl.domain.library.arr_event import Sender
from strmctl.services.arr.following import Received, receive
from strmctl.settings.load import load
from strmctl.storage.database.connection import Database

PAYLOADS = Path(__file__).parent / "payloads"

Send = Callable[[str], Received]


def payload(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text())
    return document


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
