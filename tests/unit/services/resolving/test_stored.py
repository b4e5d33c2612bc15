"""How often the database is asked for what an identity resolves to."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from strmctl.domain.identity import Identity
from strmctl.domain.mapping import Resolution
from strmctl.services.resolving.stored import KnownResolutions
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.mappings import Mappings, Registration, StoredResolution

FILM = Identity("a.to", "film", "de")
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def resolution(url: str, *, minutes: int = 0) -> Resolution:
    return Resolution(url, {}, "VOE", NOON + timedelta(minutes=minutes), None)


async def url(known: KnownResolutions) -> str:
    """The name in the URL of what is known."""
    found = await known.recent(FILM)
    assert found is not None
    return found.url.rpartition("/")[2].removesuffix(".mp4")


@pytest.mark.asyncio
async def test_an_identity_without_a_row_is_not_asked_for_each_time(tmp_path: Path) -> None:
    now = 0.0
    with Database.open(tmp_path / "strmctl.db") as database:
        mappings = Mappings(database)
        known = KnownResolutions(mappings, remember=timedelta(seconds=2), monotonic=lambda: now)
        played = resolution("https://cdn.test/played.mp4")
        await known.keep(StoredResolution(FILM, played), or_fail=True)
        now = 3.0
        assert await url(known) == "played"
        # The row comes now; it is seen when the two seconds since the last look are over.
        mappings.register([Registration(FILM, "Film.strm")])
        newer = resolution("https://cdn.test/row.mp4", minutes=5)
        mappings.store_resolutions([StoredResolution(FILM, newer)])
        now = 4.0
        assert await url(known) == "played"
        now = 5.5
        assert await url(known) == "row"
        await known.aclose()
