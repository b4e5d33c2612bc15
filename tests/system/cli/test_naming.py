"""`[naming]` names what is written; `rewrite --names` renames what it names otherwise by now."""

import json
from pathlib import Path

import pytest

from stage.command_line import Strmctl
from stage.library_tree import files, mtimes

SHOW = ("--site", "a.to", "--slug", "show", "--language", "de")
SCENE = (
    '\n[naming]\nseries = "{Series Title} ({Series Year}) {[tvdbid]}"\n'
    'episode = "{Series.Title}.S{season:00}E{episode:00}.{Quality.Full}{-Release Group} [STRM]"\n'
    'film = "Films/{Movie Title} ({Release Year})"\n'
)


def named(library: Path, text: str) -> None:
    file = library / "strmctl.toml"
    before, _, after = file.read_text().partition("[naming]")
    file.write_text(before + "[maintain]" + after.partition("[maintain]")[2] + text)


def written(strmctl: Strmctl, *arguments: object) -> str:
    return str(strmctl("write", *arguments, "--json").document["strm_path"])


def test_write_names_by_the_templates(strmctl: Strmctl, library: Path) -> None:
    named(library, SCENE)
    full = ("--title", "The Show", "--year", 2020, "--tvdb", 7)
    tags = ("--quality", "1080p.WEB-DL", "--release-group", "GERMAN-SITE")
    assert written(strmctl, *SHOW, "--season", 1, "--episode", 2, *full, *tags) == (
        "The Show (2020) [tvdbid-7]/Season 01/The.Show.S01E02.1080p.WEB-DL-GERMAN-SITE [STRM].strm"
    )
    film = ("--site", "a.to", "--slug", "film", "--language", "de", "--title", "Film")
    assert written(strmctl, *film, "--year", 1999) == "Films/Film (1999).strm"


def test_rewrite_names_and_undo(strmctl: Strmctl, library: Path) -> None:
    for number in (1, 2):
        strmctl("write", *SHOW, "--season", 1, "--episode", number, "--year", 2020)
    before = files(library)
    named(library, SCENE)
    strmctl("rewrite", "--names", "--dry-run")
    assert files(library) == before
    strmctl("rewrite", "--names")
    assert files(library) == {
        f"Show (2020)/Season 01/Show.S01E0{number} [STRM].strm": before[
            f"Show (2020)/Season 01/Show (2020) S01E0{number}.strm"
        ]
        for number in (1, 2)
    }
    again = mtimes(library)
    strmctl("rewrite", "--names")
    assert mtimes(library) == again
    strmctl("undo")
    assert files(library) == before


def test_two_languages_keep_a_name_each(strmctl: Strmctl, library: Path) -> None:
    episode = ("--site", "a.to", "--slug", "show", "--season", 1, "--episode", 1)
    strmctl("write", *episode, "--language", "de")
    strmctl("write", *episode, "--language", "en")
    named(library, SCENE)
    strmctl("rewrite", "--names")
    assert sorted(files(library)) == [
        "Show/Season 01/Show.S01E01 [STRM] - en.strm",
        "Show/Season 01/Show.S01E01 [STRM].strm",
    ]


def test_a_bad_template_is_one_line(strmctl: Strmctl, library: Path) -> None:
    named(library, '\n[naming]\nepisode = "{Serie Title} {season}x{episode}"\n')
    ended = strmctl("write", *SHOW, "--season", 1, "--episode", 1, code=3)
    assert len(ended.err.splitlines()) == 1
    assert ended.err.startswith(f"strmctl: {library / 'strmctl.toml'}: naming.episode: ")
    assert "{Serie Title}" in ended.err
    assert files(library) == {}


@pytest.mark.parametrize(
    ("first", "later"),
    [
        pytest.param(
            "The Show (2020) [tvdbid-7]/Season 01/The Show (2020) S01E01.strm",
            [
                "The Show (2020) [tvdbid-7]/Season 01/The Show (2020) S01E01 - en.strm",
                "The Show (2020) [tvdbid-7]/Season 02/The Show (2020) S02E01.strm",
            ],
            id="where strmctl puts it",
        ),
        pytest.param(
            "Serien/Show/Staffel 1/S01E01.strm",
            [
                "Serien/Show/Staffel 1/The Show (2020) S01E01 - en.strm",
                "Serien/Show/Staffel 2/The Show (2020) S02E01.strm",
            ],
            id="where its owner has put it",
        ),
        pytest.param(
            "Serien/Show/S01E01.strm",
            [
                "Serien/Show/The Show (2020) S01E01 - en.strm",
                "Serien/Show/The Show (2020) S02E01.strm",
            ],
            id="without season folders",
        ),
    ],
)
def test_a_second_language_or_season_lands_in_its_folder(
    strmctl: Strmctl, library: Path, first: str, later: list[str]
) -> None:
    names = ("--title", "The Show", "--year", 2020, "--tvdb", 7)
    strmctl("write", *SHOW, "--season", 1, "--episode", 1, *names, "--path", first)
    other = ("--site", "a.to", "--slug", "show", "--language", "en", "--season", 1, "--episode", 1)
    assert written(strmctl, *other) == later[0]
    assert written(strmctl, *SHOW, "--season", 2, "--episode", 1) == later[1]
    listed = [json.loads(line) for line in strmctl("list", "--json").out.splitlines()]
    assert {row["title"] for row in listed if row["type"] == "mapping"} == {"The Show"}


def test_another_title_of_the_same_slug_is_another_folder(strmctl: Strmctl, library: Path) -> None:
    strmctl("write", *SHOW, "--season", 1, "--episode", 1, "--title", "The Show")
    path = written(strmctl, *SHOW, "--season", 1, "--episode", 2, "--title", "Other")
    assert path == "Other/Season 01/Other S01E02.strm"
