"""`stats`: one document that counts the library, out of indexes alone."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stage.command_line import Strmctl
from strmctl.domain.identity import Identity
from strmctl.domain.mapping import Resolution
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.counts import HEALTH
from strmctl.storage.tables.mappings import Mappings, StoredResolution

NOW = datetime.now(UTC)


@pytest.fixture
def shelf(strmctl: Strmctl, library: Path) -> None:
    """Five films of two sites; three have a link, one of them dead, one expired, one expiring."""
    rows = "a.to,one,de\na.to,two,de\na.to,three,de\nb.to,four,de\nb.to,five,de\n"
    strmctl("write", "--from", "-", "-q", stdin=f"site,slug,language\n{rows}")
    with Database.open(library / "strmctl.db") as database:
        Mappings(database).store_resolutions(
            [
                _stored("a.to", "one", timedelta(hours=-1), cause="play"),
                _stored("a.to", "two", timedelta(hours=1), cause="heal"),
                _stored("b.to", "four", timedelta(hours=5), cause="heal", plays=True),
            ]
        )
        with database.transaction() as connection:
            connection.execute("UPDATE strm_mapping SET state = 'dead' WHERE slug = 'one'")


@pytest.mark.usefixtures("shelf")
def test_one_document(strmctl: Strmctl) -> None:
    found = strmctl("stats", "--json").document
    since = found.pop("history_since")
    assert [it["kind"] for it in found.pop("attention")] == ["unknown", "dead", "stale"]
    assert NOW - timedelta(minutes=10) < datetime.fromisoformat(since)
    assert NOW - timedelta(minutes=10) < datetime.fromisoformat(found.pop("counts_since"))
    assert found == {
        "type": "stats",
        "mappings": 5,
        "states": {
            "unknown": 3,
            "alive": 1,
            "suspect": 0,
            "dead": 1,
            "blocked": 0,
            "throttled": 0,
        },
        "sites": [
            {"site": "a.to", "mappings": 3, "states": {"unknown": 2, "dead": 1}},
            {"site": "b.to", "mappings": 2, "states": {"unknown": 1, "alive": 1}},
        ],
        "providers": [
            {"provider": None, "mappings": 2, "states": {"unknown": 2}},
            {"provider": "VOE", "mappings": 3, "states": {"dead": 1, "unknown": 1, "alive": 1}},
        ],
        "groups": [
            {"site": "a.to", "provider": None, "mappings": 1, "states": {"unknown": 1}},
            {"site": "a.to", "provider": "VOE", "mappings": 2, "states": {"dead": 1, "unknown": 1}},
            {"site": "b.to", "provider": None, "mappings": 1, "states": {"unknown": 1}},
            {"site": "b.to", "provider": "VOE", "mappings": 1, "states": {"alive": 1}},
        ],
        "expired": 1,
        "expiring": 1,
        "expiring_within": 7200.0,
        "stale": 4,
        "healed": 2,
        "resolvers": [],
        "history": [
            {"event": "resolved", "cause": "heal", "times": 2},
            {"event": "resolved", "cause": "play", "times": 1},
        ],
        "counts": {
            "heals": {"healed": 2, "failed": 0},
            "resumes": {"resumed": 0, "failed": 0},
            "resolves": {"resolved": 0, "not_found": 0, "later": 0, "timeout": 0, "failed": 0},
            "address_changes": 0,
            "plays": 0,
            "bytes": {
                "playback": 0,
                "playlist": 0,
                "segment": 0,
                "api": 0,
                "operation": 0,
                "page": 0,
            },
        },
    }


@pytest.mark.usefixtures("shelf")
def test_how_near_an_end_is_near(strmctl: Strmctl) -> None:
    assert strmctl("stats", "--json", "--expiring", "6h").document["expiring"] == 2
    assert "--expiring 'soon'" in strmctl("stats", "--expiring", "soon", code=2).err


@pytest.mark.usefixtures("shelf")
def test_in_a_pipe_it_is_a_table(strmctl: Strmctl) -> None:
    lines = [line.split("\t") for line in strmctl("stats").out.splitlines()]
    assert lines[:2] == [
        ["3 of 5 links (60 %) unknown: no verdict yet"],
        ["one: dead"],
    ]
    assert lines[2:7] == [
        ["a.to", "-", "0", "0", "0", "0", "0", "1", "1"],
        ["a.to", "VOE", "0", "0", "1", "0", "0", "1", "2"],
        ["b.to", "-", "0", "0", "0", "0", "0", "1", "1"],
        ["b.to", "VOE", "1", "0", "0", "0", "0", "0", "1"],
        ["all", "-", "1", "0", "1", "0", "0", "3", "5"],
    ]
    assert lines[7:10] == [
        ["have expired", "1"],
        ["expire within 2h", "1"],
        ["were not probed within 6h", "4"],
    ]


def test_an_empty_library(strmctl: Strmctl, library: Path) -> None:
    assert (library / "strmctl.db").exists()
    found = strmctl("stats", "--json").document
    assert (found["mappings"], found["sites"], found["history_since"]) == (0, [], None)
    assert strmctl("stats").out.splitlines()[1].startswith("all\t-\t0")


@pytest.mark.usefixtures("shelf")
def test_no_row_is_read_for_it(library: Path) -> None:
    with Database.open(library / "strmctl.db") as database:
        [step] = database.query(f"EXPLAIN QUERY PLAN {HEALTH}")
    assert step["detail"] == "SCAN strm_mapping USING COVERING INDEX strm_mapping_health"


@pytest.mark.usefixtures("shelf")
def test_no_secret_is_told(strmctl: Strmctl) -> None:
    ended = strmctl("stats", "--json", "-vv")
    assert "secret" not in json.dumps(ended.document) + ended.err


def _stored(
    site: str, slug: str, end: timedelta, *, cause: str, plays: bool = False
) -> StoredResolution:
    resolution = Resolution(
        f"https://cdn.test/{slug}.mp4?token=secret", provider="VOE", expires_at=NOW + end
    )
    identity = Identity(site, slug, "de")
    return StoredResolution(identity, resolution, plays=plays, cause=cause)


def test_a_resolver_that_fails_is_named(strmctl: Strmctl, library: Path) -> None:
    """Its links are unknown, or have ended: that they were not probed is not why."""
    with (library / "strmctl.toml").open("a") as settings:
        settings.write(
            '\n[resolvers.nas]\nsites = ["a.to"]\ntype = "command"\n'
            'command = ["sh", "-c", "exit 1"]\n'
        )
    strmctl("write", "--site", "a.to", "--slug", "film", "--language", "de")
    strmctl("refresh", "--all", code=12)
    lines = strmctl("stats").out.splitlines()
    assert lines[0] == "1 of 1 link (100 %) unknown: no verdict yet"
    assert lines[1].startswith("the last run of `refresh --all` failed")
    strmctl("set", 1, "--mute", "forever")
    assert strmctl("stats").out.splitlines()[1:3] == lines[1:3]
    assert re.match(r"resolver nas: 1 failure in a row since \d{4}-\S+Z: (?!resolver)", lines[2])
    file = library / "strmctl.toml"
    file.write_text(file.read_text().replace("[resolvers.nas]", "[resolvers.new]"))
    assert not any(line.startswith("resolver") for line in strmctl("stats").out.splitlines())
    assert strmctl("stats", "--json").document["resolvers"] == [], "nobody asks it any more"
