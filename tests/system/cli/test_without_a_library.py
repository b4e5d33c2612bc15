"""Where `strmctl init` has not run: what cannot be done makes nothing, and says what to do."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from stage.command_line import Strmctl

MOVIE = ("--site", "a.to", "--slug", "film", "--language", "de")


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("list",), id="list"),
        pytest.param(("list", "--json"), id="list as JSON"),
        pytest.param(("show", "1"), id="show"),
        pytest.param(("refresh", "--all"), id="refresh"),
        pytest.param(("refresh", "--all", "--dry-run"), id="what refresh would do"),
        pytest.param(("backup", "copy.db"), id="backup"),
    ],
)
def test_no_database(strmctl: Strmctl, folder: Path, arguments: tuple[str, ...]) -> None:
    assert "no such database: run `strmctl init`" in strmctl(*arguments, code=4).err
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("arguments", [("write", *MOVIE), ("url", *MOVIE)], ids=["write", "url"])
def test_no_key(strmctl: Strmctl, folder: Path, arguments: tuple[str, ...]) -> None:
    assert "make one with `strmctl init`" in strmctl(*arguments, code=3).err
    assert list(folder.iterdir()) == []


def test_another_folder_than_that_of_the_library(strmctl: Strmctl, library: Path) -> None:
    """As cron begins in the home folder; what `init` made there would be a second library."""
    hint = "or name the settings that you have (--config, STRMCTL_CONFIG)\n"
    (library / "strmctl.db").unlink()
    assert hint not in strmctl("list", code=4).err
    (library / "strmctl.toml").rename(library / "elsewhere.toml")
    assert strmctl("list", code=4).err.endswith(hint)
    (library / "strmctl.key").unlink()
    assert strmctl("url", *MOVIE, code=3).err.endswith(hint)


def test_write_makes_what_is_missing(strmctl: Strmctl, library: Path) -> None:
    (library / "strmctl.db").unlink()
    (library / "library").rmdir()
    strmctl("write", *MOVIE)
    assert strmctl("list", "--json").records[-1]["count"] == 1


@pytest.mark.parametrize("rows", ["", "site,slug,language\na.to,other,de\n"], ids=["one", "many"])
def test_write_makes_no_library_in_place_of_one_that_is_gone(
    strmctl: Strmctl, library: Path, rows: str
) -> None:
    """`prune` would find what it wrote, and forget all the others."""
    strmctl("write", *MOVIE)
    (library / "library").rename(library / "unmounted")
    line = ("write", "--from", "-") if rows else ("write", *MOVIE)
    ended = strmctl(*line, stdin=rows, code=12)
    assert "the library is not there: mount it, or set `library`" in ended.err
    assert not (library / "library").exists()
    (library / "unmounted").rename(library / "library")
    strmctl(*line, stdin=rows)


@pytest.fixture
def emptied(strmctl: Strmctl, library: Path) -> Path:
    """A library of 25 films whose share is not mounted: its mount point holds nothing."""
    rows = "".join(f"a.to,film-{number},de\n" for number in range(25))
    strmctl("write", "--from", "-", "-q", stdin=f"site,slug,language\n{rows}")
    (library / "new.csv").write_text(_NEW)
    strmctl("resolver", "new", "mine", "--type", "template", "--site", "a.to", "-q")
    shelf = library / "library"
    shelf.rename(library / "unmounted")
    (shelf / "lost+found").mkdir(parents=True)
    (shelf / ".DS_Store").touch()
    return shelf


_NEW = "site,slug,language\na.to,other,de\n"
_AGAIN = "site,slug,language\na.to,film-3,de\n"


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [
        pytest.param(("write", *MOVIE), "", id="one"),
        pytest.param(("write", "--site", "a.to", "--slug", "film-3", "--language", "de"), "",
                     id="one-that-is-known"),
        pytest.param(("write", "--from", "-"), _NEW, id="many"),
        pytest.param(("write", "--from", "-"), _AGAIN, id="many-that-are-known"),
        pytest.param(("add", "--resolver", "mine", "--from", "new.csv", "x"), "", id="add"),
        pytest.param(("rewrite",), "", id="rewrite"),
        pytest.param(("rewrite", "--names"), "", id="rename"),
        pytest.param(("set", "1", "--title", "New"), "", id="set"),
        pytest.param(("undo",), "", id="undo"),
        pytest.param(("undo", "--dry-run"), "", id="what-undo-would-do"),
        pytest.param(("remove", "1"), "", id="remove"),
        pytest.param(("remove", "--site", "a.to"), "", id="remove-all"),
        pytest.param(("import", "library"), "", id="import"),
        pytest.param(("import", "library", "--plan", "plan.csv"), "", id="plan-an-import"),
    ],
)  # fmt: skip
def test_a_mount_point_is_no_empty_library(
    strmctl: Strmctl, emptied: Path, arguments: tuple[str, ...], stdin: str
) -> None:
    """What was written there would vanish with the next mount, and be all that `prune` sees."""
    ended = strmctl(*arguments, stdin=stdin, code=12)
    number = 24 if "film-3" in arguments or "film-3" in stdin else 25
    assert f"holds nothing, though {number} mappings have their files there: mount it" in ended.err
    assert len(ended.err.splitlines()) == 1
    assert ended.out == ""
    assert sorted(path.name for path in emptied.iterdir()) == [".DS_Store", "lost+found"]
    assert strmctl("list", "--json").records[-1]["count"] == 25


@pytest.mark.parametrize(
    ("way_out", "left"),
    [
        pytest.param(("prune", "--force"), 0, id="forgotten"),
        pytest.param(("rewrite", "--create-missing", "--force"), 25, id="made-again"),
    ],
)
def test_the_ways_out_that_are_named_lead_out(
    strmctl: Strmctl, emptied: Path, way_out: tuple[str, ...], left: int
) -> None:
    assert f"`strmctl {' '.join(way_out)}`" in strmctl("write", *MOVIE, code=12).err
    strmctl(*way_out)
    assert len(list(emptied.rglob("*.strm"))) == left
    strmctl("write", *MOVIE)


@pytest.mark.parametrize(
    ("line", "left"),
    [
        pytest.param("remove --site a.to --force", 0, id="remove"),
        pytest.param("undo --force", 0, id="undo"),
        pytest.param("undo --dry-run --force", 25, id="what-undo-would-do"),
        pytest.param("import library --force", 25, id="import"),
    ],
)
def test_force_goes_ahead_where_the_library_holds_nothing(
    strmctl: Strmctl, emptied: Path, line: str, left: int
) -> None:
    assert strmctl(*line.split()).err.count("mount") == 0
    assert strmctl("list", "--json").records[-1]["count"] == left
    emptied.rename(emptied.with_name("gone"))
    assert "the library is not there" in strmctl("remove", "--site", "x", "--force", code=12).err


def test_many_files_are_made_again_only_by_force(strmctl: Strmctl, emptied: Path) -> None:
    strmctl("rewrite", "--create-missing", code=25)
    assert not list(emptied.rglob("*.strm"))


@pytest.mark.parametrize(
    ("line", "left"),
    [("rewrite --create-missing", 2), ("undo", 0), ("remove 1", 0), ("import library", 0)],
)
def test_a_few_files_may_have_been_deleted(
    strmctl: Strmctl, library: Path, line: str, left: int
) -> None:
    strmctl("write", "--from", "-", "-q", stdin=_NEW + "a.to,film-3,de\n")
    shelf = library / "library"
    shutil.rmtree(shelf)
    shelf.mkdir()
    strmctl(*line.split())
    assert len(list(shelf.rglob("*.strm"))) == left


def test_doctor_mends_nothing_on_a_mount_point(strmctl: Strmctl, emptied: Path) -> None:
    found = strmctl("doctor", "--fix", "--json", code=10).records
    said = [it["reason"] for it in found if it.get("check") == "library"]
    assert said == ["it is empty, though it has 25 mappings"]
    assert not any(it.get("fixed") for it in found)


def test_a_single_file_is_likelier_deleted_than_unmounted(strmctl: Strmctl, library: Path) -> None:
    strmctl("write", *MOVIE, "--path", "Film.strm")
    (library / "library/Film.strm").unlink()
    assert strmctl("rewrite", "--create-missing").out == "created Film.strm\n"
    (library / "library/Film.strm").unlink()
    assert strmctl("remove", "1").out == "removed Film.strm\n"


def test_muting_touches_no_file(strmctl: Strmctl, emptied: Path) -> None:
    assert strmctl("set", "1", "--mute", "30d").err == "1 updated\n"
    emptied.rename(emptied.with_name("gone"))
    assert strmctl("set", "1", "--mute", "off").err == "1 updated\n"


def test_a_single_file_that_was_deleted_comes_back(strmctl: Strmctl, library: Path) -> None:
    strmctl("write", *MOVIE, "--path", "Film.strm")
    (library / "library/Film.strm").unlink()
    assert strmctl("write", *MOVIE).out == "updated: Film.strm\n"


def test_files_that_were_all_deleted_come_back(strmctl: Strmctl, library: Path) -> None:
    rows = _NEW + "a.to,film-3,de\n"
    strmctl("write", "--from", "-", "-q", stdin=rows)
    shelf = library / "library"
    shutil.rmtree(shelf)
    shelf.mkdir()
    strmctl("write", "--from", "-", stdin=rows)
    assert len(list(shelf.rglob("*.strm"))) == 2


def test_a_killed_first_write_is_completed(strmctl: Strmctl, library: Path) -> None:
    """Its rows have come, its files have not: nothing says that they were ever there."""
    strmctl("write", "--from", "-", "-q", stdin=_NEW + "a.to,film-3,de\n")
    shelf = library / "library"
    shelf.rename(library / "never")
    shelf.mkdir()
    with sqlite3.connect(library / "strmctl.db") as connection:
        connection.execute("UPDATE run SET finished_at = NULL")
    connection.close()
    strmctl("write", "--from", "-", stdin=_NEW)
    assert [path.name for path in shelf.rglob("*.strm")] == ["Other.strm"]


@pytest.mark.parametrize(
    "line",
    ["write --site a.to --slug other --language de", "rewrite", "prune --force",
     "remove 1", "set 1 --title New", "undo", "init"],
)  # fmt: skip
def test_a_library_that_cannot_be_reached_is_one_line(
    strmctl: Strmctl, library: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    """As the mount of a FUSE program that has died: stat(2) fails, and not with "no such file"."""
    strmctl("write", *MOVIE)
    monkeypatch.setenv("STRMCTL_LIBRARY", f"/{'x' * 300}")
    ended = strmctl(*line.split(), code=12)
    assert "the library cannot be reached: File name too long: mount it, or set" in ended.err
    assert len(ended.err.splitlines()) == 1
    assert "lies outside of the library" in strmctl("import", ".", code=2).err
    monkeypatch.delenv("STRMCTL_LIBRARY")
    assert strmctl("list", "--json").records[-1]["count"] == 1


def test_doctor_says_that_a_library_cannot_be_reached(
    strmctl: Strmctl, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strmctl("write", *MOVIE)
    monkeypatch.setenv("STRMCTL_LIBRARY", f"/{'x' * 300}")
    found = strmctl("doctor", "--json", code=10).records
    said = [it["reason"] for it in found if it.get("check") == "library"]
    assert said == ["the library cannot be reached: File name too long, though it has 1 mapping"]


def test_init_makes_no_library_in_place_of_one_that_is_gone(
    strmctl: Strmctl, library: Path
) -> None:
    strmctl("write", *MOVIE)
    shelf = library / "library"
    shelf.rename(library / "unmounted")
    message = strmctl("init", code=12).err
    assert f"`mkdir -p {shelf}`, then `strmctl prune --force`" in message
    assert not shelf.exists()
    # As the message says, for a library that was deleted on purpose.
    shelf.mkdir()
    strmctl("prune", "--force")
    assert strmctl("list", "--json").records[-1]["count"] == 0
    shelf.rmdir()
    strmctl("init")
    assert shelf.is_dir()


def test_mappings_are_forgotten_without_a_library(strmctl: Strmctl, library: Path) -> None:
    strmctl("write", *MOVIE)
    (library / "library").rename(library / "unmounted")
    assert "the library is not there" in strmctl("remove", "1", code=12).err
    assert strmctl("remove", "1", "--keep-files").out == "removed Film/Film.strm\n"


def test_url_needs_no_database(strmctl: Strmctl, library: Path) -> None:
    (library / "strmctl.db").unlink()
    assert strmctl("url", *MOVIE).out.startswith("http://")
    assert not (library / "strmctl.db").exists()
