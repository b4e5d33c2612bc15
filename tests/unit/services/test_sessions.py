"""A session goes on until it is ended, is too old, or the admin token is another one."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from strmctl.services.sessions import KEPT, Sessions
from strmctl.storage.database import rows
from strmctl.storage.database.connection import Database

TOKEN = "a-long-random-text"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "strmctl.db"


@pytest.fixture
def database(file: Path) -> Iterator[Database]:
    with Database.open(file) as database:
        yield database


def grow_older(file: Path, age: timedelta) -> None:
    with closing(sqlite3.connect(file)) as connection:
        made_at = rows.time_text(datetime.now(UTC) - age)
        connection.execute("UPDATE session SET made_at = ?", (made_at,))
        connection.commit()


async def test_what_was_begun_is_known_until_it_is_ended(database: Database) -> None:
    sessions = Sessions(database, TOKEN)
    first, second = await sessions.begin(), await sessions.begin()
    assert first != second
    assert await sessions.is_known(first)
    await sessions.end(first)
    assert not await sessions.is_known(first)
    assert await sessions.is_known(second)


@pytest.mark.parametrize(
    "forged",
    [
        pytest.param("", id="empty"),
        pytest.param(TOKEN, id="the token"),
        pytest.param("ä\udcff", id="no text"),
        pytest.param("' OR 1 --", id="SQL"),
    ],
)
async def test_what_was_never_begun_is_not_known(database: Database, forged: str) -> None:
    sessions = Sessions(database, TOKEN)
    await sessions.begin()
    assert not await sessions.is_known(forged)
    await sessions.end(forged)


async def test_a_row_of_the_database_is_no_cookie(database: Database) -> None:
    sessions = Sessions(database, TOKEN)
    session = await sessions.begin()
    [row] = database.query("SELECT hash FROM session")
    assert session not in row["hash"]
    assert not await sessions.is_known(row["hash"])


async def test_another_token_ends_all_sessions(database: Database) -> None:
    session = await Sessions(database, TOKEN).begin()
    assert await Sessions(database, TOKEN).is_known(session), "after a restart"
    assert not await Sessions(database, "another").is_known(session)


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        pytest.param(KEPT - timedelta(hours=1), True, id="not yet"),
        pytest.param(KEPT + timedelta(hours=1), False, id="too old"),
    ],
)
async def test_an_old_session_is_over_and_goes(
    file: Path, database: Database, age: timedelta, *, expected: bool
) -> None:
    sessions = Sessions(database, TOKEN)
    session = await sessions.begin()
    grow_older(file, age)
    assert await sessions.is_known(session) is expected
    await sessions.begin()
    [(count,)] = database.query("SELECT count(*) FROM session")
    assert count == 1 + expected
