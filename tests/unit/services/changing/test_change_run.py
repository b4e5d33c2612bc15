"""What a run plans is done whole, taken back whole, and never done to what changed meanwhile."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from strmctl.domain.change import Action, Change, Finding, Step
from strmctl.domain.identity import Identity
from strmctl.domain.mapping import Mapping, Resolution
from strmctl.domain.urls import playback_url
from strmctl.domain.urls.playback_url import NoProof, SignedProof
from strmctl.domain.urls.signature import Keyring
from strmctl.errors import ItemError, SafetyError
from strmctl.services.changing.change_run import ChangeRun, Done
from strmctl.services.changing.undo import check_undo, last_run, undo
from strmctl.storage.database.connection import Database
from strmctl.storage.files.strm_file import LibraryFiles
from strmctl.storage.tables.mappings import Mappings, Registration, StoredResolution


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database.open(tmp_path / "strmctl.db") as database:
        yield database


@pytest.fixture
def files(tmp_path: Path) -> LibraryFiles:
    (tmp_path / "library").mkdir()
    return LibraryFiles(tmp_path / "library")


def test_what_is_created_is_gone_after_undo(database: Database, files: LibraryFiles) -> None:
    change = _creation("one", "Show/one.strm", b"http://one/\n")

    done = _carry_out(database, files, [change])

    assert [item.error for item in done] == [None]
    row = Mappings(database).find(_identity("one"))
    assert row is not None
    assert row.resolution is not None
    assert row.resolution.headers == {"Referer": "http://a.example/"}
    assert files.read("Show/one.strm") == b"http://one/\n"
    assert [item.error for item in undo(database, files, NoProof())] == [None]
    assert Mappings(database).find(_identity("one")) is None
    assert files.read("Show/one.strm") is None
    assert list(undo(database, files, NoProof())) == []


def test_what_is_removed_comes_back_with_its_id(database: Database, files: LibraryFiles) -> None:
    row = _registered(database, files, "one")

    _carry_out(database, files, [_removal(row)])
    assert Mappings(database).get(row.id) is None
    assert files.read(row.strm_path) is None

    assert [item.error for item in undo(database, files, NoProof())] == [None]
    assert Mappings(database).get(row.id) == row
    assert files.read(row.strm_path) == _CONTENT


def test_an_id_that_another_row_has_by_now_is_not_taken_from_it(
    database: Database, files: LibraryFiles
) -> None:
    row = _registered(database, files, "one")
    _carry_out(database, files, [_removal(row)])
    other = _registered(database, files, "two")
    assert other.id == row.id

    assert [item.error for item in undo(database, files, NoProof())] == [None]

    again = Mappings(database).find(row.identity)
    assert again is not None
    assert again.id != row.id
    assert Mappings(database).get(other.id) == other


def test_two_rows_change_places(database: Database, files: LibraryFiles) -> None:
    one, two = _registered(database, files, "one"), _registered(database, files, "two")
    changes = [_move(one, two.strm_path), _move(two, one.strm_path)]

    assert [item.error for item in _carry_out(database, files, changes)] == [None, None]
    assert _path(database, one) == two.strm_path
    assert _path(database, two) == one.strm_path

    assert [item.error for item in undo(database, files, NoProof())] == [None, None]
    assert _path(database, one) == one.strm_path
    assert _path(database, two) == two.strm_path


@pytest.mark.parametrize("backwards", [False, True], ids=["carried out", "undone"])
def test_a_row_whose_path_another_row_has_by_now_stays_where_it_is(
    database: Database, files: LibraryFiles, backwards: bool
) -> None:
    """And so does the row that would come to where it is; the others move."""
    rows = {slug: _registered(database, files, slug) for slug in ("one", "two", "three")}
    changes = [
        _move(rows["one"], "new/one.strm"),
        _move(rows["two"], rows["one"].strm_path),
        _move(rows["three"], "new/three.strm"),
    ]
    run = ChangeRun(database, files, "import", limit=None)
    list(run.plan(changes))
    if backwards:
        list(run.carry_out())
    taken = rows["two"].strm_path if backwards else "new/one.strm"
    Mappings(database).register([Registration(_identity("other"), taken)])

    done = list(undo(database, files, NoProof()) if backwards else run.carry_out())

    stay = {
        item.change.mapping.identity.slug for item in done if item.error and item.change.mapping
    }
    assert stay == {"one", "two"}
    assert {_path(database, row) for row in rows.values()} == (
        {"new/one.strm", "one.strm", "three.strm"}
        if backwards
        else {"one.strm", "two.strm", "new/three.strm"}
    )
    assert all("changed since" in str(item.error) for item in done if item.error)


def test_a_file_that_was_changed_since_is_left_alone(
    database: Database, files: LibraryFiles
) -> None:
    row = _registered(database, files, "one")
    _carry_out(database, files, [_rewriting(row, b"http://new/\n")])
    files.replace(row.strm_path, b"http://by-hand/\n")

    [done] = undo(database, files, NoProof())

    assert "changed since" in str(done.error)
    assert files.read(row.strm_path) == b"http://by-hand/\n"


def test_what_playback_stores_meanwhile_stays(database: Database, files: LibraryFiles) -> None:
    row = _registered(database, files, "one")
    _carry_out(database, files, [Change(Action.UPDATED, row.strm_path, row, _titled(row))])
    newer = Resolution("http://newer/")
    Mappings(database).store_resolutions([StoredResolution(row.identity, newer)])

    list(undo(database, files, NoProof()))

    after = Mappings(database).get(row.id)
    assert after is not None
    assert after.title is None
    assert after.resolution is not None
    assert after.resolution.url == newer.url


@pytest.mark.parametrize("batch", [1, 1000])
def test_what_could_not_be_written_is_taken_back_by_the_next_undo(
    database: Database, files: LibraryFiles, tmp_path: Path, batch: int
) -> None:
    one, two = _registered(database, files, "one"), _registered(database, files, "Show/two")
    _carry_out(database, files, [_removal(one), _removal(two)])
    in_the_way = tmp_path / "library/Show"
    in_the_way.touch()

    failed = {
        done.change.strm_path: done.error is not None
        for done in undo(database, files, NoProof(), batch=batch)
    }

    assert failed == {one.strm_path: False, two.strm_path: True}
    assert files.read(one.strm_path) == _CONTENT
    in_the_way.unlink()
    [done] = undo(database, files, NoProof(), batch=batch)
    assert (done.change.strm_path, done.error) == (two.strm_path, None)
    assert files.read(two.strm_path) == _CONTENT
    assert list(undo(database, files, NoProof())) == []


def test_what_was_changed_since_is_not_tried_again(database: Database, files: LibraryFiles) -> None:
    row = _registered(database, files, "one")
    _carry_out(database, files, [_rewriting(row, b"http://new/\n")])
    files.replace(row.strm_path, b"http://by-hand/\n")

    assert len(list(undo(database, files, NoProof()))) == 1
    assert list(undo(database, files, NoProof())) == []


def test_a_run_that_did_nothing_leaves_the_one_before_it_to_undo(
    database: Database, files: LibraryFiles
) -> None:
    one, two = _registered(database, files, "one"), _registered(database, files, "two")
    _carry_out(database, files, [_rewriting(one, b"http://new/\n")])
    files.replace(two.strm_path, b"http://by-hand/\n")

    [done] = _carry_out(database, files, [_removal(two)])
    assert done.error is not None
    for _ in range(2):
        list(undo(database, files, NoProof()))

    assert files.read(one.strm_path) == _CONTENT
    assert files.read(two.strm_path) == b"http://by-hand/\n"


def test_undo_means_the_last_run_and_a_plan_that_changes_nothing_is_none(
    database: Database, files: LibraryFiles
) -> None:
    one, two = _registered(database, files, "one"), _registered(database, files, "two")
    _carry_out(database, files, [_rewriting(one, b"http://new/\n")])
    _carry_out(database, files, [_rewriting(two, b"http://new/\n")])
    _carry_out(database, files, [Finding("unchanged", one.strm_path)])

    list(undo(database, files, NoProof()))

    assert files.read(one.strm_path) == b"http://new/\n"
    assert files.read(two.strm_path) == _CONTENT


def test_the_brake_is_told_what_is_altered_not_what_is_added(
    database: Database, files: LibraryFiles
) -> None:
    row = _registered(database, files, "one")
    run = ChangeRun(database, files, "import", limit=None)
    steps = [_creation("two", "two.strm", b"http://two/\n"), _removal(row)]

    assert list(run.plan(steps)) == steps

    assert (run.planned, run.altering) == (2, 1)
    run.discard()
    assert list(undo(database, files, NoProof())) == []
    assert Mappings(database).get(row.id) == row


_CONTENT = b"http://127.0.0.1/strm/stream\n"


def _carry_out(database: Database, files: LibraryFiles, steps: Sequence[Step]) -> list[Done]:
    run = ChangeRun(database, files, "rewrite", limit=None)
    list(run.plan(steps))
    return list(run.carry_out())


def _identity(slug: str) -> Identity:
    return Identity(site="a.example", slug=slug, language="German")


def _registered(database: Database, files: LibraryFiles, slug: str) -> Mapping:
    mappings = Mappings(database)
    mappings.register([Registration(_identity(slug), f"{slug}.strm")])
    files.replace(f"{slug}.strm", _CONTENT)
    row = mappings.find(_identity(slug))
    assert row is not None
    return row


def _creation(slug: str, path: str, content: bytes) -> Change:
    resolution = Resolution("http://cdn.example/x", {"Referer": "http://a.example/"})
    row = Mapping(0, _identity(slug), path, resolution=resolution)
    return Change(Action.CREATED, path, row_after=row, file_after=content)


def _removal(row: Mapping) -> Change:
    return Change(Action.REMOVED, row.strm_path, row_before=row, file_before=_CONTENT)


def _rewriting(row: Mapping, content: bytes) -> Change:
    return Change(Action.REWRITTEN, row.strm_path, row, row, _CONTENT, content)


def _move(row: Mapping, path: str) -> Change:
    return Change(Action.MOVED, path, row, replace(row, strm_path=path))


def _titled(row: Mapping) -> Mapping:
    return replace(row, title="A title")


def _path(database: Database, row: Mapping) -> str:
    now = Mappings(database).get(row.id)
    assert now is not None
    return now.strm_path


def test_a_url_whose_key_was_retired_is_not_put_back(
    database: Database, files: LibraryFiles
) -> None:
    row = _registered(database, files, "one")
    old, new = (SignedProof(Keyring([secret])) for secret in (b"old" * 8, b"new" * 8))
    before, after = (
        f"{playback_url.build('http://127.0.0.1', row.identity, proof)}\n".encode()
        for proof in (old, new)
    )
    change = Change(Action.REWRITTEN, row.strm_path, row, row, before, after)
    files.replace(row.strm_path, before)
    _carry_out(database, files, [change])

    [done] = undo(database, files, new)

    assert "no longer in force" in str(done.error)
    assert files.read(row.strm_path) == after


def test_files_that_a_run_has_made_are_not_taken_away_by_the_hundred(
    database: Database, files: LibraryFiles
) -> None:
    many = [_creation(str(number), f"{number}.strm", b"http://a/\n") for number in range(21)]
    _carry_out(database, files, many)
    run = last_run(database)
    assert run is not None

    with pytest.raises(SafetyError, match="21 of 21 files would be removed"):
        check_undo(database, run, 0.2)
    check_undo(database, run, 1.0)


@pytest.mark.parametrize("limit", [0.2, None], ids=["braked", "forced"])
def test_the_brake_is_the_run_s_own(
    database: Database, files: LibraryFiles, limit: float | None
) -> None:
    rows = [_registered(database, files, f"show-{number}") for number in range(30)]
    run = ChangeRun(database, files, "rewrite", limit=limit)
    changes = [_rewriting(row, b"http://new/\n") for row in rows]
    assert list(run.rehearse(changes)) == changes
    assert run.needs_force is (limit is not None)

    run = ChangeRun(database, files, "rewrite", limit=limit)
    list(run.plan(changes))
    if limit is None:
        assert len(list(run.carry_out())) == 30
        return
    with pytest.raises(SafetyError, match=r"^30 of 30 would change, .* 27 more groups: 27\)"):
        next(run.carry_out())
    assert last_run(database) is None, "its plan is discarded"
    assert files.read(rows[0].strm_path) == _CONTENT


def test_a_library_that_goes_ends_the_run_at_once(
    database: Database, files: LibraryFiles, tmp_path: Path
) -> None:
    rows = [_registered(database, files, f"show-{number}") for number in range(6)]
    run = ChangeRun(database, files, "rewrite", limit=None, batch=2)
    list(run.plan(_rewriting(row, b"http://new/\n") for row in rows))
    done = run.carry_out()
    assert [next(done).error, next(done).error] == [None, None]
    (tmp_path / "library").rename(tmp_path / "unmounted")
    with pytest.raises(ItemError, match=r"is not there.*: 2 of 6 changes are done$"):
        next(done)
