"""Counts that cannot be saved wait, and the log says so once."""

import asyncio
import logging
from pathlib import Path

import pytest

from strmctl.domain.tally import Counted
from strmctl.services.tally import Tally, saving
from strmctl.storage.database.connection import Database


@pytest.mark.slow
async def test_a_database_that_takes_nothing_is_one_line_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    counted = Tally()
    counted.resolver_answered(0.1, 200)
    with Database.open(tmp_path / "strmctl.db") as database:
        with database.transaction() as connection:
            connection.execute("ALTER TABLE tally RENAME TO kept")
        with caplog.at_level(logging.DEBUG, "strmctl.services.tally"):
            async with saving(counted, database):
                async with asyncio.timeout(60):
                    while len(caplog.records) < 3:
                        await asyncio.sleep(0.05)
                levels = [record.levelname for record in caplog.records]
                with database.transaction() as connection:
                    connection.execute("ALTER TABLE kept RENAME TO tally")
        assert levels == ["WARNING", "DEBUG", "DEBUG"]
        counted.read(database)
        assert counted.totals()[Counted.RESOLVES, "resolved"] == 1
