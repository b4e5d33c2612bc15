"""`url` shows a playback URL that verifies, and changes nothing."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from stage.command_line import Strmctl
from strmctl.domain.identity import Identity
from strmctl.domain.urls import playback_url
from strmctl.services.keys.in_force import proof
from strmctl.settings.load import load
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.mappings import Mappings, Registration

EPISODE = ("--site", "a.to", "--slug", "one-piece", "--season", 1, "--episode", 2)
GERMAN = ("--language", "German Dub")


def claim(url: str) -> playback_url.Claim:
    return playback_url.verify(urlsplit(url).query, proof(load().settings), datetime.now(UTC))


def test_the_url_names_the_identity(strmctl: Strmctl, library: Path) -> None:
    url = strmctl("url", *EPISODE, *GERMAN).out.strip()
    assert url.startswith("http://127.0.0.1:8888/strm/stream?site=a.to&slug=one-piece&s=1&e=2&")
    assert claim(url).identity == Identity("a.to", "one-piece", "German Dub", 1, 2)
    assert claim(url).expires_at is None


def test_a_movie_has_neither_season_nor_episode(strmctl: Strmctl, library: Path) -> None:
    url = strmctl("url", "--site", "a.to", "--slug", "x", *GERMAN, "--provider", "VOE").out.strip()
    assert claim(url).identity == Identity("a.to", "x", "German Dub", provider="VOE")


def test_json_and_an_end(strmctl: Strmctl, library: Path) -> None:
    arguments = (*EPISODE, *GERMAN, "--ext", "m3u8", "--expires-in", "2h", "--json")
    document = strmctl("url", *arguments).document
    end = datetime.fromisoformat(document["expires_at"])
    assert timedelta(minutes=119) < end - datetime.now(UTC) <= timedelta(hours=2)
    assert claim(document["playback_url"]).expires_at == end
    assert urlsplit(document["playback_url"]).path == "/strm/stream.m3u8"
    assert (document["type"], document["season"], document["episode"]) == ("url", 1, 2)


def test_the_library_knows_the_extension(strmctl: Strmctl, library: Path) -> None:
    identity = Identity("a.to", "one-piece", "German Dub", 1, 2)
    with Database.open(library / "strmctl.db") as database:
        mappings = Mappings(database)
        mappings.register([Registration(identity, "a.strm")])
        database.db.table("strm_mapping").update(1, {"extension": ".mkv"})
    assert "/strm/stream.mkv?" in strmctl("url", *EPISODE, *GERMAN).out


def test_no_database_is_needed_or_made(strmctl: Strmctl, library: Path) -> None:
    for file in library.glob("strmctl.db*"):
        file.unlink()
    strmctl("url", *EPISODE, *GERMAN)
    assert not (library / "strmctl.db").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        pytest.param((*EPISODE[:6], *GERMAN), 2, "go together", id="season-alone"),
        pytest.param((*EPISODE, "--language", " "), 2, "language is empty", id="empty"),
        pytest.param((*EPISODE, *GERMAN, "--expires-in", "soon"), 2, "such as 2h", id="duration"),
        pytest.param((*EPISODE, *GERMAN, "--ext", "a b"), 2, "such as m3u8", id="ext"),
        pytest.param(EPISODE, 2, "--language", id="missing"),
    ],
)
def test_what_is_wrong(
    strmctl: Strmctl, library: Path, arguments: tuple[object, ...], code: int, told: str
) -> None:
    refused = strmctl("url", *arguments, "--json", code=code)
    assert refused.error["code"] == code
    assert told in refused.error["message"]
    assert refused.out == ""


def test_without_a_key(strmctl: Strmctl, folder: Path) -> None:
    refused = strmctl("url", *EPISODE, *GERMAN, code=3)
    assert refused.err.count("\n") == 1
    assert "strmctl init" in refused.err
