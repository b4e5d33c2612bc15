"""What is due for a probe, also after the clock was wrong."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from strmctl.domain.selection import Selection
from strmctl.storage.database.connection import Database
from strmctl.storage.database.rows import time_text
from strmctl.storage.tables.probe_records import ProbeQueue

NOW = datetime(2026, 11, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
STALE = Selection(stale_before=NOW - 6 * HOUR)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database.open(tmp_path / "strmctl.db") as database:
        yield database


@pytest.mark.parametrize(
    ("state", "probed", "again", "is_due"),
    [
        pytest.param("unknown", None, None, True, id="never-probed"),
        pytest.param("alive", -7 * HOUR, None, True, id="long-ago"),
        pytest.param("alive", -HOUR, None, False, id="lately"),
        pytest.param("suspect", -HOUR, -HOUR / 2, True, id="to-be-asked-again"),
        pytest.param("throttled", -7 * HOUR, HOUR, False, id="throttled"),
        pytest.param("alive", HOUR / 60, None, False, id="clocks-that-differ-a-little"),
        pytest.param("alive", 9000 * HOUR, None, True, id="a-clock-that-was-ahead"),
        pytest.param("throttled", 9000 * HOUR, 9001 * HOUR, True, id="and-throttled-then"),
    ],
)
def test_what_is_due(
    database: Database,
    state: str,
    probed: timedelta | None,
    again: timedelta | None,
    is_due: bool,
) -> None:
    moments = [None if span is None else time_text(NOW + span) for span in (probed, again)]
    with database.transaction() as connection:
        connection.execute(
            "INSERT INTO strm_mapping (strm_path, site, slug, language, state, last_probed_at,"
            " next_probe_at) VALUES ('a.strm', 'a.to', 'a', 'de', ?, ?, ?)",
            (state, *moments),
        )
    assert len(ProbeQueue(database, STALE, NOW)) == is_due
