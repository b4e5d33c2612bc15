"""What media servers would read out of a path is read out of it, and nothing is made up."""

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from strmctl.domain.external_ids import NO_IDS
from strmctl.domain.library.file_name import FileName, read, slug

EPISODES = {
    "Show (2020)/Season 01/Show (2020) S01E02.strm": ("Show", 2020, 1, 2, None),
    "Show (2020) [tvdbid-7]/Season 01/Show (2020) S01E02 - German Dub.strm": (
        "Show",
        2020,
        1,
        2,
        "de",
    ),
    "Show.S01E02.German.DL.1080p.WEB.x264-GRP.strm": ("Show", None, 1, 2, "de"),
    "Show/Season 1/Show S01E02 - The French Connection.strm": ("Show", None, 1, 2, None),
    "English Teacher/Season 1/English Teacher S01E03.strm": ("English Teacher", None, 1, 3, None),
    "Show/Specials/Show S00E04.strm": ("Show", None, 0, 4, None),
    "Show/Specials/04 - Behind.strm": ("Show", None, 0, 4, None),
    "Show/Season 1/Show S01E03 - 24.strm": ("Show", None, 1, 3, None),
    "Show S01E100.strm": ("Show", None, 1, 100, None),
    "Show/Season 1/Show - s1e2.strm": ("Show", None, 1, 2, None),
    "Show/Season 1/1x05 - Five.strm": ("Show", None, 1, 5, None),
    "Show/Season 1/Show - 101.strm": ("Show", None, 1, 1, None),
    "Show/Season 2/Show - 215 - Home.strm": ("Show", None, 2, 15, None),
    "Show/Season 1/Show - 201.strm": ("Show", None, 1, 201, None),
    "Show/Season 1/Show - 100.strm": ("Show", None, 1, 100, None),
    "One Piece/One Piece - 1071.strm": ("One Piece", None, 1, 1071, None),
    "[SubsPlease] One Piece - 1071 (1080p) [ABCD].strm": ("One Piece", None, 1, 1071, None),
    "Naruto/Season 1/Naruto - 012.strm": ("Naruto", None, 1, 12, None),
    "Show (2019)/Show (2019) - 05.strm": ("Show", 2019, 1, 5, None),
    "Show/Season 2020/Show S2020E15.strm": ("Show", None, 2020, 15, None),
    "Dark/Staffel 2/03 - Geister.strm": ("Dark", None, 2, 3, None),
    "Show/Season 2/Episode 5.strm": ("Show", None, 2, 5, None),
    "Show/S02/E05.strm": ("Show", None, 2, 5, None),
    "Serien/Anime/Naruto/Season 01/Naruto S01E01.strm": ("Naruto", None, 1, 1, None),
    "9-1-1/Season 3/9-1-1 S03E02.strm": ("9-1-1", None, 3, 2, None),
    "進撃の巨人/Season 1/進撃の巨人 S01E01.strm": ("進撃の巨人", None, 1, 1, None),
    "Show/Season 1/S01E07.STRM": ("Show", None, 1, 7, None),
}
SEVERAL = [
    "Show/Season 1/Show S01E03-E04.strm",
    "Show/Season 1/Show S01E03E04.strm",
    "Show/Season 1/Show - S01E03-05.strm",
    "Show/Season 1/Show S01E03 & E04.strm",
    "Show/Season 1/Show S01E03+E04.strm",
    "Show/Season 1/Show S01E03 S01E04.strm",
    "Show/Season 1/Show S01E03-S01E04.strm",
    "Show/Season 1/Show 1x03-1x04.strm",
]
MOVIES = {
    "Movie (2020) [tmdbid-7]/Movie (2020) [tmdbid-7].strm": ("Movie", 2020, None),
    "1917 (2019)/1917 (2019).strm": ("1917", 2019, None),
    "Blade Runner 2049 (2017).strm": ("Blade Runner 2049", 2017, None),
    "12 Monkeys (1995).strm": ("12 Monkeys", 1995, None),
    "The English Patient (1996).strm": ("The English Patient", 1996, None),
    "The.Matrix.1999.German.DL.1080p.BluRay.x264.strm": ("The Matrix", 1999, "de"),
    "movie.strm": ("movie", None, None),
}
NOTHING = {
    "a year alone": "1917.strm",
    "a number alone": "12.strm",
    "no series anywhere": "Season 1/01.strm",
    "only a mark": "S01E01.strm",
    "only a language": "German.strm",
    "only punctuation": "---.strm",
    "no name at all": ".strm",
}
NO_EPISODE = {
    "a whole season": "Show/Show S01.strm",
    "a season's folder": "Show/Season 1/Making of.strm",
    "specials": "Show/Specials/Making of.strm",
    "a date": "Show/Show.2020.05.04.strm",
}


def plain(found: FileName) -> FileName:
    return replace(found, ids=NO_IDS, edition=None, version=None)


@pytest.mark.parametrize("path", EPISODES)
def test_episodes(path: str) -> None:
    title, year, season, episode, language = EPISODES[path]
    found = read(path)
    assert found.doubt is None
    assert plain(found) == FileName(title, year, season, episode, language)


@pytest.mark.parametrize("path", SEVERAL)
def test_several_episodes(path: str) -> None:
    assert read(path) == FileName("Show", season=1, episode=3, holds_several=True)


@pytest.mark.parametrize("path", MOVIES)
def test_movies(path: str) -> None:
    title, year, language = MOVIES[path]
    found = read(path)
    assert found.doubt is None
    assert plain(found) == FileName(title, year, language=language, is_movie=True)


@pytest.mark.parametrize("path", NOTHING.values(), ids=NOTHING.keys())
def test_no_title_is_made_up(path: str) -> None:
    assert read(path).title is None


@pytest.mark.parametrize("path", NO_EPISODE.values(), ids=NO_EPISODE.keys())
def test_an_episode_without_a_number_is_no_movie(path: str) -> None:
    found = read(path)
    assert (found.season, found.episode, found.is_movie) == (None, None, False)


def test_the_language_is_not_asked_for_where_it_is_known() -> None:
    assert read("Show/Show S01E02 - German.strm", wants_language=False).language is None


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("One Piece", "one-piece"),
        ("Pokémon: Der Film", "pokemon-der-film"),
        ("Grey's Anatomy", "greys-anatomy"),
        ("進撃の巨人", "進撃の巨人"),
        ("がぎぐ", "がぎぐ"),
        ("Straße", "strasse"),
        ("__--__", ""),
    ],
    ids=["words", "accents", "apostrophe", "kanji", "kana keep their marks", "sharp s", "nothing"],
)
def test_slugs(title: str, expected: str) -> None:
    assert slug(title) == expected


@given(st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=3))
def test_any_path_can_be_read(parts: list[str]) -> None:
    found = read("/".join(parts) + ".strm")
    assert (found.season is None) == (found.episode is None)
