"""`list` and `show`: what the selection options find, as text and as JSON."""

from pathlib import Path

import pytest

from stage.command_line import Strmctl

TABLE = """site,slug,season,episode,language,provider,title,url
a.to,one,1,1,de,,One,
a.to,one,1,2,de,,One,https://cdn.test/a.mp4?token=secret
a.to,one,1,2,en,VOE,One,
b.to,film,,,de,,Film,
"""


@pytest.fixture(autouse=True)
def _four(strmctl: Strmctl, library: Path) -> None:
    strmctl("write", "--from", "-", stdin=TABLE)


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        pytest.param((), [1, 2, 3, 4], id="all"),
        pytest.param(("--site", "a.to"), [1, 2, 3], id="site"),
        pytest.param(("--series", "one", "--season", "1", "--episode", "2"), [2, 3], id="episode"),
        pytest.param(("--slug", "film"), [4], id="slug"),
        pytest.param(("--language", "en"), [3], id="language"),
        pytest.param(("--provider", "VOE"), [3], id="provider"),
        pytest.param(("--state", "unknown", "--state", "dead"), [1, 2, 3, 4], id="states"),
        pytest.param(("--state", "dead,unknown"), [1, 2, 3, 4], id="states in one list"),
        pytest.param(("--state", "dead"), [], id="none"),
        pytest.param(("--stale",), [1, 2, 3, 4], id="stale"),
        pytest.param(("--expiring", "2h"), [], id="expiring"),
        pytest.param(("--id", "4", "--id", "1"), [1, 4], id="ids"),
        pytest.param(("--limit", "2"), [1, 2], id="limit"),
    ],
)
def test_options_select_the_same_in_json_and_text(
    strmctl: Strmctl, options: tuple[str, ...], ids: list[int]
) -> None:
    *mappings, summary = strmctl("list", *options, "--json").records
    assert [mapping["id"] for mapping in mappings] == ids
    assert summary == {"type": "summary", "count": len(ids)}
    lines = strmctl("list", *options).out.splitlines()
    assert [int(line.split("\t")[0]) for line in lines] == ids


def test_a_piped_line(strmctl: Strmctl) -> None:
    assert strmctl("list", "--id", "3").out == (
        "3\tunknown\ta.to\tone\t1\t2\ten\tVOE\tOne/Season 01/One S01E02 - en.strm\n"
    )


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(("--expiring", "soon"), id="duration"),
        pytest.param(("--state", "gone"), id="state"),
        pytest.param(("--state", "dead,gone"), id="state in a list"),
        pytest.param(("--season", "-1"), id="season"),
        pytest.param(("--limit", "0"), id="limit"),
    ],
)
def test_options_that_are_wrong(strmctl: Strmctl, options: tuple[str, ...]) -> None:
    assert strmctl("list", *options, code=2).err.startswith("strmctl: ")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("2", id="id"),
        pytest.param("One/Season 01/One S01E02.strm", id="path in the library"),
        pytest.param("library/One/Season 01/One S01E02.strm", id="path from here"),
    ],
)
def test_show_one(strmctl: Strmctl, name: str) -> None:
    document = strmctl("show", name, "--json").document
    assert (document["type"], document["id"]) == ("mapping", 2)
    assert "resolved_url" not in document
    assert document["playback_url"] in strmctl("show", name).out


def test_what_is_known_is_shown_in_words(strmctl: Strmctl) -> None:
    assert "{" not in strmctl("show", "2").out
    strmctl("set", "2", "--id", "tvdb=7", "--id", "imdb=tt0000001")
    [ids] = [line for line in strmctl("show", "2").out.splitlines() if line.startswith("ids ")]
    assert ids.split(maxsplit=1) == ["ids", "imdb: tt0000001, tvdb: 7"]


def test_secrets_are_shown_only_when_asked_for(strmctl: Strmctl) -> None:
    for options in (("2",), ("2", "--json"), ("2", "-vv")):
        shown = strmctl("show", *options)
        assert "secret" not in shown.out + shown.err
    assert "token=secret" in strmctl("show", "2", "--reveal").out
    assert strmctl("show", "2", "--reveal", "--json").document["resolved_url"].endswith("=secret")


def test_show_a_selection(strmctl: Strmctl) -> None:
    *mappings, summary = strmctl("show", "--series", "one", "--json").records
    assert [mapping["id"] for mapping in mappings] == [1, 2, 3]
    assert summary == {"type": "summary", "count": 3}
    assert strmctl("show", "--series", "film", "--json").document["id"] == 4


def test_a_blank_line_stands_between_two(strmctl: Strmctl) -> None:
    parts = strmctl("show", "--series", "one").out.split("\n\n")
    assert [part.split()[:2] for part in parts] == [["id", str(number)] for number in (1, 2, 3)]


@pytest.mark.parametrize("arguments", [("99",), ("nothing.strm",), ("--series", "none")], ids=str)
def test_nothing_to_show(strmctl: Strmctl, arguments: tuple[str, ...]) -> None:
    assert "no such mapping" in strmctl("show", *arguments, code=12).err


@pytest.mark.parametrize("arguments", [(), ("1", "--series", "one")], ids=str)
def test_show_needs_one_way_to_say_which(strmctl: Strmctl, arguments: tuple[str, ...]) -> None:
    assert "say which" in strmctl("show", *arguments, code=2).err


@pytest.mark.parametrize("option", ["--season", "--episode", "--id", "--limit"])
def test_a_number_that_nothing_can_have(strmctl: Strmctl, option: str) -> None:
    assert option in strmctl("list", option, "9" * 20, code=2).err


@pytest.mark.parametrize(
    "command",
    ["list", "probe", "refresh", "set --title Other", "remove", "rewrite", "rewrite --names"],
)
def test_a_misspelt_series_is_noted(strmctl: Strmctl, library: Path, command: str) -> None:
    """Else it looks like one of which all is well."""
    words = command.split()
    strmctl("write", "--site", "a.to", "--slug", "one-piece", "--language", "de")
    said = "there is no such mapping: `strmctl list` shows all\n"
    assert said in strmctl(*words, "--series", "one-peice").err
    assert said not in strmctl(*words, "--series", "one-peice", "-q").err
    assert said not in strmctl(*words, "--series", "one-piece", "--state", "dead").err
    assert said not in strmctl(*words, "--state", "dead").err
    assert strmctl(*words, "--series", "one-peice", "--json").err == ""
