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


def test_url_needs_no_database(strmctl: Strmctl, library: Path) -> None:
    (library / "strmctl.db").unlink()
    assert strmctl("url", *MOVIE).out.startswith("http://")
    assert not (library / "strmctl.db").exists()
