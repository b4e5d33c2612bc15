"""One file under two names, through a link within the library, is of one row and never lost."""

from pathlib import Path

import pytest

from stage.command_line import Strmctl
from stage.library_tree import files, mtimes

KEYS = ("--site", "a.to", "--language", "de")
URL = "https://cdn.test/a.mp4?token=secret"
BOTH = "site,slug,language,path,url\na.to,one,de,{},{url}\na.to,two,de,{},{url}2\n"


@pytest.fixture(params=["proxy", "direct"])
def linked(
    strmctl: Strmctl, library: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Path:
    """A library whose folder `ln` is its folder `real`, where another film lies."""
    monkeypatch.setenv("STRM_PROXY_MODE", request.param)
    write(strmctl, "other", "real/other.strm", f"{URL}&of=other")
    (library / "library/ln").symlink_to("real")
    return library


def write(strmctl: Strmctl, slug: str, path: str, url: str, *arguments: str, code: int = 0) -> str:
    given = ("--slug", slug, "--path", path, "--url", url)
    ended = strmctl("write", *KEYS, *given, *arguments, code=code)
    return ended.out + ended.err


def paths(strmctl: Strmctl) -> list[str]:
    return [record["strm_path"] for record in strmctl("list", "--json").records[:-1]]


@pytest.mark.parametrize(
    ("first", "second"), [("ln/x.strm", "real/x.strm"), ("real/x.strm", "ln/x.strm")]
)
def test_the_second_of_a_batch_is_refused(
    strmctl: Strmctl, linked: Path, first: str, second: str
) -> None:
    table = BOTH.format(first, second, url=URL)
    ended = strmctl("write", "--from", "-", stdin=table, code=12)
    assert f"stdin:3: {second} is the same file as {first}, which belongs to a.to/one" in ended.err
    assert paths(strmctl) == ["real/other.strm", first]
    before = mtimes(linked)
    assert write(strmctl, "one", first, URL) == f"unchanged: {first}\n"
    assert mtimes(linked) == before


@pytest.mark.parametrize("force", [[], ["--force"]], ids=["", "force"])
@pytest.mark.parametrize(
    ("first", "second"), [("ln/x.strm", "real/x.strm"), ("real/x.strm", "ln/x.strm")]
)
def test_a_row_s_file_is_not_given_to_another(
    strmctl: Strmctl, linked: Path, first: str, second: str, force: list[str]
) -> None:
    write(strmctl, "one", first, URL)
    before = files(linked)
    told = write(strmctl, "two", second, URL, *force, code=2)
    assert f"{second} is the same file as {first}" in told
    assert files(linked) == before
    assert paths(strmctl) == ["real/other.strm", first]


@pytest.mark.parametrize("url", [URL, f"{URL}&new=1"], ids=["the same", "another URL"])
def test_moving_to_the_same_file_keeps_it(strmctl: Strmctl, linked: Path, url: str) -> None:
    write(strmctl, "film", "ln/c.strm", URL)
    before = files(linked)["real/c.strm"]
    assert write(strmctl, "film", "real/c.strm", url).startswith("updated: real/c.strm")
    assert paths(strmctl) == ["real/other.strm", "real/c.strm"]
    assert set(files(linked)) == {"real/other.strm", "real/c.strm"}
    strmctl("undo")
    assert files(linked)["real/c.strm"] == before
    assert paths(strmctl) == ["real/other.strm", "ln/c.strm"]


def test_names_that_only_seem_to_be_one_are_two(strmctl: Strmctl, library: Path) -> None:
    strmctl("write", "--from", "-", stdin=BOTH.format("a/x.strm", "a/X.strm", url=URL))
    assert set(files(library)) == {"a/x.strm", "a/X.strm"}
