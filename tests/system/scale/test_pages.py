"""A page of the API costs the same wherever it stands: no plan walks over the rows before it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from bench.stage import large_library
from strmctl.domain.mapping import LinkState
from strmctl.domain.selection import Selection
from strmctl.services.probing.probe import due
from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.events import Events
from strmctl.storage.tables.mappings import Mappings
from system.scale.measuring import plan

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    path = tmp_path_factory.mktemp("pages") / "strmctl.db"
    large_library.fill(path, 2000, NOW)
    with Database.open(path) as opened:
        yield opened


@pytest.mark.parametrize(
    ("selection", "step"),
    [
        pytest.param(Selection(), "INTEGER PRIMARY KEY (rowid>?)", id="everything"),
        pytest.param(
            Selection(states=(LinkState.DEAD,)),
            "strm_mapping_state (state=? AND rowid>?)",
            id="state",
        ),
        pytest.param(Selection(site="site-3.example"), "(site=? AND rowid>?)", id="site"),
        pytest.param(Selection(slug="series-3"), "strm_mapping_series (slug=?)", id="series"),
        pytest.param(due(Settings(), NOW), "strm_mapping_last_probed_at", id="stale"),
    ],
)
def test_pages_of_mappings(database: Database, selection: Selection, step: str) -> None:
    steps = plan(database, lambda: Mappings(database).page(selection, after=1000, limit=100))
    assert any(step in it for it in steps), steps


def test_pages_of_events(database: Database) -> None:
    events = Events(database)
    newest = plan(database, lambda: events.newest(100, before=1000))
    assert newest == ["SEARCH event USING INTEGER PRIMARY KEY (rowid<?)"]
    [of_one] = plan(database, lambda: events.of_mapping(7, 100, before=1000))
    assert "event_mapping (mapping_id=? AND id<?)" in of_one
