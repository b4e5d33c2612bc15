"""`remove`: mappings that are named or selected, and files that are strmctl's own."""

from pathlib import Path

import pytest

from stage.command_line import Strmctl
from stage.library_tree import files

ROWS = "site,slug,season,episode,language\na.to,show,1,1,de\na.to,show,1,2,de\nb.to,film,,,de\n"
FIRST, SECOND = (f"Show/Season 01/Show S01E0{number}.strm" for number in (1, 2))
FILM = "Film/Film.strm"


@pytest.fixture(autouse=True)
def shelf(strmctl: Strmctl, library: Path) -> Path:
    """A library folder of two episodes and a film."""
    strmctl("write", "--from", "-", "-q", stdin=ROWS)
    return library / "library"


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        pytest.param(("1",), {SECOND, FILM}, id="an id"),
        pytest.param((FILM, "1"), {SECOND}, id="a path and an id"),
        pytest.param((f"library/{FILM}", FILM, "3"), {FIRST, SECOND}, id="one thrice"),
        pytest.param(("--series", "show"), {FILM}, id="a series"),
        pytest.param(("--site", "b.to"), {FIRST, SECOND}, id="a site"),
        pytest.param(("--series", "show", "--episode", "2"), {FIRST, FILM}, id="an episode"),
        pytest.param(("--site", "c.to"), {FIRST, SECOND, FILM}, id="nothing"),
    ],
)
def test_what_is_named_or_selected_goes(
    strmctl: Strmctl, library: Path, arguments: tuple[str, ...], left: set[str]
) -> None:
    everything = files(library)
    shown = strmctl("remove", *arguments, "--dry-run", "--json").records
    assert files(library) == everything
    done = strmctl("remove", *arguments, "--json").records
    assert shown[:-1] == done[:-1]
    assert {step["strm_path"] for step in done[:-1]} == everything.keys() - left
    assert set(files(library)) == left
    assert {row["strm_path"] for row in strmctl("list", "--json").records[:-1]} == left


def test_a_folder_that_it_empties_goes_too(strmctl: Strmctl, shelf: Path) -> None:
    strmctl("remove", "--series", "show")
    assert [path.name for path in shelf.iterdir()] == ["Film"]


@pytest.mark.parametrize("arguments", [(), ("1", "--site", "a.to"), ("--sidecars",)])
def test_it_wants_to_be_told_what(strmctl: Strmctl, arguments: tuple[str, ...]) -> None:
    assert "say which" in strmctl("remove", *arguments, code=2).err


def test_one_that_is_not_there_does_not_stop_the_others(strmctl: Strmctl, library: Path) -> None:
    ended = strmctl("remove", "99", "no such.strm", "1", code=12)
    assert "failed 99: no such mapping: 99" in ended.out
    assert set(files(library)) == {SECOND, FILM}


def test_files_are_kept_where_that_is_asked_for(strmctl: Strmctl, library: Path) -> None:
    before = files(library)
    strmctl("remove", "--series", "show", "--keep-files", "--sidecars")
    assert files(library) == before
    assert len(strmctl("list", "--json").records) == 2


@pytest.mark.parametrize("kind", ["foreign", "link"])
def test_what_is_not_strmctls_own_stays(strmctl: Strmctl, shelf: Path, kind: str) -> None:
    film = shelf / FILM
    film.unlink()
    if kind == "link":
        film.symlink_to("elsewhere.strm")
    else:
        film.write_text("http://my.own/file\n")
    (shelf / "Film/Film.nfo").touch()
    shown = strmctl("remove", "3", "--sidecars", "--dry-run")
    ended = strmctl("remove", "3", "--sidecars")
    assert shown.out == ended.out
    assert f"kept {FILM}: the file stays" in ended.out
    assert film.is_symlink() or film.read_text() == "http://my.own/file\n"
    assert (shelf / "Film/Film.nfo").exists()
    assert len(strmctl("list", "--json").records) == 3


def test_sidecars(strmctl: Strmctl, shelf: Path) -> None:
    for name in ("Show S01E01.nfo", "Show S01E02.nfo", "Show S01E01-thumb.jpg"):
        (shelf / "Show/Season 01" / name).touch()
    strmctl("remove", "1", "--sidecars")
    assert sorted(path.name for path in (shelf / "Show/Season 01").iterdir()) == [
        "Show S01E02.nfo",
        "Show S01E02.strm",
    ]


def test_many_at_once_are_braked(strmctl: Strmctl, library: Path) -> None:
    rows = "".join(f"c.to,film-{number},de\n" for number in range(21))
    strmctl("write", "--from", "-", "-q", stdin=f"site,slug,language\n{rows}")
    before = files(library)
    assert "21 of 24 would change" in strmctl("remove", "--site", "c.to", code=25).err
    assert files(library) == before
    strmctl("remove", "--site", "c.to", "--force")
    assert set(files(library)) == {FIRST, SECOND, FILM}
