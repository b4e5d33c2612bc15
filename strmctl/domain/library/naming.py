"""Names by template: the tokens that Sonarr's and Radarr's users know, what is unknown vanishes.

`{Series Title}`, `{Series TitleYear}`, `{season:00}`, `{Quality Full}`, `{Release Group}` …: the
case of a token sets the case of its value (`{series title}`, `{SERIES TITLE}`), the character
between its words stands between those of its value (`{Series.Title}`), and what stands inside the
braces before and behind the name vanishes with an unknown value (`{ - Episode Title}`, `{[Quality
Full]}`). https://wiki.servarr.com/sonarr/settings#media-management and the page of Radarr.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from msgspec import Struct

from strmctl.errors import UsageError

_TOKEN = (
    r"\{(?P<before>[- ._(\[]*)(?P<name>[A-Za-z]+(?:(?P<between>[- ._])[A-Za-z]+)*)"
    r"(?::(?P<zeros>0+))?(?P<after>[- ._)\]]*)\}"
)
# `{tvdb-{TvdbId}}`: braces that Plex reads stand in the name.
_BRACED_ID = r"\{(?P<catalogue>tvdb|tmdb|imdb)-\{(?P<braced>[A-Za-z]+)\}\}"
_ANY = re.compile(rf"{_BRACED_ID}|{_TOKEN}")
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\{}]')
_VANISHED = "\0"
_EMPTY_BRACKETS = re.compile(rf"[(\[]{_VANISHED}[)\]]")
_LOOSE = re.compile(rf"^{_VANISHED}+[- ._]+|[- ._]*{_VANISHED}+(?=[- ._]|$)")
_NOT_CLEAN = r"[(),'.!?`;:\[\]\"]"

Values = Mapping[str, str | int | None]
"""By the token's name in small letters without anything between the words."""

_SERIES = frozenset(
    "seriestitle seriestitleyear seriescleantitle seriestitlethe seriesyear".split()
)
_FILM = frozenset("movietitle movietitleyear moviecleantitle movietitlethe releaseyear".split())
_SHARED = frozenset(
    "title year qualityfull qualitytitle releasegroup language site provider slug "
    "tvdbid tmdbid imdbid".split()
)
_EPISODE = frozenset(("season", "episode", "episodetitle", "episodecleantitle"))
_NUMBERS = frozenset(("season", "episode"))


class TemplateError(UsageError):
    """`key` is the template's, `what` is wrong with it."""

    def __init__(self, key: str, what: str) -> None:
        self.key, self.what = key, what
        super().__init__(f"{key}: {what}")


class Templates(Struct, frozen=True):
    """Checked; raises TemplateError for one that cannot be meant."""

    series: str = "{Series TitleYear}{ [tvdbid]}{ [tmdbid]}{ [imdbid]}"
    season: str = "Season {season:00}"
    episode: str = "{Series TitleYear} S{season:00}E{episode:00}"
    film: str = (
        "{Movie TitleYear}{ [tvdbid]}{ [tmdbid]}{ [imdbid]}"
        "/{Movie TitleYear}{ [tvdbid]}{ [tmdbid]}{ [imdbid]}"
    )

    def __post_init__(self) -> None:
        _check("series", self.series, _SERIES | _SHARED)
        _check("season", self.season, _SERIES | _SHARED | {"season"}, may_be_empty=True)
        _check("episode", self.episode, _SERIES | _SHARED | _EPISODE)
        _check("film", self.film, _FILM | _SHARED)
        names = _names(self.episode)
        if "episode" not in names:
            raise TemplateError(
                "episode", "it needs {episode}, or all episodes would have one name"
            )
        if "season" not in names and "season" not in _names(self.season):
            raise TemplateError("episode", "it needs {season}, or the season's folder does")

    def parts(self, values: Values, *, is_film: bool) -> list[str]:
        """The folders and the name, without extension; values are clean already."""
        texts = (self.film,) if is_film else (self.series, self.season, self.episode)
        parts = [part for text in texts for part in text.split("/") if part]
        return [_rendered(part, values) for part in parts]


def _check(key: str, text: str, known: frozenset[str], *, may_be_empty: bool = False) -> None:
    if not text and not may_be_empty:
        raise TemplateError(key, "it is empty")
    for match in _ANY.finditer(text):
        name = match["braced"] or match["name"]
        if _plain(name) not in known:
            accepted = ", ".join(sorted(known))
            raise TemplateError(key, f"there is no token {match[0]}; known here: {accepted}")
        if match["zeros"] and _plain(name) not in _NUMBERS:
            raise TemplateError(key, f"{match[0]}: only numbers take zeros")
    literal = _ANY.sub("", text)
    if found := _FORBIDDEN.search(literal):
        raise TemplateError(key, f"{found[0]!r} cannot stand in a file's name")
    if any(part.startswith(".") for part in text.split("/")):
        raise TemplateError(key, "a name that begins with a dot is hidden from media servers")
    if text.startswith("/") or text.endswith("/") or "//" in text:
        raise TemplateError(key, "a folder in it has no name")


@cache
def _names(text: str) -> frozenset[str]:
    return frozenset(_plain(match["braced"] or match["name"]) for match in _ANY.finditer(text))


def _plain(name: str) -> str:
    return re.sub(r"[- ._]", "", name).lower()


def _rendered(text: str, values: Values) -> str:
    filled = _ANY.sub(lambda match: _filled(match, values), text)
    filled = _EMPTY_BRACKETS.sub(_VANISHED, filled)
    filled = _LOOSE.sub("", filled)
    return " ".join(filled.replace(_VANISHED, "").split()).strip(" .") or "Untitled"


def _filled(match: re.Match[str], values: Values) -> str:
    if match["braced"]:
        value = values.get(_plain(match["braced"]))
        return _VANISHED if value is None else f"{{{match['catalogue']}-{value}}}"
    name = match["name"]
    value = values.get(_plain(name))
    if value is None or value == "":
        return _VANISHED
    return f"{match['before']}{_styled(match, name, value)}{match['after']}"


def _styled(match: re.Match[str], name: str, value: str | int) -> str:
    if isinstance(value, int):
        return str(value).zfill(len(match["zeros"] or ""))
    if name in ("tvdbid", "tmdbid", "imdbid"):
        return f"{name}-{value}"  # as Jellyfin reads it; {TvdbId} is the bare id
    if match["between"] and match["between"] != " ":
        value = match["between"].join(value.split())
    if name.islower():
        return value.lower()
    return value.upper() if name.isupper() else value


class Named(Struct, frozen=True):
    """What a name is made from; `clean` makes a text a part of a file's name, `title` is so."""

    title: str
    clean: Callable[[str], str]
    year: int | None = None
    season: int | None = None
    episode: int | None = None
    language: str = ""
    site: str = ""
    provider: str | None = None
    slug: str = ""
    episode_title: str | None = None
    quality: str | None = None
    release_group: str | None = None
    ids: Sequence[tuple[str, str | int | None]] = ()

    def values(self) -> dict[str, str | int | None]:
        year = None if self.year is None else f"{self.year:04}"
        title_year = self.title + ("" if year is None else f" ({year})")
        found: dict[str, str | int | None] = dict.fromkeys(
            ("title", "seriestitle", "movietitle"), self.title
        )
        found |= dict.fromkeys(("seriestitleyear", "movietitleyear"), title_year)
        found |= dict.fromkeys(("seriescleantitle", "moviecleantitle"), _without_marks(self.title))
        found |= dict.fromkeys(("seriestitlethe", "movietitlethe"), _article_last(self.title))
        found |= dict.fromkeys(("year", "seriesyear", "releaseyear"), year)
        found |= {name: None if value is None else str(value) for name, value in self.ids}
        texts = {
            "episodetitle": self.episode_title,
            "episodecleantitle": _without_marks(self.episode_title or ""),
            "qualityfull": self.quality,
            "qualitytitle": self.quality,
            "releasegroup": self.release_group,
            "language": self.language,
            "site": self.site,
            "provider": self.provider,
            "slug": self.slug,
        }
        found |= {name: self.clean(text) if text else None for name, text in texts.items()}
        return found | {"season": self.season, "episode": self.episode}


def _without_marks(title: str) -> str:
    # As Sonarr's `{Series CleanTitle}`.
    return " ".join(re.sub(_NOT_CLEAN, "", title.replace("&", "and")).split())


def _article_last(title: str) -> str:
    # As Sonarr's `{Series TitleThe}`: "Expanse, The".
    found = re.fullmatch(r"(The|An|A) (.+)", title)
    return f"{found[2]}, {found[1]}" if found else title
