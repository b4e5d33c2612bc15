"""Rows 73 to 78: libraries with names as people have them, adopted."""

from pathlib import Path

import pytest

from stage.command_line import Strmctl
from stage.foreign_files import imported, numbers, put


@pytest.mark.parametrize(
    ("one", "other", "slugs"),
    [
        ("Star Trek - Picard (2020)", "Star Trek - Discovery (2017)",
         ("star-trek-picard-2020", "star-trek-discovery-2017")),
        ("Law & Order - SVU", "Law & Order - LA", ("law-order-svu", "law-order-la")),
        ("CSI - Miami (2002)", "CSI - NY (2004)", ("csi-miami-2002", "csi-ny-2004")),
        ("NCIS - Hawai'i", "NCIS - Sydney", ("ncis-hawaii", "ncis-sydney")),
        ("Fate - Zero", "Fate - Stay Night", ("fate-zero", "fate-stay-night")),
    ],
)  # fmt: skip
def test_73_series_whose_names_begin_alike_are_two(
    strmctl: Strmctl, library: Path, one: str, other: str, slugs: tuple[str, str]
) -> None:
    paths = [f"{name}/Season 01/{name} - S01E01 - Pilot.strm" for name in (one, other)]
    for path in paths:
        put(library, path)
    found = imported(strmctl)
    assert [numbers(found[path]) for path in paths] == [(slug, 1, 1) for slug in slugs]


def test_74_a_year_is_the_season(strmctl: Strmctl, library: Path) -> None:
    expected = {
        "Some Show/Season 2016/S2016E14.2016-01-20.strm": ("some-show", 2016, 14),
        "Some Show/Season 2017/Some Show - S2017E03 - 2017-02-01.strm": ("some-show", 2017, 3),
        "Talk/Staffel 2020/Talk - 2020x07.strm": ("talk", 2020, 7),
        "News/2019/News S2019E210.strm": ("news", 2019, 210),
    }
    for path in expected:
        put(library, path)
    found = imported(strmctl)
    assert {path: numbers(told) for path, told in found.items()} == expected


def test_75_a_language_only_where_languages_stand(strmctl: Strmctl, library: Path) -> None:
    expected = {
        "Dark/Season 1/Dark - S01E01 - French Kiss.strm": "und",
        "Russian Doll/Season 1/Russian Doll S01E01.strm": "und",
        "Wage es nicht/Staffel 1/Wage es nicht S01E01.strm": "und",
        "The English Patient (1996)/The English Patient (1996).strm": "und",
        "Spanish Affair (2014).strm": "und",
        "Show/Season 1/Show - S01E02 - The Italian Job.strm": "und",
        "Show.S01E03.German.DL.1080p.WEB.x264-GRP.strm": "de",
        "Show/Season 1/Show S01E04 - German Dub.strm": "de",
        "Show/Season 1/Show S01E05 [FR].strm": "fr",
        "Show/Season 1/Show S01E06.es.strm": "es",
    }
    for path in expected:
        put(library, path)
    assert {path: told["language"] for path, told in imported(strmctl).items()} == expected


def test_76_numbers_are_read_right(strmctl: Strmctl, library: Path) -> None:
    expected = {
        "Show/Season 2/Show - S02E01v2 - Title.strm": ("show", 2, 1),
        "[GRP] Other Show - 07v3 [1080p].strm": ("other-show", 1, 7),
        **{f"標題/標題-{number}.strm": ("標題", 1, number) for number in range(1, 10)},
        "Film (1897).strm": ("film-1897", None, None),
        "Roundhay (1888)/Roundhay (1888).strm": ("roundhay-1888", None, None),
        "Evangelion 2.22 (2009).strm": ("evangelion-2-22-2009", None, None),
        "Pi 3.14 (2001)/Pi 3.14 (2001).strm": ("pi-3-14-2001", None, None),
    }
    for path in expected:
        put(library, path)
    assert {path: numbers(told) for path, told in imported(strmctl).items()} == expected


@pytest.mark.parametrize(
    "name",
    [
        "02x03 - x04 - x15", "S14E00.and.S14E01", "S01E01E02", "S01E01-E03", "1x03-1x04",
        "Folge 1-2", "S01E01 & S01E02",
    ],
)  # fmt: skip
def test_76_several_episodes_are_reported(strmctl: Strmctl, library: Path, name: str) -> None:
    put(library, f"Show/{name}.strm")
    [told] = imported(strmctl, code=12).values()
    assert (told["outcome"], "several episodes" in told["reason"]) == ("bad", True)


def test_77_titles_are_taken_as_written(strmctl: Strmctl, library: Path) -> None:
    expected = {
        "Movies/Cam (2018).strm": ("cam-2018", None, None),
        "Movies/Hd/Hd.strm": ("hd", None, None),
        "Movies/Multi (2019)/Multi (2019).strm": ("multi-2019", None, None),
        "Movies/Part Two (2020).strm": ("part-two-2020", None, None),
        "Movies/Rerip (2011)/Rerip (2011).strm": ("rerip-2011", None, None),
        "Movies/Proper (2003).strm": ("proper-2003", None, None),
        "SS-GB/Season 1/SS-GB S01E01.strm": ("ss-gb", 1, 1),
        "Movies/Star Wars; Episode 1 - The Menace (1999).strm":
            ("star-wars-episode-1-the-menace-1999", None, None),
        "Movies/Season of Fear (1989).strm": ("season-of-fear-1989", None, None),
    }  # fmt: skip
    for path in expected:
        put(library, path)
    assert {path: numbers(told) for path, told in imported(strmctl).items()} == expected


def test_78_what_tells_two_things_apart(strmctl: Strmctl, library: Path) -> None:
    expected = {
        "Dune (1984)/Dune (1984).strm": "dune-1984",
        "Dune (2021)/Dune (2021).strm": "dune-2021",
        "Dune (2021)/Dune (2021) - Director's Cut.strm": "dune-2021-directors-cut",
        "Berserk (1997)/Season 1/Berserk S01E01.strm": "berserk-1997",
        "Berserk (2016)/Season 1/Berserk S01E01.strm": "berserk-2016",
        "DuckTales [tvdbid-70889]/Season 1/DuckTales S01E01.strm": "ducktales",
        "DuckTales [tvdbid-330134]/Season 1/DuckTales S01E01.strm": "ducktales-tvdb-330134",
        "DuckTales [tvdbid-330134]/Season 1/DuckTales S01E02.strm": "ducktales-tvdb-330134",
        "The Office (UK)/Season 1/The Office (UK) S01E01.strm": "the-office-uk",
        "The Office (US)/Season 1/The Office (US) S01E01.strm": "the-office-us",
    }
    for path in sorted(expected, reverse=True):
        put(library, path)
    slugs = {path: told["slug"] for path, told in imported(strmctl).items()}
    ducks = {path: slug for path, slug in slugs.items() if "DuckTales" in path}
    # Which of the two is met first depends on the disk.
    assert sorted(set(ducks.values())) in (
        ["ducktales", "ducktales-tvdb-330134"],
        ["ducktales", "ducktales-tvdb-70889"],
    )
    assert len({slug for path, slug in ducks.items() if "330134" in path}) == 1
    rest = {path: slug for path, slug in expected.items() if path not in ducks}
    assert {path: slug for path, slug in slugs.items() if path not in ducks} == rest


def test_78_two_versions_of_a_film_are_both_adopted(strmctl: Strmctl, library: Path) -> None:
    names = ["Film (2001) - 1080p", "Film (2001) - 2160p", "Film (2001) - 720p"]
    for name in names:
        put(library, f"Film (2001)/{name}.strm")
    slugs = [told["slug"] for told in imported(strmctl).values()]
    assert len(set(slugs)) == 3
    assert all(slug.startswith("film-2001") for slug in slugs)
    assert {told["outcome"] for told in imported(strmctl).values()} == {"unchanged"}


def test_78_a_conflict_is_a_failure(strmctl: Strmctl, library: Path) -> None:
    put(library, "A/Film (2001).strm")
    put(library, "B/Film (2001).strm")
    outcomes = sorted(told["outcome"] for told in imported(strmctl, code=12).values())
    assert outcomes == ["adopted", "conflict"]


def test_78_ids_are_kept(strmctl: Strmctl, library: Path) -> None:
    put(library, "Show (2020) [tvdbid-71234]/Season 1/Show S01E01.strm")
    put(library, "Film (2001) {imdb-tt0912345}/Film (2001).strm")
    put(library, "Other (2002) [tmdbid=77]/Other (2002).strm")
    put(library, "Beside (2003)/Beside (2003).strm")
    put(library, "Beside (2003)/movie.nfo", '<movie><uniqueid type="tmdb">9</uniqueid></movie>')
    put(library, "Series/tvshow.nfo", "<tvshow><tvdbid>12</tvdbid></tvshow>")
    put(library, "Series/Season 1/Series S01E01.strm")
    known = {
        path.partition("/")[0]: {name: value for name, value in told["ids"].items() if value}
        for path, told in imported(strmctl).items()
    }
    assert known == {
        "Show (2020) [tvdbid-71234]": {"tvdb": 71234},
        "Film (2001) {imdb-tt0912345}": {"imdb": "tt0912345"},
        "Other (2002) [tmdbid=77]": {"tmdb": 77},
        "Beside (2003)": {"tmdb": 9},
        "Series": {"tvdb": 12},
    }


def test_78_rows_of_before_keep_their_slugs(strmctl: Strmctl, library: Path) -> None:
    """As 0.1.0 named them, without the year; a new episode joins them."""
    strmctl(
        "write", "--site", "cdn.example", "--slug", "show", "--language", "und", "--season", 1,
        "--episode", 1, "--title", "Show", "--year", 2020,
    )  # fmt: skip
    put(library, "Show (2020)/Season 01/Show (2020) S01E02.strm")
    slugs = {told["slug"] for told in imported(strmctl).values()}
    assert slugs == {"show"}
