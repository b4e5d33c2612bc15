"""What names an episode, and that equal names are one identity."""

import unicodedata

import pytest
from hypothesis import given
from msgspec.structs import replace

from stage.identities import IDENTITIES
from strmctl.domain.identity import MAX_BYTES, Identity, parse_number
from strmctl.errors import UsageError

EPISODE = Identity("aniworld.to", "one-piece", "German Dub", season=1, episode=2)


@given(IDENTITIES)
def test_canonical_form_is_read_back(identity: Identity) -> None:
    assert Identity.from_canonical(identity.canonical()) == identity


@given(IDENTITIES)
def test_every_unicode_form_is_the_same_identity(identity: Identity) -> None:
    decomposed = replace(
        identity,
        site=unicodedata.normalize("NFD", identity.site).upper().lower(),
        slug=unicodedata.normalize("NFD", identity.slug),
        language=f" {identity.language} ",
    )
    assert decomposed.slug == identity.slug
    assert decomposed.language == identity.language
    assert Identity.from_canonical(decomposed.canonical()) == decomposed


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        pytest.param({}, "aniworld.to\none-piece\n1\n2\nGerman Dub\n", id="episode"),
        pytest.param(
            {"season": None, "episode": None}, "aniworld.to\none-piece\n\n\nGerman Dub\n", id="film"
        ),
        pytest.param({"season": 0}, "aniworld.to\none-piece\n0\n2\nGerman Dub\n", id="specials"),
        pytest.param(
            {"provider": "VOE"}, "aniworld.to\none-piece\n1\n2\nGerman Dub\nVOE", id="provider"
        ),
        pytest.param(
            {"site": " AniWorld.TO "},
            "aniworld.to\none-piece\n1\n2\nGerman Dub\n",
            id="site's case",
        ),
        pytest.param(
            {"slug": "u\u0308"}, "aniworld.to\n\u00fc\n1\n2\nGerman Dub\n", id="decomposed slug"
        ),
    ],
)
def test_canonical_form(changes: dict[str, object], text: str) -> None:
    assert replace(EPISODE, **changes).canonical() == text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param({"slug": "a b"}, {"slug": "a  b"}, id="inner spaces"),
        pytest.param({"slug": "One-Piece"}, {}, id="slug's case"),
        pytest.param({"language": "german dub"}, {}, id="language's case"),
        pytest.param({"season": 12, "episode": 3}, {"season": 1, "episode": 23}, id="digits"),
        pytest.param({"provider": "VOE"}, {}, id="provider or none"),
    ],
)
def test_different_identities(one: dict[str, object], other: dict[str, object]) -> None:
    first, second = replace(EPISODE, **one), replace(EPISODE, **other)
    assert first != second
    assert first.canonical() != second.canonical()


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        pytest.param({"site": ""}, "site is empty", id="no site"),
        pytest.param({"slug": " \u00a0"}, "slug is empty", id="white space"),
        pytest.param({"language": "a\nb"}, "language holds a control", id="line break"),
        pytest.param({"slug": "a\u2028b"}, "slug holds a control", id="line separator"),
        pytest.param({"slug": "a\u2029b"}, "slug holds a control", id="paragraph separator"),
        pytest.param({"slug": "a\x85b"}, "slug holds a control", id="next line"),
        pytest.param({"slug": "a\0"}, "slug holds a control", id="NUL"),
        pytest.param({"slug": "\ud800"}, "slug holds a control", id="surrogate"),
        pytest.param({"provider": ""}, "provider is empty", id="empty provider"),
        pytest.param({"season": None}, "go together", id="episode alone"),
        pytest.param({"episode": None}, "go together", id="season alone"),
        pytest.param({"season": -1}, "season is not a number", id="negative"),
        pytest.param({"episode": 100_000}, "episode is not a number", id="too large"),
        pytest.param({"slug": "x" * MAX_BYTES}, "longer than 1000 bytes", id="too long"),
    ],
)
def test_refused(changes: dict[str, object], what: str) -> None:
    with pytest.raises(UsageError, match=what) as caught:
        replace(EPISODE, **changes)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("a\nb\n1\n2\nc", id="five lines"),
        pytest.param("a\nb\n1\n2\nc\n\n", id="seven lines"),
        pytest.param("a\nb\n1\n\nc\n", id="season alone"),
        pytest.param("a\nb\n+1\n2\nc\n", id="sign"),
    ],
)
def test_no_canonical_form(text: str) -> None:
    with pytest.raises(UsageError):
        Identity.from_canonical(text)


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("007", 7), ("99999", 99_999)])
def test_number(text: str, number: int) -> None:
    assert parse_number("episode", text) == number


@pytest.mark.parametrize("text", ["", "-1", "+1", "1.0", "1_0", " 1", "\u00b2", "\u0661", "100000"])
def test_no_number(text: str) -> None:
    with pytest.raises(UsageError, match="episode is not a number"):
        parse_number("episode", text)


@pytest.mark.parametrize(
    ("identity", "text"),
    [
        (EPISODE, "aniworld.to/one-piece S01E02 (German Dub)"),
        (Identity("s", "f", "en", provider="P"), "s/f (en, P)"),
    ],
)
def test_for_messages(identity: Identity, text: str) -> None:
    assert str(identity) == text
    assert identity.is_movie == (identity.season is None)
