"""`Show.103.HDTV`: hundreds count seasons, only in a release's name that no other form reads.

`guessit`, at some ten milliseconds a name, is asked for it, and not believed where it contradicts.
"""

import re
from functools import lru_cache
from typing import Any

from msgspec import Struct

from strmctl.domain.names import words, written

_THREE_DIGITS = re.compile(r"(?<![A-Za-z0-9])\d{3}(?![A-Za-z0-9])")


class Guess(Struct, frozen=True):
    title: str
    season: int
    episode: int
    holds_several: bool
    """`Show.103.104.720p`: what is called the title ends in an episode's number."""


def find(name: str) -> Guess | None:
    parts = re.split(r"[\s._\-\[\]()]+", name)
    # Nobody counts fights by seasons: "UFC.179.PPV".
    is_counted_on = any(part.casefold() in ("ppv", "ufc") for part in parts)
    if is_counted_on or not any(map(words.is_strong, parts)) or not _THREE_DIGITS.search(name):
        return None
    if written.read_release(name).year is not None:
        return None
    guess = _guess(f"{name}.mkv")
    season, episode, title = (guess.get(key) for key in ("season", "episode", "title"))
    if not (isinstance(season, int) and isinstance(episode, int) and isinstance(title, str)):
        return None
    # "UFC.300.Main.Card.1080p", "004 - Name": neither is number 0 where hundreds are counted.
    if not (season and episode):
        return None
    return Guess(title, season, episode, re.search(rf"\D{season}\d\d$", title) is not None)


@lru_cache(maxsize=1024)
def _guess(name: str) -> dict[str, Any]:
    # Imported late: few names need it, and its import takes long.
    from guessit import guessit
    from guessit.api import GuessitException

    try:
        return guessit(name)
    # guessit's word for an error of its own on a name that it did not foresee.
    except GuessitException:
        return {}
