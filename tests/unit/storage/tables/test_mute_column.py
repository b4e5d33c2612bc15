"""Any success ends a mute, whoever sees it; whatever else happens leaves it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from strmctl.domain.change import Action, Change
from strmctl.domain.identity import Identity
from strmctl.domain.mapping import FOREVER, Mapping, Resolution
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.mappings import Mappings, Registration, StoredResolution
from strmctl.storage.tables.row_changes import RowChanges

EPISODE = Identity("a.to", "one-piece", "German", 1, 2)
URL = Resolution("https://cdn.test/a")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database.open(tmp_path / "strmctl.db") as database:
        yield database


@pytest.fixture
def muted(database: Database) -> Mapping:
    mappings = Mappings(database)
    mappings.register([Registration(EPISODE, "1.strm")])
    mappings.store_resolutions([StoredResolution(EPISODE, URL)])
    run(database, "UPDATE strm_mapping SET state = 'dead'")
    before = found(database)
    change = Change(
        Action.UPDATED, "1.strm", row_before=before, row_after=replace(before, muted_until=FOREVER)
    )
    RowChanges(database).put([change])
    return found(database)


def run(database: Database, statement: str) -> None:
    with database.transaction() as connection:
        connection.execute(statement)


def found(database: Database) -> Mapping:
    mapping = Mappings(database).find(EPISODE)
    assert mapping is not None
    return mapping


def test_a_change_of_a_row_mutes_it_and_undo_takes_it_back(
    database: Database, muted: Mapping
) -> None:
    assert muted.muted_until == FOREVER
    back = Change(
        Action.UPDATED, "1.strm", row_before=muted, row_after=replace(muted, muted_until=None)
    )
    RowChanges(database).put([back])
    assert found(database).muted_until is None


@pytest.mark.parametrize(
    ("statement", "stays"),
    [
        pytest.param("UPDATE strm_mapping SET state = 'alive'", False, id="a probe or a play"),
        pytest.param("UPDATE strm_mapping SET state = 'suspect'", True, id="another failure"),
        pytest.param("UPDATE strm_mapping SET state = 'blocked'", True, id="a refusal"),
        pytest.param("UPDATE strm_mapping SET title = 'X'", True, id="a title"),
    ],
)
def test_only_success_ends_it(
    database: Database, muted: Mapping, statement: str, stays: bool
) -> None:
    run(database, statement)
    assert (found(database).muted_until is not None) is stays


@pytest.mark.parametrize("plays", [True, False], ids=["seen to play", "unseen"])
def test_a_new_url_ends_it_where_it_plays(database: Database, muted: Mapping, plays: bool) -> None:
    Mappings(database).store_resolutions(
        [StoredResolution(EPISODE, Resolution("https://cdn.test/b"), plays=plays)]
    )
    assert (found(database).muted_until is None) is plays
