"""Names by template: tokens as Sonarr's and Radarr's users know them."""

import pytest
from hypothesis import given, strategies as st

from strmctl.domain.identity import Identity
from strmctl.domain.library.library_path import Naming, paths
from strmctl.domain.library.naming import Templates
from strmctl.errors import UsageError

EPISODE = Identity("a.to", "one-piece", "German Dub", 1, 2, "VOE")
FILM = Identity("a.to", "dune", "de")
FULL = Naming(
    title="One Piece",
    year=1999,
    tvdb_id="81797",
    episode_title="The Great Swordsman",
    quality="WEBDL-1080p",
    release_group="GERMAN-SITE",
)
BARE = Naming(title="One Piece")


@pytest.mark.parametrize(
    ("template", "full", "bare"),
    [
        pytest.param(
            "{Series Title} S{season:00}E{episode:00}",
            "One Piece S01E02",
            "One Piece S01E02",
            id="plain",
        ),
        pytest.param("{season}x{episode:00}", "1x02", "1x02", id="zeros"),
        pytest.param(
            "{Series TitleYear} {season}x{episode:000}",
            "One Piece (1999) 1x002",
            "One Piece 1x002",
            id="year",
        ),
        pytest.param(
            "{Series Title} ({Series Year}) {season}x{episode}",
            "One Piece (1999) 1x2",
            "One Piece 1x2",
            id="an empty bracket vanishes",
        ),
        pytest.param(
            "{Series.Title}.S{season:00}E{episode:00}.{Quality.Full}",
            "One.Piece.S01E02.WEBDL-1080p",
            "One.Piece.S01E02",
            id="dots",
        ),
        pytest.param(
            "{series_title}_{season}x{episode}",
            "one_piece_1x2",
            "one_piece_1x2",
            id="small letters",
        ),
        pytest.param(
            "{SERIES TITLE} {season}x{episode}", "ONE PIECE 1x2", "ONE PIECE 1x2", id="capitals"
        ),
        pytest.param(
            "{season}x{episode}{ - Episode Title}", "1x2 - The Great Swordsman", "1x2", id="before"
        ),
        pytest.param(
            "{season}x{episode} {[Quality Full]}", "1x2 [WEBDL-1080p]", "1x2", id="in brackets"
        ),
        pytest.param(
            "{season}x{episode} [{Quality Full}] x",
            "1x2 [WEBDL-1080p] x",
            "1x2 x",
            id="brackets of the template's own",
        ),
        pytest.param(
            "{season}x{episode} - {Episode Title} - {Release Group}",
            "1x2 - The Great Swordsman - GERMAN-SITE",
            "1x2",
            id="what stands between vanishes",
        ),
        pytest.param(
            "{season}x{episode}{-Release Group} [STRM]",
            "1x2-GERMAN-SITE [STRM]",
            "1x2 [STRM]",
            id="the end stays",
        ),
        pytest.param(
            "{season}x{episode} {[tvdbid]}",
            "1x2 [tvdbid-81797]",
            "1x2",
            id="id as Jellyfin reads it",
        ),
        pytest.param("{season}x{episode} {TvdbId}", "1x2 81797", "1x2", id="bare id"),
        pytest.param(
            "{season}x{episode} {tvdb-{TvdbId}}",
            "1x2 {tvdb-81797}",
            "1x2",
            id="id as Plex reads it",
        ),
        pytest.param(
            "{Language} {Site} {Provider} {season}x{episode}",
            "German Dub a.to VOE 1x2",
            "German Dub a.to VOE 1x2",
            id="identity",
        ),
    ],
)
def test_each_token_and_what_is_left_where_nothing_is_known(
    template: str, full: str, bare: str
) -> None:
    templates = Templates(series="S", season="", episode=template)
    assert paths(EPISODE, FULL, templates)[0] == f"S/{full}.strm"
    assert paths(EPISODE, BARE, templates)[0] == f"S/{bare}.strm"


def test_titles_lose_their_marks_and_articles() -> None:
    naming = Naming(title="The Law & Order, Really!")
    templates = Templates(
        series="{Series TitleThe}", season="", episode="{Series CleanTitle} {season}x{episode}"
    )
    assert paths(EPISODE, naming, templates)[0] == (
        "Law & Order, Really!, The/The Law and Order Really 1x2.strm"
    )


def test_films_may_have_folders_or_none() -> None:
    naming = Naming(title="Dune", year=2021, tmdb_id="438631", quality="2160p")
    flat = Templates(film="{Movie Title} ({Release Year}) {[Quality Full]}")
    deep = Templates(film="{Release Year}/{Movie.Title}/{Movie CleanTitle} {tmdb-{TmdbId}}")
    assert paths(FILM, naming, flat)[0] == "Dune (2021) [2160p].strm"
    assert paths(FILM, naming, deep)[0] == "2021/Dune/Dune {tmdb-438631}.strm"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        pytest.param({"episode": "{Serie} {season}x{episode}"}, "{Serie}", id="unknown"),
        pytest.param({"series": "{episode}"}, "series: there is no token", id="out of place"),
        pytest.param({"film": "{Series Title}"}, "film: there is no token", id="another kind's"),
        pytest.param({"episode": "{Series Title}"}, "needs {episode}", id="no episode"),
        pytest.param({"episode": "E{episode}", "season": ""}, "needs {season}", id="no season"),
        pytest.param({"season": "{season:00"}, "'{' cannot stand", id="an open brace"),
        pytest.param({"series": "a: b"}, "':' cannot stand", id="a character disks forbid"),
        pytest.param({"series": ".{Series Title}"}, "begins with a dot", id="hidden"),
        pytest.param({"film": "{Movie Title}/"}, "has no name", id="an empty folder"),
        pytest.param({"film": ""}, "film: it is empty", id="empty"),
        pytest.param({"series": "{Series Title:00}"}, "only numbers", id="zeros for a text"),
    ],
)
def test_what_cannot_be_meant_is_refused(values: dict[str, str], reason: str) -> None:
    with pytest.raises(UsageError) as refused:
        Templates(**values)
    assert reason in str(refused.value)


@given(st.text(max_size=400), st.text(max_size=300), st.integers(1, 9999))
def test_every_name_is_one_that_disks_take(title: str, quality: str, year: int) -> None:
    templates = Templates(
        series="{Series Title} ({Year})",
        episode="{Series.CleanTitle}.S{season:00}E{episode:00}.{Quality.Full}.{Series Title}",
    )
    naming = Naming(title=title or None, year=year, quality=quality or None)
    for path in paths(EPISODE, naming, templates):
        *folders, name = path.split("/")
        assert name.endswith(".strm")
        for part in (*folders, name):
            assert 0 < len(part.encode()) <= 255
            assert not part.startswith((".", " "))
            assert not set(part) & set('\0<>:"|?*\\')


@given(st.text(max_size=300), st.none() | st.integers(1, 9999), st.integers(0, 9999))
def test_the_episode_is_never_cut_off(title: str, year: int | None, episode: int) -> None:
    identity = Identity("a.to", "x", "de", 3, episode)
    found = paths(identity, Naming(title=title or None, year=year))
    assert all(f" S03E{episode:02}" in path.rpartition("/")[2] for path in found)
