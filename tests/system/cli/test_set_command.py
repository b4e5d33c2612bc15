"""`strmctl set`: row, file and name move together, `undo` takes them back."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from stage.command_line import Strmctl
from stage.library_tree import files

SHOW = ("--site", "a.to", "--slug", "show", "--language", "German Dub")
FIRST = "Show/Season 01/Show S01E01.strm"
SECOND = "Show/Season 01/Show S01E02.strm"


@pytest.fixture
def show(strmctl: Strmctl, library: Path) -> Path:
    """Two episodes with URLs, and the folder that holds their files."""
    for number in (1, 2):
        strmctl(
            "write", *SHOW, "--season", 1, "--episode", number,
            "--url", f"https://cdn.example/{number}.mp4",
        )  # fmt: skip
    return library / "library"


def rows(strmctl: Strmctl) -> dict[str, dict[str, object]]:
    lines = (json.loads(line) for line in strmctl("list", "--json").out.splitlines())
    return {line["strm_path"]: line for line in lines if line["type"] == "mapping"}


def undone(strmctl: Strmctl, folder: Path) -> Iterator[object]:
    strmctl("undo", "--force")
    yield files(folder.parent)
    yield [
        {key: value for key, value in row.items() if key != "updated_at"}
        for row in rows(strmctl).values()
    ]


@pytest.mark.parametrize(
    ("values", "paths"),
    [
        pytest.param(
            ("--title", "The Show"),
            ["The Show/Season 01/The Show S01E01.strm", "The Show/Season 01/The Show S01E02.strm"],
            id="title",
        ),
        pytest.param(
            ("--year", 2020),
            [
                "Show (2020)/Season 01/Show (2020) S01E01.strm",
                "Show (2020)/Season 01/Show (2020) S01E02.strm",
            ],
            id="year",
        ),
        pytest.param(
            ("--id", "tvdb=81797"),
            [
                "Show [tvdbid-81797]/Season 01/Show S01E01.strm",
                "Show [tvdbid-81797]/Season 01/Show S01E02.strm",
            ],
            id="id",
        ),
        pytest.param(("--provider", "VOE"), [FIRST, SECOND], id="provider"),
        pytest.param(("--language", "English"), [FIRST, SECOND], id="language"),
        pytest.param(("--mute", "forever"), [FIRST, SECOND], id="mute"),
    ],
)
def test_what_is_set_is_set_everywhere_and_undone(
    strmctl: Strmctl, show: Path, values: tuple[object, ...], paths: list[str]
) -> None:
    before = [files(show.parent), list(rows(strmctl).values())]
    strmctl("set", "--series", "show", *values, "--dry-run")
    assert [files(show.parent), list(rows(strmctl).values())] == before
    strmctl("set", "--series", "show", *values)
    assert sorted(files(show.parent)) == paths
    found = rows(strmctl)
    assert sorted(found) == paths
    for path, row in found.items():
        assert (show / path).read_text() == f"{row['playback_url']}\n"
    strmctl("set", "--series", "show", *values)  # the same again changes nothing
    assert list(undone(strmctl, show)) == before


def test_another_language_or_provider_is_resolved_anew(strmctl: Strmctl, show: Path) -> None:
    strmctl("set", FIRST, "--language", "English", "--provider", "VOE")
    row = rows(strmctl)[FIRST]
    assert (row["language"], row["provider"]) == ("English", "VOE")
    assert (row["resolved_at"], row["state"]) == (None, "unknown")
    assert rows(strmctl)[SECOND]["resolved_at"] is not None
    strmctl("set", "--series", "show", "--in-language", "English", "--provider", "")
    assert rows(strmctl)[FIRST]["provider"] is None


def test_a_file_that_lies_elsewhere_stays_there(strmctl: Strmctl, show: Path) -> None:
    strmctl("set", FIRST, "--path", "Mine/one.strm")
    strmctl("set", "--series", "show", "--title", "The Show")
    assert sorted(files(show.parent)) == [
        "Mine/one.strm",
        "The Show/Season 01/The Show S01E02.strm",
    ]
    assert rows(strmctl)["Mine/one.strm"]["language"] == "German Dub"


def test_two_mappings_never_become_one(strmctl: Strmctl, show: Path) -> None:
    strmctl("write", *SHOW[:4], "--language", "English", "--season", 1, "--episode", 1)
    before = files(show.parent), rows(strmctl)
    ended = strmctl("set", "--in-language", "English", "--language", "German Dub", code=12)
    assert "is there already" in ended.out + ended.err
    assert (files(show.parent), rows(strmctl)) == before


def test_what_stands_in_the_way_stays(strmctl: Strmctl, show: Path) -> None:
    foreign = show / "The Show/Season 01/The Show S01E02.strm"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("https://my.own/file\n")
    ended = strmctl("set", "--series", "show", "--title", "The Show", code=12)
    assert "a file is there" in ended.out + ended.err
    assert foreign.read_text() == "https://my.own/file\n"
    assert SECOND in rows(strmctl)
    assert "The Show/Season 01/The Show S01E01.strm" in rows(strmctl)


@pytest.mark.parametrize("dry", [("--dry-run",), ()], ids=["dry", "done"])
@pytest.mark.parametrize("command", ["set", "rewrite"])
def test_a_moved_file_is_shown_once(
    strmctl: Strmctl,
    show: Path,
    command: str,
    dry: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At its new path."""
    arguments = ["set", "--slug", "show", "--title", "The Show", "--force"]
    if command == "rewrite":
        monkeypatch.setenv("STRMCTL_NAMING_EPISODE", "{season}x{episode:00}")
        arguments = ["rewrite", "--names", "--force"]
    *records, summary = strmctl(*arguments, "--dry-run", "--json").records
    places = [record["strm_path"] for record in records]
    assert (len(places), summary["moved"]) == (2, 2)
    assert not {FIRST, SECOND} & set(places)
    ended = strmctl(*arguments, *dry)
    assert ended.out.splitlines() == [f"moved {place}" for place in places]
    assert ended.err.startswith("2 moved")
    assert [(show / FIRST).exists(), (show / places[0]).exists()] == [bool(dry), not dry]


@pytest.mark.parametrize(
    ("arguments", "new"),
    [
        pytest.param(("--title", "Beta"), "Beta/Beta.strm", id="title"),
        pytest.param(("--path", "Beta/x.strm"), "Beta/x.strm", id="path"),
        pytest.param(("--language", "en", "--title", "Beta"), "Beta/Beta.strm", id="identity"),
    ],
)
def test_a_file_that_cannot_come_to_its_new_place_stays_with_its_row(
    strmctl: Strmctl, library: Path, arguments: tuple[str, ...], new: str
) -> None:
    strmctl("write", "--site", "a.to", "--slug", "a", "--language", "de")
    before, tree = strmctl("show", 1, "--json").document, library / "library"
    content = (tree / before["strm_path"]).read_bytes()
    (tree / "Beta").write_text("no folder")
    assert strmctl("set", 1, *arguments, code=12).out.startswith(f"failed {new}")
    assert (tree / before["strm_path"]).read_bytes() == content
    assert strmctl("show", 1, "--json").document == before
    # Nothing is left that another run would have to mend.
    assert "moved" not in strmctl("import", "library").out
    strmctl("rewrite")
    (tree / "Beta").unlink()
    strmctl("set", 1, *arguments)
    assert [str(path.relative_to(tree)) for path in tree.rglob("*.strm")] == [new]
    strmctl("undo")
    assert (tree / before["strm_path"]).read_bytes() == content


def test_a_foreign_file_is_not_moved(strmctl: Strmctl, show: Path) -> None:
    (show / FIRST).write_text("https://my.own/file\n")
    strmctl("set", FIRST, "--title", "The Show", code=12)
    assert (show / FIRST).read_text() == "https://my.own/file\n"
    assert FIRST in rows(strmctl)


def test_ids_are_taken_away(strmctl: Strmctl, show: Path) -> None:
    strmctl("set", "--series", "show", "--id", "tvdb=7", "--id", "imdb=tt0388629")
    strmctl("set", "--series", "show", "--id", "tvdb=")
    assert sorted(files(show.parent))[0] == "Show [imdbid-tt0388629]/Season 01/Show S01E01.strm"


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param((FIRST,), id="nothing to set"),
        pytest.param(("--title", "X"), id="nothing selected"),
        pytest.param((FIRST, "--series", "show", "--title", "X"), id="both"),
        pytest.param((FIRST, "--id", "anidb=7"), id="an unknown catalogue"),
        pytest.param((FIRST, "--id", "tvdb=x"), id="no number"),
        pytest.param((FIRST, "--id", "imdb=7"), id="no id of IMDb's"),
        pytest.param((FIRST, "--mute", "soon"), id="no duration"),
        pytest.param((FIRST, "--year", 0), id="no year"),
        pytest.param((FIRST, "--language", ""), id="no language"),
        pytest.param((FIRST, "--path", "/etc/x.strm"), id="out of the library"),
        pytest.param(("--series", "show", "--path", "x.strm"), id="one path for two"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    strmctl: Strmctl, show: Path, arguments: tuple[object, ...]
) -> None:
    before = files(show.parent), rows(strmctl)
    strmctl("set", *arguments, code=2)
    assert (files(show.parent), rows(strmctl)) == before


def test_a_name_of_no_mapping_is_a_failure_and_the_others_go_on(
    strmctl: Strmctl, show: Path
) -> None:
    strmctl("set", "999", FIRST, "--title", "The Show", code=12)
    assert "The Show/Season 01/The Show S01E01.strm" in rows(strmctl)


def test_the_brake_holds_and_counts_each_mapping_once(strmctl: Strmctl, library: Path) -> None:
    lines = [f"a.to,show,1,{number},de" for number in range(1, 31)]
    strmctl("write", "--from", "-", stdin="\n".join(["site,slug,season,episode,language", *lines]))
    ended = strmctl("set", "--series", "show", "--title", "New", "--dry-run", "--json")
    assert json.loads(ended.out.splitlines()[-1])["needs_force"] is True
    strmctl("set", "--series", "show", "--title", "New", code=25)
    strmctl("set", "--series", "show", "--title", "New", "--force")
    assert len(files(library)) == 30
