"""Ids out of `.nfo` files: those of the film or series, never those of an actor or episode."""

import pytest
from hypothesis import given, strategies as st

from strmctl.domain.external_ids import NO_IDS, ExternalIds
from strmctl.domain.names.nfo import external_ids

CASES = {
    "kodi": (
        '<tvshow><uniqueid type="tvdb" default="true">71234</uniqueid>'
        '<uniqueid type="imdb">tt0912345</uniqueid></tvshow>',
        ExternalIds(tvdb=71234, imdb="tt0912345"),
    ),
    "jellyfin": (
        "<movie><imdbid>tt0912345</imdbid><tmdbid>77</tmdbid></movie>",
        ExternalIds(imdb="tt0912345", tmdb=77),
    ),
    "underscore": ("<tvshow><imdb_id>tt0912345</imdb_id></tvshow>", ExternalIds(imdb="tt0912345")),
    "a link behind the document": (
        "<movie></movie>\nhttps://www.themoviedb.org/movie/77-some-film",
        ExternalIds(tmdb=77),
    ),
    "a link alone": ("https://www.imdb.com/title/tt0912345/", ExternalIds(imdb="tt0912345")),
    "an actor's": ("<movie><actor><tmdbid>5</tmdbid></actor></movie>", NO_IDS),
    "an episode's": ("<episodedetails><tvdbid>5</tvdbid></episodedetails>", NO_IDS),
    "no id": ("<movie><imdbid>0912345</imdbid><tvdbid>0</tvdbid></movie>", NO_IDS),
    "no document": ("", NO_IDS),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES)
def test_ids(text: str, expected: ExternalIds) -> None:
    assert external_ids(text) == expected


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    external_ids(text)
