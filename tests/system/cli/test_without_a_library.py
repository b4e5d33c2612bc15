"""Where `strmctl init` has not run: what cannot be done makes nothing, and says what to do."""

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


def test_url_needs_no_database(strmctl: Strmctl, library: Path) -> None:
    (library / "strmctl.db").unlink()
    assert strmctl("url", *MOVIE).out.startswith("http://")
    assert not (library / "strmctl.db").exists()
