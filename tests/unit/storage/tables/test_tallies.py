"""How much there was is kept with the row, and comes back with it."""

from pathlib import Path

from strmctl.domain.change import Action, Change
from strmctl.domain.identity import Identity
from strmctl.domain.media.extent import Extent
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.mappings import Mappings, Registration
from strmctl.storage.tables.row_changes import RowChanges
from strmctl.storage.tables.tallies import Extents

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
