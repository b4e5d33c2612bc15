"""How much there was is kept with the row, and comes back with it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from strmctl.domain.change import Action, Change
from strmctl.domain.identity import Identity
from strmctl.domain.media.extent import Extent
from strmctl.domain.selection import Selection
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.counts import failing
from strmctl.storage.tables.events import with_reasons
from strmctl.storage.tables.mappings import Mappings, Registration
from strmctl.storage.tables.row_changes import RowChanges
from strmctl.storage.tables.tallies import Extents, Heal, Tallies

EPISODE = Identity("a.to", "one-piece", "German", 1, 2)
OTHER = Identity("a.to", "one-piece", "German", 1, 3)
FILM = Extent.at("https://cdn.test/a", bytes=5, seconds=1.5)


def test_52_an_extent_is_kept_with_its_row(tmp_path: Path) -> None:
    with Database.open(tmp_path / "strmctl.db") as database:
        mappings = Mappings(database)
        mappings.register([Registration(EPISODE, "1.strm")])
        before = mappings.find(EPISODE)
        assert before is not None
        assert before.extent is None
        Extents(database).keep([(EPISODE, FILM), (OTHER, FILM)])
        kept = mappings.find(EPISODE)
        assert kept is not None
        assert kept.extent == FILM
        assert mappings.find(OTHER) is None
        RowChanges(database).delete([kept])
        assert mappings.find(EPISODE) is None
        RowChanges(database).put([Change(Action.CREATED, "1.strm", row_after=kept)])
        again = mappings.find(EPISODE)
        assert again is not None
        assert again.extent == FILM


@pytest.mark.parametrize("is_probed", [True, False], ids=["probed", "only played"])
def test_71_a_play_that_was_not_healed_is_not_why_a_link_is_dead(
    tmp_path: Path, is_probed: bool
) -> None:
    """What a resolver said to it comes later, and is no reason of the link's."""
    with Database.open(tmp_path / "strmctl.db") as database:
        mappings = Mappings(database)
        mappings.register([Registration(EPISODE, "1.strm")])
        with database.transaction() as connection:
            connection.execute("UPDATE strm_mapping SET state = 'dead'")
            if is_probed:
                connection.execute(
                    "INSERT INTO event (mapping_id, at, kind, detail) SELECT id,"
                    " '2026-11-22T23:00:00.000Z', 'probed', ? FROM strm_mapping",
                    ('{"from": "suspect", "to": "dead", "reason": "the upstream answered 410"}',),
                )
        at = datetime(2026, 11, 23, tzinfo=UTC)
        Tallies(database).add({}, [Heal(EPISODE, at, False, reason="its resolver is down")])
        [(_, shown)] = with_reasons(database, mappings.select(Selection()))
        [found] = failing(database)
    assert shown == found.reason
    assert shown == ("the upstream answered 410" if is_probed else "its resolver is down")
