"""When a resolution ends: what the resolver, the URL and experience say, on a real database."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from strmctl.domain.expiry.freshness import has_surely_expired
from strmctl.domain.expiry.lifetime import FEWEST
from strmctl.domain.mapping import Resolution
from strmctl.services.resolving.ending import Endings
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.resolved_urls import Lifetimes

NOW = datetime(2026, 11, 22, 23, 0, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database.open(tmp_path / "s.db") as database:
        yield database


def url_until(end: datetime) -> str:
    return f"https://cdn.example/x?md5=a&expires={int(end.timestamp())}"


def url_made(at: datetime, node: str = "a1") -> str:
    return f"https://{node}.cdn.example/x?token=abc&expiry={int(at.timestamp() * 1000)}"


@pytest.mark.parametrize(
    ("told", "in_url", "expected"),
    [
        pytest.param(None, None, None, id="neither"),
        pytest.param(2 * HOUR, None, 2 * HOUR, id="the resolver"),
        pytest.param(None, HOUR, HOUR, id="the URL"),
        pytest.param(2 * HOUR, HOUR, HOUR, id="the URL is earlier"),
        pytest.param(HOUR, 2 * HOUR, HOUR, id="the resolver is earlier"),
        pytest.param(-HOUR, 2 * HOUR, 2 * HOUR, id="the resolver's is past"),
        pytest.param(HOUR, -HOUR, HOUR, id="the URL's is past"),
    ],
)
def test_the_earliest_counts(
    database: Database,
    told: timedelta | None,
    in_url: timedelta | None,
    expected: timedelta | None,
) -> None:
    url = "https://cdn.example/x" if in_url is None else url_until(NOW + in_url)
    answer = Resolution(url, expires_at=None if told is None else NOW + told)
    dated = Endings(database).with_end(answer, NOW)
    assert dated.expires_at == (None if expected is None else NOW + expected)
    assert dated.resolved_at == NOW


def test_what_has_been_dated_stays_expired(database: Database) -> None:
    dated = Endings(database).with_end(Resolution(url_until(NOW + HOUR)), NOW)
    assert not has_surely_expired(dated, NOW + HOUR - timedelta(seconds=1))
    assert has_surely_expired(dated, NOW + HOUR)


def learn(database: Database, lived: timedelta, times: int = FEWEST) -> Endings:
    endings = Endings(database)
    for number in range(times):
        made = NOW - lived - timedelta(hours=number)
        old = Resolution(url_made(made, f"n{number}"), resolved_at=made)
        endings.died(old, made + lived)
    return endings


def test_the_end_is_learned_from_links_that_died(database: Database) -> None:
    endings = learn(database, 8 * HOUR)
    made = NOW - timedelta(minutes=2)
    dated = endings.with_end(Resolution(url_made(made)), NOW)
    assert dated.expires_at == made + 8 * HOUR
    assert not has_surely_expired(dated, made + 9 * HOUR)


@pytest.mark.parametrize(
    ("lived", "times"),
    [
        pytest.param(8 * HOUR, FEWEST - 1, id="too few"),
        pytest.param(timedelta(seconds=30), FEWEST, id="refused from the start"),
        pytest.param(31 * 24 * HOUR, FEWEST, id="found dead much later"),
    ],
)
def test_nothing_is_learned_from(database: Database, lived: timedelta, times: int) -> None:
    endings = learn(database, lived, times)
    assert endings.with_end(Resolution(url_made(NOW)), NOW).expires_at is None


def test_a_learned_end_that_has_passed_is_none(database: Database) -> None:
    endings = learn(database, HOUR)
    assert endings.with_end(Resolution(url_made(NOW - 2 * HOUR)), NOW).expires_at is None


def test_other_hosts_live_otherwise(database: Database) -> None:
    endings = learn(database, HOUR)
    url = url_made(NOW).replace("cdn.example", "other.example")
    assert endings.with_end(Resolution(url), NOW).expires_at is None


def test_links_with_a_known_end_teach_nothing(database: Database) -> None:
    old = Resolution(url_until(NOW), resolved_at=NOW - HOUR)
    Endings(database).died(old, NOW)
    assert database.query("SELECT * FROM lifetime") == []


def test_observations_are_bounded_and_forgotten(database: Database) -> None:
    lifetimes = Lifetimes(database)
    for number in range(1, 251):
        lifetimes.add("cdn.example", "dood", timedelta(seconds=number), NOW)
    lifetimes.add("other.example", "dood", HOUR, NOW)
    assert sorted(lifetimes.seconds("cdn.example", "dood", NOW)) == list(range(51, 251))
    assert lifetimes.seconds("other.example", "dood", NOW) == [3600]
    assert lifetimes.seconds("cdn.example", "dood", NOW + timedelta(days=31)) == []


def test_a_database_that_is_closed_keeps_no_link_from_being_used(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "s.db")
    database.close()
    endings = Endings(database)
    endings.died(Resolution(url_made(NOW - HOUR), resolved_at=NOW - HOUR), NOW)
    assert endings.with_end(Resolution(url_made(NOW)), NOW).expires_at is None
