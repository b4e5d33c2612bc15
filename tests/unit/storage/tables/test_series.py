"""Series and seasons are counted; what has happened leads back to the counts of earlier days."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from strmctl.domain.identity import Identity
from strmctl.domain.mapping import LinkState, Resolution
from strmctl.domain.state_history import moments, walk_back
from strmctl.storage.database.connection import Database
from strmctl.storage.database.rows import time_text
from strmctl.storage.tables.mappings import Mappings, Registration, StoredResolution
from strmctl.storage.tables.series import Catalogue, EpisodeFilter, Group, SeriesFilter, States

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
ALIVE, DEAD, UNKNOWN = LinkState.ALIVE, LinkState.DEAD, LinkState.UNKNOWN


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database.open(tmp_path / "strmctl.db") as database:
        yield database


def register(
    database: Database, slug: str, episodes: int = 1, *, season: int | None = 1, site: str = "a.to"
) -> list[Identity]:
    numbers = range(1, episodes + 1)
    identities = [
        Identity(site, slug, "English", season, None if season is None else number)
        for number in numbers
    ]
    items = [
        Registration(it, f"{slug}/{it.season}/{it.episode}.strm", slug.title()) for it in identities
    ]
    Mappings(database).register(items)
    return identities


def set_state(database: Database, identity: Identity, state: LinkState) -> None:
    with database.transaction() as connection:
        connection.execute(
            "UPDATE strm_mapping SET state = ? WHERE slug = ? AND episode = ?",
            (state, identity.slug, identity.episode),
        )


def test_series_are_counted_in_the_order_of_their_slugs(database: Database) -> None:
    register(database, "b")
    [first, _] = register(database, "a", 2)
    register(database, "a", 1, season=2)
    set_state(database, first, DEAD)
    found = Catalogue(database).series(SeriesFilter(), limit=10, offset=0)
    assert [(it.slug, it.title, it.seasons) for it in found] == [("a", "A", 2), ("b", "B", 1)]
    assert [it.states[DEAD] for it in found] == [2, 0], "the first episode of both seasons"
    assert [sum(it.states.values()) for it in found] == [3, 1]


@pytest.mark.parametrize(
    ("wanted", "slugs"),
    [
        pytest.param(SeriesFilter(), ["dead", "film", "two_parts"], id="all"),
        pytest.param(SeriesFilter(state=DEAD), ["dead"], id="by state"),
        pytest.param(SeriesFilter(site="b.to"), ["film"], id="by site"),
        pytest.param(SeriesFilter(text="FIL"), ["film"], id="by a part of the title"),
        pytest.param(SeriesFilter(text="_"), ["two_parts"], id="by what LIKE takes for any"),
        pytest.param(SeriesFilter(text="%"), [], id="by what LIKE takes for all"),
        pytest.param(SeriesFilter(state=DEAD, site="b.to"), [], id="both must hold"),
    ],
)
def test_series_are_narrowed(database: Database, wanted: SeriesFilter, slugs: list[str]) -> None:
    register(database, "film", season=None, site="b.to")
    register(database, "two_parts", 2)
    set_state(database, register(database, "dead")[0], DEAD)
    catalogue = Catalogue(database)
    assert [it.slug for it in catalogue.series(wanted, limit=10, offset=0)] == slugs
    assert catalogue.count_series(wanted) == len(slugs)


def test_a_series_has_its_seasons_and_episodes(database: Database) -> None:
    register(database, "a", 2)
    register(database, "a", 1, season=0)
    catalogue = Catalogue(database)
    assert [it.number for it in catalogue.seasons("a.to", "a")] == [0, 1]
    episodes = catalogue.episodes(EpisodeFilter("a.to", "a", season=1), limit=1, offset=1)
    assert [it.identity.episode for it in episodes] == [2]
    assert catalogue.count_episodes(EpisodeFilter("a.to", "a")) == 3
    assert catalogue.one("a.to", "none") is None


def test_the_past_is_walked_back_through_probes_and_resolves(database: Database) -> None:
    [one, two] = register(database, "a", 2)
    mappings = Mappings(database)
    mappings.store_resolutions(
        [StoredResolution(one, Resolution("https://cdn/1", provider="VOE"), plays=True)]
    )
    mappings.store_resolutions(
        [StoredResolution(two, Resolution("https://cdn/2", provider="VOE"), plays=True)]
    )
    with database.transaction() as connection:
        connection.execute("UPDATE strm_mapping SET created_at = ?", (ago(5 * HOUR),))
        connection.execute("UPDATE event SET at = ?", (ago(4.5 * HOUR),))
        happened(connection, 2.5 * HOUR, ALIVE, DEAD)
    set_state(database, one, DEAD)
    mappings.store_resolutions(
        [StoredResolution(one, Resolution("https://cdn/3", provider="VOE"), plays=True)]
    )

    times = moments(datetime.now(UTC), NOW - 6 * HOUR, 7)
    catalogue = Catalogue(database)
    today: dict[Group, States] = {("a.to", "VOE"): {ALIVE: 2}}
    found = [
        {state: count for state, count in moment.total().items() if count}
        for moment in walk_back(today, catalogue.passages(times), times)
    ]
    dead = {ALIVE: 1, DEAD: 1}
    assert found == [{}, {UNKNOWN: 2}, {ALIVE: 2}, {ALIVE: 2}, dead, dead, {ALIVE: 2}]


def ago(span: timedelta) -> str | None:
    return time_text(NOW - span)


def happened(
    connection: sqlite3.Connection, span: timedelta, before: LinkState, after: LinkState
) -> None:
    """A probe of the first mapping, so long ago."""
    connection.execute(
        "INSERT INTO event (mapping_id, at, kind, detail)"
        " VALUES (1, ?, 'probed', json_object('from', ?, 'to', ?))",
        (ago(span), before, after),
    )
