"""Names that media servers read and every file system takes, whatever the title."""

import re

import pytest
from hypothesis import given, strategies as st

from strmctl.domain.identity import Identity
from strmctl.domain.library.library_path import Naming, choose_path, explicit, paths, work
from strmctl.errors import UsageError

EPISODE = Identity("a.to", "one-piece", "German Dub", 1, 2)
MOVIE = Identity("a.to", "the-movie", "German Dub")


def in_language(language: str, provider: str | None = None) -> Identity:
    return Identity("a.to", "one-piece", language, 1, 2, provider)


@pytest.mark.parametrize(
    ("identity", "naming", "expected"),
    [
        pytest.param(
            EPISODE,
            Naming("Show", 2020, tvdb_id="7"),
            "Show (2020) [tvdbid-7]/Season 01/Show (2020) S01E02.strm",
            id="episode",
        ),
        pytest.param(
            MOVIE,
            Naming("Movie", 2020, tmdb_id="7"),
            "Movie (2020) [tmdbid-7]/Movie (2020) [tmdbid-7].strm",
            id="movie",
        ),
        pytest.param(
            MOVIE,
            Naming("M", imdb_id="tt0111161", tvdb_id="1", tmdb_id="2"),
            "M [tvdbid-1] [tmdbid-2] [imdbid-tt0111161]/"
            "M [tvdbid-1] [tmdbid-2] [imdbid-tt0111161].strm",
            id="all ids",
        ),
        pytest.param(
            Identity("a.to", "x", "de", 0, 3),
            Naming("X"),
            "X/Season 00/X S00E03.strm",
            id="specials",
        ),
        pytest.param(
            Identity("a.to", "x", "de", 12, 1071),
            Naming("X"),
            "X/Season 12/X S12E1071.strm",
            id="long numbers",
        ),
        pytest.param(
            EPISODE, Naming(), "One Piece/Season 01/One Piece S01E02.strm", id="title from slug"
        ),
        pytest.param(MOVIE, Naming("A: B/C\\D|E"), "A - B-C-D-E/A - B-C-D-E.strm", id="separators"),
        pytest.param(MOVIE, Naming('Wh<a>t "is" * this?'), None, id="forbidden"),
        pytest.param(MOVIE, Naming("..."), "The Movie/The Movie.strm", id="only dots"),
        pytest.param(MOVIE, Naming("../../etc"), "-..-etc/-..-etc.strm", id="climbing"),
        pytest.param(MOVIE, Naming("Dr. "), "Dr/Dr.strm", id="trailing dot and space"),
        pytest.param(MOVIE, Naming("a\tb\nc\x00d"), "a b c d/a b c d.strm", id="controls"),
        pytest.param(MOVIE, Naming("Con"), "Con_/Con_.strm", id="reserved"),
        pytest.param(MOVIE, Naming("aux.txt"), "aux_.txt/aux_.txt.strm", id="reserved with dot"),
        pytest.param(MOVIE, Naming("Constantine"), "Constantine/Constantine.strm", id="longer"),
        pytest.param(
            MOVIE, Naming("Ame\u0301lie"), "Am\u00e9lie/Am\u00e9lie.strm", id="one Unicode form"
        ),
    ],
)
def test_identity_and_naming_make_the_path(
    identity: Identity, naming: Naming, expected: str | None
) -> None:
    path = paths(identity, naming)[0]
    assert path == (expected or "Wh a t is this/Wh a t is this.strm")


TITLES = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="./\\ :con\u0301aux\U0001f600ß", max_size=30),
    st.text(alphabet="aß水\U0001f600", min_size=1, max_size=50).map(lambda text: text * 120),
)


@given(
    title=TITLES,
    slug=TITLES.filter(lambda text: text.strip() and text.isprintable() and len(text) < 60),
    language=st.text(alphabet="aß水./ -", min_size=1, max_size=120).filter(str.strip),
    year=st.none() | st.integers(1, 9999),
    is_movie=st.booleans(),
)
def test_every_name_is_safe(
    title: str, slug: str, language: str, year: int | None, is_movie: bool
) -> None:
    number = None if is_movie else 99_999
    identity = Identity("a.to", slug, language, number, number, "水" * 50)
    naming = Naming(title, year, tvdb_id="9" * 12, tmdb_id="9" * 12, imdb_id="tt" + "9" * 12)
    for path in paths(identity, naming):
        assert explicit(path) == path
        for name in path.split("/"):
            assert len(name.encode()) <= 255
            assert not re.search(r'[<>:"\\|?*\x00-\x1f]', name)
            assert name == name.strip()
            assert not name.endswith(".")
            assert not re.fullmatch(r"(?i)(con|aux|nul|prn|com\d|lpt\d)(\..*)?", name)


GERMAN, ENGLISH = in_language("German"), in_language("English")
VOE, DOOD = in_language("German", "VOE"), in_language("German", "Dood")
PLAIN = "One Piece/Season 01/One Piece S01E02"


@pytest.mark.parametrize(
    ("before", "identity", "expected"),
    [
        pytest.param([], GERMAN, f"{PLAIN}.strm", id="the first is plain"),
        pytest.param([GERMAN], ENGLISH, f"{PLAIN} - English.strm", id="a second language"),
        pytest.param([GERMAN], VOE, f"{PLAIN} - German - VOE.strm", id="a second provider"),
        pytest.param([VOE], DOOD, f"{PLAIN} - German - Dood.strm", id="a provider beside another"),
        pytest.param([VOE], GERMAN, f"{PLAIN} - German.strm", id="any provider beside one"),
        pytest.param([ENGLISH], VOE, f"{PLAIN} - German.strm", id="a provider's new language"),
        pytest.param([ENGLISH, VOE], DOOD, f"{PLAIN} - German - Dood.strm", id="the third"),
        pytest.param([in_language("a?"), ENGLISH], in_language("a*", "V"), None, id="same suffix"),
    ],
)
def test_suffix_only_beside_another(
    before: list[Identity], identity: Identity, expected: str | None
) -> None:
    owners: dict[str, Identity] = {}
    for other in [*before, identity]:
        siblings = [owner for owner in owners.values() if owner != other]
        path = choose_path(other, paths(other, Naming()), siblings, owners.get)
        owners[path] = other
    assert path == (expected or f"{PLAIN} - a.strm")


def elsewhere(language: str = "German", provider: str | None = None) -> Identity:
    return Identity("b.to", "one-piece", language, 1, 2, provider)


@pytest.mark.parametrize(
    ("before", "identity", "expected"),
    [
        pytest.param([GERMAN], elsewhere(), " - b.to", id="the same"),
        pytest.param([GERMAN], elsewhere("English"), " - b.to", id="another language"),
        pytest.param([VOE], elsewhere(provider="VOE"), " - b.to", id="the same provider"),
        pytest.param(
            [GERMAN, elsewhere()], elsewhere("English"), " - English", id="its second language"
        ),
        pytest.param(
            [GERMAN, ENGLISH, elsewhere()],
            elsewhere("English"),
            " - b.to - English",
            id="its second language, which the other has as well",
        ),
        pytest.param(
            [GERMAN, VOE, elsewhere()],
            elsewhere(provider="VOE"),
            " - b.to - German - VOE",
            id="its second provider, which the other has as well",
        ),
    ],
)
def test_what_another_site_calls_the_same(
    before: list[Identity], identity: Identity, expected: str
) -> None:
    owners: dict[str, Identity] = {}
    for one in [*before, identity]:
        siblings = [owner for owner in owners.values() if work(owner) == work(one)]
        path = choose_path(one, paths(one, Naming()), siblings, owners.get)
        owners[path] = one
    assert path == f"{PLAIN}{expected}.strm"
    assert len(owners) == len(before) + 1


def test_another_series_of_the_site_is_not_displaced() -> None:
    other = Identity("a.to", "one_piece", "German", 1, 2)
    with pytest.raises(UsageError, match=r"belongs to a\.to/one_piece"):
        choose_path(GERMAN, paths(GERMAN, Naming()), [], {f"{PLAIN}.strm": other}.get)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("/abs/x.strm", id="absolute"),
        pytest.param("../x.strm", id="climbs"),
        pytest.param("a/../../x.strm", id="climbs later"),
        pytest.param("a//x.strm", id="empty name"),
        pytest.param("./x.strm", id="dot"),
        pytest.param(".hidden/x.strm", id="hidden"),
        pytest.param("x.mkv", id="no .strm"),
        pytest.param(".strm", id="only the extension"),
        pytest.param("a/.strm", id="only the extension in a folder"),
        pytest.param("a\\x.strm", id="backslash"),
        pytest.param("a\n.strm", id="line break"),
        pytest.param("a\x00.strm", id="NUL"),
        pytest.param("水" * 90 + ".strm", id="too long"),
        pytest.param("", id="empty"),
    ],
)
def test_refused_paths(text: str) -> None:
    with pytest.raises(UsageError, match=r"^path "):
        explicit(text)


@pytest.mark.parametrize(
    "values",
    [{"year": 0}, {"year": 10_000}, {"tvdb_id": "x"}, {"tmdb_id": "1]/.."}, {"imdb_id": "123"}],
    ids=str,
)
def test_refused_naming(values: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=next(iter(values))):
        Naming(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "url", ["https://u:PASSWORD@h/x?token=TOKEN", "../http://h/TOKEN/x.strm"], ids=["one", "below"]
)
def test_a_url_in_place_of_a_path_is_not_quoted(url: str) -> None:
    with pytest.raises(UsageError) as failure:
        explicit(url)
    assert str(failure.value) == "path is a URL: give one relative to the library"
