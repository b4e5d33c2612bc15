"""One row an identity, one row a path; selections are served by indexes."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from strmctl.domain.identity import Identity
from strmctl.domain.mapping import LinkState, Resolution
from strmctl.domain.selection import Selection
from strmctl.errors import DatabaseError
from strmctl.storage.database.conditions import order, where
from strmctl.storage.database.connection import Database
from strmctl.storage.database.rows import Value
from strmctl.storage.tables.mappings import Mappings, Registration, StoredResolution

NOW = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
EPISODE = Identity("a.to", "one-piece", "German Dub", 1, 2)
MOVIE = Identity("b.to", "film", "English", provider="VOE")
SPECIAL = Identity("a.to", "one-piece", "English", 0, 0)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database.open(tmp_path / "strmctl.db") as database:
        yield database


@pytest.fixture
def mappings(database: Database) -> Mappings:
    mappings = Mappings(database)
    mappings.register(
        [
            Registration(EPISODE, "One Piece/1.strm", "One Piece", 1999),
            Registration(MOVIE, "Film/Film.strm"),
            Registration(SPECIAL, "One Piece/0.strm"),
        ]
    )
    return mappings


def test_found_by_identity_id_and_path(mappings: Mappings) -> None:
    found = mappings.find(EPISODE)
    assert found is not None
    assert (found.title, found.year, found.state) == ("One Piece", 1999, LinkState.UNKNOWN)
    assert mappings.get(found.id) == found == mappings.by_path("One Piece/1.strm")
    assert mappings.find(Identity("a.to", "one-piece", "German Dub", 1, 3)) is None
    assert mappings.get(99) is None
    assert mappings.by_path("nothing.strm") is None


@pytest.mark.parametrize("identity", [EPISODE, MOVIE, SPECIAL], ids=str)
def test_an_identity_has_one_row(mappings: Mappings, identity: Identity) -> None:
    before = mappings.find(identity)
    assert before is not None
    mappings.register([Registration(identity, before.strm_path)])
    after = mappings.find(identity)
    assert after is not None
    assert (after.id, after.title, mappings.count(Selection())) == (before.id, before.title, 3)


def test_many_at_once(mappings: Mappings) -> None:
    other = Identity("a.to", "one-piece", "German Dub", 1, 3)
    assert set(mappings.known([EPISODE, MOVIE, other])) == {EPISODE, MOVIE}
    assert mappings.owners(["Film/Film.strm", "x.strm"]) == {"Film/Film.strm": MOVIE}
    assert mappings.siblings([Identity("a.to", "one-piece", "Klingon", 1, 2)]) == {EPISODE}
    assert mappings.siblings([Identity("b.to", "film", "Klingon")]) == {MOVIE}


RESOLUTION = Resolution(
    "https://cdn.test/a.m3u8?t=1",
    {"Referer": "https://a.to/"},
    "VOE",
    expires_at=NOW + timedelta(hours=2),
    resolved_at=NOW,
)


def test_a_resolution_is_read_back_as_it_was(mappings: Mappings) -> None:
    assert mappings.store_resolutions([StoredResolution(EPISODE, RESOLUTION, extension=".m3u8")])
    found = mappings.find(EPISODE)
    assert found is not None
    assert (found.resolution, found.extension) == (RESOLUTION, ".m3u8")
    assert mappings.store_resolutions([StoredResolution(EPISODE, Resolution("https://cdn.test/b"))])
    again = mappings.find(EPISODE)
    assert again is not None
    assert again.resolution is not None
    assert (again.resolution.headers, again.extension) == ({}, ".m3u8")
    assert again.resolution.resolved_at is not None


def test_none_is_stored_for_an_unknown_identity(mappings: Mappings, database: Database) -> None:
    assert not mappings.store_resolutions(
        [StoredResolution(Identity("a.to", "x", "de"), RESOLUTION)]
    )
    assert database.query("SELECT * FROM event") == []


@pytest.mark.parametrize(
    ("state", "cause", "kept"),
    [
        *((state, "play", True) for state in ("suspect", "dead", "blocked")),
        *((state, "play", False) for state in ("alive", "throttled", "unknown")),
        *(("dead", cause, False) for cause in ("refresh", "probe", "create", "given")),
    ],
)
def test_what_a_play_asks_for_proves_nothing(
    mappings: Mappings, database: Database, state: str, cause: str, kept: bool
) -> None:
    mappings.store_resolutions([StoredResolution(EPISODE, RESOLUTION)])
    with database.transaction() as connection:
        connection.execute("UPDATE strm_mapping SET state = ?, fail_count = 3", (state,))
    newer = Resolution("https://cdn.test/b")
    mappings.store_resolutions([StoredResolution(EPISODE, newer, cause=cause)])
    found = mappings.find(EPISODE)
    assert found is not None
    assert (found.state.value, found.fail_count) == ((state, 3) if kept else ("unknown", 0))
    [event] = database.query("SELECT detail ->> 'to' FROM event ORDER BY id DESC LIMIT 1")
    assert tuple(event) == (found.state.value,)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param(RESOLUTION.url, (LinkState.DEAD, 3), id="the same URL stays dead"),
        pytest.param("https://cdn.test/b", (LinkState.UNKNOWN, 0), id="a new one is unknown"),
    ],
)
def test_only_a_new_url_forgets_failures(
    mappings: Mappings, database: Database, url: str, expected: tuple[LinkState, int]
) -> None:
    mappings.store_resolutions([StoredResolution(EPISODE, RESOLUTION)])
    with database.transaction() as connection:
        connection.execute(
            "UPDATE strm_mapping SET state = 'dead', fail_count = 3,"
            " first_failed_at = '2026-11-22T23:00:00.000Z'"
        )
    mappings.store_resolutions([StoredResolution(EPISODE, Resolution(url))])
    found = mappings.find(EPISODE)
    assert found is not None
    assert (found.state, found.fail_count) == expected
    assert (found.first_failed_at is None) == (found.state is LinkState.UNKNOWN)


def test_resolutions_leave_a_bounded_history(mappings: Mappings, database: Database) -> None:
    items = [
        StoredResolution(EPISODE, Resolution(f"https://cdn.test/{number}")) for number in range(70)
    ]
    mappings.store_resolutions(items)
    mappings.store_resolutions([StoredResolution(MOVIE, RESOLUTION)])
    counts = database.query("SELECT count(*) AS n FROM event GROUP BY mapping_id ORDER BY n")
    assert [row["n"] for row in counts] == [1, 50]
    [details] = database.query("SELECT group_concat(detail) AS text FROM event")
    assert "cdn.test" not in details["text"]
    [first] = [found for found in [mappings.find(EPISODE)] if found]
    assert mappings.remove([first.id]) == 1
    assert len(database.query("SELECT * FROM event WHERE mapping_id IS NULL")) == 50


def test_all_events_are_bounded(mappings: Mappings, database: Database) -> None:
    with database.transaction() as connection:
        connection.execute("INSERT INTO event (id, kind) VALUES (1, 'old'), (2, 'old')")
        connection.execute("INSERT INTO event (id, kind) VALUES (100001, 'new')")
    assert [row["id"] for row in database.query("SELECT id FROM event")] == [2, 100001]


@pytest.fixture
def library(mappings: Mappings, database: Database) -> Mappings:
    mappings.store_resolutions([StoredResolution(EPISODE, RESOLUTION)])
    with database.transaction() as connection:
        connection.execute(
            "UPDATE strm_mapping SET state = 'dead', last_probed_at = '2026-11-22T22:00:00.000Z'"
            " WHERE slug = 'one-piece' AND season = 1"
        )
    return mappings


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        pytest.param(Selection(), [1, 2, 3], id="everything"),
        pytest.param(Selection(site="A.TO "), [1, 3], id="site, as identities write it"),
        pytest.param(Selection(slug="one-piece"), [1, 3], id="series"),
        pytest.param(Selection(slug="one-piece", season=0), [3], id="specials"),
        pytest.param(Selection(slug="one-piece", season=1, episode=2), [1], id="episode"),
        pytest.param(Selection(language="English"), [2, 3], id="language"),
        pytest.param(Selection(provider="VOE"), [2], id="provider"),
        pytest.param(Selection(states=(LinkState.DEAD,)), [1], id="state"),
        pytest.param(Selection(states=(LinkState.DEAD, LinkState.UNKNOWN)), [1, 2, 3], id="states"),
        pytest.param(Selection(ids=(3, 1, 9)), [1, 3], id="ids"),
        pytest.param(Selection(stale_before=NOW), [1, 2, 3], id="stale, and never probed"),
        pytest.param(Selection(stale_before=NOW - timedelta(hours=1)), [2, 3], id="not stale"),
        pytest.param(Selection(expiring_before=NOW + timedelta(hours=2)), [1], id="expiring"),
        pytest.param(Selection(expiring_before=NOW + timedelta(hours=1)), [], id="not yet"),
        pytest.param(Selection(slug="one-piece", language="English"), [3], id="all must hold"),
    ],
)
def test_selections(library: Mappings, selection: Selection, expected: list[int]) -> None:
    assert [mapping.id for mapping in library.select(selection)] == expected
    assert [mapping.id for mapping in library.select(selection, limit=1)] == expected[:1]
    assert library.count(selection) == len(expected)


def test_more_than_a_page_while_others_write(mappings: Mappings) -> None:
    mappings.register(
        [
            Registration(Identity("a.to", "long", "de", 1, number), f"{number}.strm")
            for number in range(2500)
        ]
    )
    seen = []
    for mapping in mappings.select(Selection(slug="long")):
        seen.append(mapping.identity.episode)
        if mapping.identity.episode == 500:
            doomed = mappings.by_path("2000.strm")
            assert doomed is not None
            mappings.remove([doomed.id])
    assert seen == [number for number in range(2500) if number != 2000]


@pytest.mark.parametrize(
    ("selection", "index"),
    [
        pytest.param(Selection(states=(LinkState.DEAD,)), "strm_mapping_state", id="state"),
        pytest.param(Selection(slug="x"), "strm_mapping_series", id="series"),
        pytest.param(
            Selection(site="a.to", slug="x", season=1), "strm_mapping_identity", id="season"
        ),
        pytest.param(Selection(site="a.to"), "strm_mapping_site", id="site"),
        pytest.param(Selection(language="x"), "strm_mapping_language", id="language"),
        pytest.param(Selection(stale_before=NOW), "strm_mapping_last_probed_at", id="stale"),
        pytest.param(Selection(expiring_before=NOW), "strm_mapping_expires_at", id="expiring"),
        pytest.param(Selection(ids=(1,)), "INTEGER PRIMARY KEY", id="ids"),
    ],
)
def test_selections_use_an_index(database: Database, selection: Selection, index: str) -> None:
    condition, values = where(selection)
    for sql in (
        f"SELECT id FROM strm_mapping WHERE {condition} ORDER BY {order(selection)}",
        f"SELECT count(*) FROM strm_mapping WHERE {condition}",
    ):
        plan = query_plan(database, sql, values)
        assert any(index in step for step in plan if step.startswith("SEARCH strm_mapping")), plan
        assert not any(step.startswith("SCAN strm_mapping") for step in plan), plan


@pytest.mark.parametrize(
    "selection", [Selection(), Selection(states=(LinkState.DEAD,)), Selection(site="a.to")]
)
def test_what_finds_many_needs_no_sort(database: Database, selection: Selection) -> None:
    condition, values = where(selection)
    sql = f"SELECT id FROM strm_mapping WHERE {condition} ORDER BY {order(selection)}"
    plan = query_plan(database, sql, values)
    assert not any("TEMP B-TREE" in step for step in plan), plan


def query_plan(database: Database, sql: str, values: dict[str, Value]) -> list[str]:
    return [row["detail"] for row in database.query(f"EXPLAIN QUERY PLAN {sql}", values)]


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"state": "gone"}, id="state"),
        pytest.param({"season": 1, "episode": None}, id="season alone"),
        pytest.param({"season": None, "episode": 1}, id="episode alone"),
        pytest.param({"season": -1}, id="negative"),
        pytest.param({"slug": ""}, id="empty"),
        pytest.param({"strm_path": "Film/Film.strm"}, id="another's path"),
        pytest.param({"fail_count": "many"}, id="wrong type"),
        pytest.param({"headers": "{"}, id="headers that are no JSON"),
        pytest.param({"expires_at": "2026-11-22 23:00:00"}, id="another form of time"),
        pytest.param(
            {"site": "b.to", "slug": "film", "season": None, "episode": None}
            | {"language": "English", "provider": "VOE"},
            id="another's identity",
        ),
    ],
)
def test_the_schema_keeps_out(
    mappings: Mappings, database: Database, values: dict[str, object]
) -> None:
    changes = ", ".join(f"{name} = :{name}" for name in values)
    with pytest.raises(DatabaseError) as refused, database.transaction() as connection:
        connection.execute(f"UPDATE strm_mapping SET {changes} WHERE id = 1", values)
    assert isinstance(refused.value.__cause__, sqlite3.IntegrityError)


@pytest.mark.parametrize(
    ("url", "plays", "told"),
    [
        pytest.param("https://cdn/new", False, ("dead", "unknown"), id="another URL"),
        pytest.param("https://cdn/new", True, ("dead", "alive"), id="another URL that plays"),
        pytest.param("https://cdn/old", False, ("dead", "dead"), id="the same URL"),
    ],
)
def test_a_resolve_tells_the_state_before_and_after(
    mappings: Mappings, database: Database, url: str, plays: bool, told: tuple[str, str]
) -> None:
    mappings.store_resolutions([StoredResolution(EPISODE, Resolution("https://cdn/old"))])
    with database.transaction() as connection:
        connection.execute("UPDATE strm_mapping SET state = 'dead' WHERE slug = 'one-piece'")
    mappings.store_resolutions([StoredResolution(EPISODE, Resolution(url), plays=plays)])
    [event] = database.query(
        "SELECT detail ->> 'from', detail ->> 'to' FROM event ORDER BY id DESC LIMIT 1"
    )
    mapping = mappings.find(EPISODE)
    assert (tuple(event), mapping and mapping.state.value) == (told, told[1])
