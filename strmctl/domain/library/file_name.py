"""What a path in a library says of the episode or movie, as media servers would read it.

`guessit` reads it, at some ten milliseconds a name. So a name with one plain `S01E02` is taken
apart first: what stands before that is the same for a whole series and asked for once.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from strmctl.domain.library.library_path import EXTENSION

_SPECIALS = ("special", "specials")
_SEASON_FOLDER = re.compile(
    r"specials?|(season|series|staffel|saison|s)[ ._-]*\d{1,4}", re.IGNORECASE
)
# Neither 1x02 nor several episodes: those are guessit's.
_EPISODE = re.compile(
    r"(?P<before>(?:(?!(?<![a-z0-9])s\d+[ ._]?e\d).)*)"
    r"(?<![a-z0-9])s(?P<season>\d{1,4})[ ._]?e(?P<episode>\d{1,5})"
    r"(?P<after>(?![ ._&+-]{0,3}(s\d+[ ._]?)?e?\d)[^a-z0-9].*|)",
    re.IGNORECASE | re.DOTALL,
)
_NUMBERED = re.compile(r"\d+x\d+|(?<![a-z])(e|ep|episode|folge)[ ._-]*\d", re.IGNORECASE)
# guessit knows these as titles only behind a name that ends in that of a film.
_FILM = ".mkv"
_UNDETERMINED = ("mul", "und")


@dataclass(frozen=True, slots=True)
class FileName:
    """None for what the path does not say; of several episodes in one file the first, and
    `holds_several`.

    `language` is a code such as "de". A movie has neither season nor episode; `is_movie` is False
    too for an episode whose number cannot be read.
    """

    title: str | None = None
    year: int | None = None
    season: int | None = None
    episode: int | None = None
    language: str | None = None
    is_movie: bool = False
    holds_several: bool = False


def read(strm_path: str, *, wants_language: bool = True) -> FileName:
    """`strm_path` is relative to the library, with `/`; never raises."""
    *folders, name = strm_path.split("/")
    if name.lower().endswith(EXTENSION):
        name = name[: -len(EXTENSION)]
    mark = _EPISODE.fullmatch(name)
    if mark is None:
        return _unmarked(folders, name)
    series = "/".join(folder for folder in folders if not _SEASON_FOLDER.fullmatch(folder))
    # Season and episode stand in the key as nothing that differs between two episodes.
    guess = _guess(f"{series}/{mark['before']}S01E01{_FILM}")
    tail = mark["after"]
    language = _language(tail) if wants_language and any(map(str.isalpha, tail)) else None
    return FileName(
        title=_title(guess),
        year=_year(guess),
        season=int(mark["season"]),
        episode=int(mark["episode"]),
        language=language or _code(guess.get("language")),
    )


def slug(title: str) -> str:
    """`Pokémon: Der Film` as `pokemon-der-film`; letters of other scripts stay as they are."""
    letters = "".join(_plain(char) for char in unicodedata.normalize("NFC", title).casefold())
    words = re.sub(r"['\u2019]", "", letters)
    return "-".join(re.findall(r"[^\W_]+", words))


def _unmarked(folders: list[str], name: str) -> FileName:
    named = ["Season 0" if folder.lower() in _SPECIALS else folder for folder in folders]
    guess = _guess("/".join([*named, name + _FILM]))
    season, episode = _first(guess.get("season")), _first(guess.get("episode"))
    if season == guess.get("year"):
        season = None
    if season is not None and episode is not None and not _NUMBERED.search(name):
        # The old way to write S01E02: "Season 1/Show - 102".
        hundreds, rest = divmod(episode, 100)
        episode = rest if hundreds == season and rest else episode
    if episode is not None and season is None:
        season = 1
    return FileName(
        title=_title(guess),
        year=_year(guess),
        season=None if episode is None else season,
        episode=episode,
        language=_code(guess.get("language")),
        is_movie=guess.get("type") == "movie" and not any(map(_SEASON_FOLDER.fullmatch, folders)),
        holds_several=isinstance(guess.get("episode"), list),
    )


@lru_cache(maxsize=1024)
def _guess(path: str) -> dict[str, Any]:
    from guessit import guessit
    from guessit.api import GuessitException

    try:
        # "One Piece - 1071" is an episode, not 10x71.
        return guessit(path, {"episode_prefer_number": True})
    except GuessitException:
        return {}


@lru_cache(maxsize=1024)
def _language(tail: str) -> str | None:
    """From behind the episode's number, where a title may stand that names a people."""
    return _code(_guess(f"Title S01E01{tail}{_FILM}").get("language"))


def _title(guess: dict[str, Any]) -> str | None:
    title = guess.get("title")
    return title if isinstance(title, str) and slug(title) else None


def _year(guess: dict[str, Any]) -> int | None:
    year = guess.get("year")
    return year if isinstance(year, int) else None


def _first(value: object) -> int | None:
    if isinstance(value, list):
        return min((item for item in value if isinstance(item, int)), default=None)
    return value if isinstance(value, int) else None


def _code(language: object) -> str | None:
    codes = [str(item) for item in (language if isinstance(language, list) else [language])]
    return next((code for code in codes if code != "None" and code not in _UNDETERMINED), None)


def _plain(char: str) -> str:
    """`e` for `é`: only where the letter without its marks is a Latin one."""
    base = unicodedata.normalize("NFKD", char)[:1]
    return base if base.isascii() and base.isalpha() else char
