"""What one call of `write` has changed, one `undo` takes back: rows and bytes."""

from pathlib import Path

import pytest

from stage.command_line import Strmctl
from stage.library_tree import files
from strmctl.domain.mapping import Mapping
from strmctl.domain.selection import Selection
from strmctl.domain.urls.playback_url import NoProof
from strmctl.services.changing.undo import undo
from strmctl.storage.database.connection import Database
from strmctl.storage.files.strm_file import LibraryFiles
from strmctl.storage.tables.journal import Journal
from strmctl.storage.tables.mappings import Mappings

FILM = ("--site", "a.to", "--slug", "film", "--language", "de")
ROWS = "site,slug,language,path\n" + "".join(f"a.to,f{n},de,Films/{n}.strm\n" for n in range(2010))


def test_what_it_created_is_gone(strmctl: Strmctl, library: Path) -> None:
    strmctl("write", *FILM)
    before = _state(library)
    strmctl("write", "--from", "-", "-q", stdin=ROWS)
    assert _undo(library) == 2010
    assert _state(library) == before


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("--title", "Another", "--year", "2001"), id="title"),
        pytest.param(("--url", "https://cdn.test/2.m3u8?token=b"), id="url"),
        pytest.param(("--path", "Films/F.strm"), id="path"),
        pytest.param(("--path", "Films/F.strm", "--url", "https://cdn.test/2.mkv"), id="both"),
    ],
)
def test_what_it_updated_is_as_before(
    strmctl: Strmctl, library: Path, arguments: tuple[str, ...]
) -> None:
    strmctl("write", *FILM, "--url", "https://cdn.test/1.mp4?token=a")
    file = library / "library/Film/Film.strm"
    file.write_bytes(b"\xef\xbb\xbf#KODIPROP:a=b\r\n" + file.read_bytes())
    before = _state(library)
    strmctl("write", *FILM, *arguments)
    assert _state(library) != before
    assert _undo(library) >= 1
    assert _state(library) == before


@pytest.mark.parametrize("place", ["Film/Film.strm", "Elsewhere.strm"])
def test_what_it_was_forced_to_overwrite_comes_back(
    strmctl: Strmctl, library: Path, place: str
) -> None:
    strmctl("write", *FILM)
    (library / "library" / place).write_text("http://my.own/file\n")
    before = _state(library)
    strmctl("write", *FILM, "--path", place, "--force")
    assert _state(library) != before
    _undo(library)
    assert _state(library) == before


def test_a_lost_file_that_it_made_again_is_lost_again(strmctl: Strmctl, library: Path) -> None:
    strmctl("write", *FILM)
    (library / "library/Film/Film.strm").unlink()
    before = _state(library)
    strmctl("write", *FILM)
    assert _undo(library) == 1
    assert _state(library) == before


def test_the_same_again_is_no_run(strmctl: Strmctl, library: Path) -> None:
    before = _state(library)
    strmctl("write", *FILM)
    strmctl("write", *FILM)
    strmctl("write", "--from", "-", stdin="site,slug,language\na.to,film,de\n")
    assert _undo(library) == 1
    assert _state(library) == before


def test_a_call_is_one_run_and_it_has_ended(strmctl: Strmctl, library: Path) -> None:
    strmctl("write", "--from", "-", "-q", stdin=ROWS)
    strmctl("write", *FILM)
    with Database.open(library / "strmctl.db") as database:
        found = database.query("SELECT command, finished_at FROM run ORDER BY id")
        last = Journal(database).last()
    assert [run["command"] for run in found] == ["write", "write"]
    assert all(run["finished_at"] is not None for run in found)
    assert last is not None
    assert _undo(library) == 1


def test_what_could_not_be_written_is_not_taken_back(strmctl: Strmctl, library: Path) -> None:
    (library / "library/Film 1").touch()
    rows = "site,slug,language\n" + "".join(f"a.to,film-{number},de\n" for number in range(3))
    strmctl("write", "--from", "-", "-q", stdin=rows, code=12)
    assert set(files(library)) == {"Film 0/Film 0.strm", "Film 1", "Film 2/Film 2.strm"}
    _undo(library)
    assert files(library) == {"Film 1": ""}


def test_what_was_not_written_leaves_the_run_before_it_to_undo(
    strmctl: Strmctl, library: Path
) -> None:
    (library / "library/Film 2").touch()
    before = _state(library)
    strmctl("write", *FILM)
    strmctl("write", "--site", "a.to", "--slug", "film-2", "--language", "de", code=12)
    for _ in range(2):
        _undo(library)
    assert _state(library) == before


def _state(library: Path) -> tuple[list[tuple[object, ...]], dict[Path, bytes]]:
    """Rows without the time of their last change, and the bytes of all files."""
    with Database.open(library / "strmctl.db") as database:
        rows = [_values(row) for row in Mappings(database).select(Selection())]
    root = library / "library"
    return rows, {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


def _values(row: Mapping) -> tuple[object, ...]:
    found = row.resolution
    link = found and (found.url, found.headers, found.expires_at, found.resolved_at)
    return row.id, row.identity, row.strm_path, row.title, row.year, row.extension, link


def _undo(library: Path) -> int:
    with Database.open(library / "strmctl.db") as database:
        done = list(undo(database, LibraryFiles(library / "library"), NoProof()))
    return sum(item.error is None for item in done)
