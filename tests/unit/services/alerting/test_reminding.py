"""What a digest shows is remembered; on a full disk it is shown all the same."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from strmctl.domain.digest import FAILED, Finding
from strmctl.services.alerting.reminding import reminders
from strmctl.storage.database.connection import Database

NOW = datetime(2026, 11, 30, tzinfo=UTC)
WEEK = timedelta(days=7)
FINDINGS = [Finding("", f"list {number} {'x' * 200}", FAILED, line="bad") for number in range(900)]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database.open(tmp_path / "strmctl.db") as database:
        yield database


def test_a_finding_is_shown_once_a_week(database: Database) -> None:
    assert len(reminders(database, FINDINGS[:2], (), NOW, WEEK)) == 2
    assert reminders(database, FINDINGS[:2], (), NOW, WEEK) == []
    assert len(reminders(database, FINDINGS[:2], (), NOW + WEEK, WEEK)) == 2


def test_a_full_disk_hides_no_finding_and_changes_no_exit_code(database: Database) -> None:
    """A run would end with 4 instead of its own code."""
    with database.transaction() as connection:
        connection.execute("PRAGMA max_page_count = 1")
    for _ in range(2):
        assert len(reminders(database, FINDINGS, ("resolver x",), NOW, WEEK)) == 21


def test_what_is_found_of_a_subject_that_works_stays_known(database: Database) -> None:
    """A list that can be read may have bad rows; one that was mended is news when it is bad."""
    rows = [Finding("", "list a", f"row {number}", line=f"row {number}") for number in (1, 2)]
    assert reminders(database, rows, {"list a"}, NOW, WEEK) == ["row 1", "row 2"]
    assert reminders(database, rows[:1], {"list a"}, NOW, WEEK) == []
    assert reminders(database, rows, {"list a"}, NOW, WEEK) == ["row 2"]
