"""Every question that is asked of a large library finds its rows by an index.

SQLite plans by the schema, not by the number of rows, so a small database shows the plan of a
large one; how long the questions take on a million mappings, `bench/` tells.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bench.stage import large_library
from strmctl.domain.mapping import LinkState
from strmctl.domain.selection import Selection
from strmctl.services.probing.probe import due
from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.counts import Statistics, read_gauges
from strmctl.storage.tables.mappings import Mappings
from strmctl.storage.tables.probe_records import ProbeQueue
from system.scale.measuring import plan

ROWS = 2000
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    path = tmp_path_factory.mktemp("scale") / "strmctl.db"
    large_library.fill(path, ROWS, NOW)
    with Database.open(path) as opened:
        yield opened


def listed(selection: Selection) -> Callable[[Database], int]:
    return lambda database: len(list(Mappings(database).select(selection)))


def queued(selection: Selection) -> Callable[[Database], int]:
    return lambda database: len(list(ProbeQueue(database, selection, NOW)))


@pytest.mark.parametrize(
    ("ask", "indexes"),
    [
        pytest.param(listed(Selection(states=(LinkState.DEAD,))), {"state"}, id="list --state"),
        pytest.param(
            listed(Selection(states=(LinkState.DEAD, LinkState.BLOCKED))),
            {"state"},
            id="list of two states",
        ),
        pytest.param(listed(due(Settings(), NOW)), {"last_probed_at"}, id="list --stale"),
        pytest.param(
            listed(Selection(expiring_before=NOW + timedelta(hours=2))),
            {"expires_at"},
            id="list --expiring",
        ),
        pytest.param(listed(Selection(slug="series-3")), {"series"}, id="list --series"),
        pytest.param(listed(Selection(site="site-3.example")), {"site"}, id="list --site"),
        pytest.param(queued(due(Settings(), NOW)), {"last_probed_at", "next_probe_at"}, id="probe"),
        pytest.param(queued(Selection(states=(LinkState.DEAD,))), {"state"}, id="probe --state"),
    ],
)
def test_rows_are_found_by_an_index(
    ask: Callable[[Database], int], indexes: set[str], database: Database
) -> None:
    assert 0 < ask(database) < ROWS
    steps = plan(database, lambda: ask(database))
    assert [step for step in steps if step.startswith(("SCAN strm_mapping", "SCAN m"))] == []
    used = {name for name in indexes if any(f"strm_mapping_{name} " in step for step in steps)}
    assert used == indexes, steps


def test_the_library_is_counted_out_of_one_index(database: Database) -> None:
    groups = Statistics(database).groups
    assert sum(group.mappings for group in groups()) == ROWS
    [step] = plan(database, groups)
    assert step.startswith("SCAN strm_mapping USING COVERING INDEX strm_mapping_"), step


def test_metrics_count_states_out_of_an_index(database: Database) -> None:
    found = read_gauges(database, cause="maintain")
    assert sum(found.links.values()) == ROWS
    steps = plan(database, lambda: read_gauges(database, cause="maintain"))
    [step] = [step for step in steps if "strm_mapping" in step]
    assert step == "SCAN strm_mapping USING COVERING INDEX strm_mapping_state", step
