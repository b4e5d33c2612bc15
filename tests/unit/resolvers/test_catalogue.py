"""What catalogues say is read as it comes: an addon's meta, entries of yt-dlp, what is out."""

from datetime import UTC, datetime
from typing import Any

import pytest

from strmctl.errors import ResolverError
from strmctl.resolvers.catalogue import Listed, Listing, listing_of_meta, moment
from strmctl.resolvers.url_template import UrlTemplate

NOW = datetime(2026, 11, 30, tzinfo=UTC)
PAST, LATER = "2026-11-29T00:00:00.000Z", "2026-12-01T00:00:00.000Z"


def video(season: object, episode: object, **more: object) -> dict[str, object]:
    return {"season": season, "episode": episode, "title": "T", **more}


@pytest.mark.parametrize(
    ("videos", "places"),
    [
        pytest.param([video(1, 2), video(1, 1)], [(1, 1), (1, 2)], id="in their order"),
        pytest.param([video(0, 1)], [(0, 1)], id="a special"),
        pytest.param([video(1, 1), video(1, 1)], [(1, 1)], id="once"),
        pytest.param([video(1, None, number=3)], [(1, 3)], id="Cinemeta's number"),
        pytest.param([video(9, 9, id="tt1234567:1:2")], [(1, 2)], id="the id counts"),
        pytest.param([video(None, None, id="yt_id:a:b")], [], id="a channel's video"),
        pytest.param([video("1", 2), video(True, 1), video(-1, 1)], [], id="no numbers"),
        pytest.param(["x", None, 7], [], id="no objects"),
        pytest.param({"a": 1}, [], id="no list"),
        pytest.param(None, [], id="nothing"),
    ],
)
def test_the_episodes_of_a_meta(videos: object, places: list[tuple[int, int]]) -> None:
    listing = listing_of_meta("tt1234567", {"type": "series", "videos": videos})
    assert [(item.season, item.episode) for item in listing.items] == places


@pytest.mark.parametrize(
    ("meta", "what"),
    [
        pytest.param({"name": " A  b\n"}, {"title": "A b"}, id="a name"),
        pytest.param({"name": 7}, {"title": None}, id="no name"),
        pytest.param({"releaseInfo": "2000-2014"}, {"year": 2000}, id="a span"),
        pytest.param({"year": "1999\u2013"}, {"year": 1999}, id="still running"),
        pytest.param({"released": PAST}, {"year": 2026}, id="a date"),
        pytest.param({"releaseInfo": None, "year": "soon"}, {"year": None}, id="no year"),
    ],
)
def test_what_a_meta_says_of_the_whole(meta: dict[str, Any], what: dict[str, object]) -> None:
    listing = listing_of_meta("tt1234567", meta)
    assert {name: getattr(listing, name) for name in what} == what
    assert listing.ids.imdb == "tt1234567"


def test_ids_of_other_catalogues() -> None:
    meta = {"imdb_id": "tt7654321", "tvdb_id": "81797", "moviedb_id": 37854, "type": "movie"}
    listing = listing_of_meta("kitsu:12", meta)
    assert listing.ids.record() == {"imdb": "tt7654321", "tvdb": 81797, "tmdb": 37854}
    assert list(listing.items) == [Listed()]


def test_an_id_that_streams_cannot_be_asked_by() -> None:
    with pytest.raises(ResolverError, match="'kitsu:12' is no IMDb id"):
        listing_of_meta("kitsu:12", {"name": "x"})


@pytest.mark.parametrize(
    ("dates", "left"),
    [
        pytest.param([PAST, LATER], [0], id="what is not out yet is left"),
        pytest.param([PAST, None], [0], id="without a date among dated ones: not announced"),
        pytest.param([None, None], [0, 1], id="a catalogue without dates"),
        pytest.param(["2026-11-30", "rubbish"], [0], id="a date alone, and none"),
    ],
)
def test_what_is_out(dates: list[str | None], left: list[int]) -> None:
    videos = [video(1, number, released=date) for number, date in enumerate(dates)]
    listing = listing_of_meta("tt1234567", {"videos": videos})
    now = datetime(2026, 11, 30, 12, tzinfo=UTC)
    assert [item.episode for item in listing.released(now).items] == left


def test_a_date_that_is_none_is_none() -> None:
    assert [moment(text) for text in (None, 7, "", "soon", "2026-13-01")] == [None] * 5
    assert Listing([Listed()], is_dated=True).released(NOW).items == []


@pytest.mark.parametrize(
    ("template", "url", "values"),
    [
        pytest.param("https://a/{slug}", "https://a/x", {"slug": "x"}, id="a path"),
        pytest.param("https://a/watch?v={slug}", "https://a/watch?v=x&t=1", {"slug": "x"}, id="?"),
        pytest.param(
            "https://a/{slug}/s{season:02}e{episode}",
            "https://a/b%20c/s01e012/",
            {"slug": "b c", "season": "1", "episode": "12"},
            id="numbers",
        ),
        pytest.param("https://a/{slug}/{slug}", "https://a/x/x#f", {"slug": "x"}, id="twice"),
        pytest.param("https://a/{slug}/{slug}", "https://a/x/y", None, id="two values"),
        pytest.param("https://a/{slug}", "https://b/x", None, id="another host"),
        pytest.param("https://a/{slug}", "https://a/x/y", None, id="deeper"),
        pytest.param("https://a/{season}", "https://a/x", None, id="no number"),
        pytest.param("https://a/s (1)/{slug}", "https://a/s%20(1)/x", {"slug": "x"}, id="quoted"),
    ],
)
def test_a_template_is_read_backwards(
    template: str, url: str, values: dict[str, str] | None
) -> None:
    assert UrlTemplate(template).read(url) == values
