"""Ids of other catalogues: what none of them gives is refused, what contradicts is seen."""

import pytest

from strmctl.domain.external_ids import ExternalIds
from strmctl.errors import UsageError


@pytest.mark.parametrize(
    "ids",
    [
        {"imdb": "1234567"},
        {"imdb": "tt12"},
        {"imdb": "tt\u0661234567"},
        {"tvdb": 0},
        {"tmdb": 10**12},
    ],
    ids=["no tt", "short", "digits beyond ASCII", "zero", "huge"],
)
def test_no_ids(ids: dict[str, str | int]) -> None:
    with pytest.raises(UsageError, match="not such an id"):
        ExternalIds(**ids)  # type: ignore[arg-type]  # a table of both kinds


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (ExternalIds(tvdb=1), ExternalIds(tvdb=2), True),
        (ExternalIds(tvdb=1), ExternalIds(tvdb=1), False),
        (ExternalIds(tvdb=1), ExternalIds(tmdb=2), False),
        (ExternalIds(tvdb=1, imdb="tt1234567"), ExternalIds(tvdb=1, imdb="tt7654321"), True),
        (ExternalIds(), ExternalIds(tvdb=1), False),
    ],
    ids=["two", "one", "other catalogues", "one of two", "unknown"],
)
def test_contradictions(one: ExternalIds, other: ExternalIds, expected: bool) -> None:
    assert one.contradicts(other) is expected
    assert other.contradicts(one) is expected


def test_what_is_unknown_is_taken_from_the_other() -> None:
    mixed = ExternalIds(tvdb=1).or_else(ExternalIds(tvdb=2, imdb="tt1234567"))
    assert mixed == ExternalIds(tvdb=1, imdb="tt1234567")
    assert not ExternalIds()
    assert mixed
