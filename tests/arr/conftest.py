"""A library whose files somebody else moves, and what Sonarr and Radarr say of that."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import Strmctl

from strmctl.services.arr import Received, receive
from strmctl.settings.load import load
from strmctl.storage.database import Database

PAYLOADS = Path(__file__).parent / "payloads"

Send = Callable[[str], Received]


def payload(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text())
    return document


@pytest.fixture
def shelf(strmctl: Strmctl, library: Path) -> Path:
    """The library's folder with two episodes and a film."""
    show = ("write", "--site", "a.to", "--slug", "the-show", "--language", "de", "--season", 1)
    for number in (1, 2):
        strmctl(*show, "--episode", number, "--title", "The Show", "--year", 2020)
    film = ("write", "--site", "a.to", "--slug", "the-film", "--language", "de")
    strmctl(*film, "--title", "The Film", "--year", 2021)
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
        return receive(settings, database, name.partition("-")[0], payload(name))

    return deliver
