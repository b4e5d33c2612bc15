"""Marks that number season and episode by themselves, wherever they stand in a name.

S01E02  T01E02  s1e2  S01.E02  S01 - E02  S01E02-E03  S2016E14  1x02  01x02-x04  [1x02]  Cap.102
"""

import re

from msgspec import Struct

_START = r"(?<![A-Za-z0-9])"
_SEASON_EPISODE = re.compile(
    rf"{_START}S(?:eason ?)?(?P<season>\d{{1,4}})"
    r"(?:[ ._\-\[\]]{0,3}EP?[ ._]{0,2}|[ ._]-[ ._]EP?[ ._]?|xE)(?P<episode>\d{1,5})(?![\dpi])",
    re.IGNORECASE,
)
# Spain's "temporada".
_TEMPORADA = re.compile(
    rf"{_START}T(?P<season>\d{{1,2}})[ ._-]?EP?(?P<episode>\d{{1,3}})(?![\dpi])", re.IGNORECASE
)
# 1920x1080 is no episode: a season of four digits is a year, with at most three behind it.
_CROSS = re.compile(
    rf"{_START}S?(?P<season>\d{{1,2}}|(?:19|20)\d\d)"
    # A title such as "3 by 3 Eyes", with that sign, is not padded and has no word before it.
    r"(?:x|×(?=\d\d)|(?<=[^\W_] \d)×)(?P<episode>\d{1,4})(?![\dpi])",
    re.IGNORECASE,
)
# "2 x 4" is a title, nobody pads it.
_WIDE_CROSS = re.compile(rf"{_START}(?P<season>\d{{1,2}}) [x×] (?P<episode>\d{{2,3}})(?![^\W_])")
_CAP = re.compile(
    r"(?<![^\W_])Cap(?:[ií]tulo)?s?[. ]{0,2}(?P<season>\d{1,2})(?P<episode>\d\d)(?!\d)",
    re.IGNORECASE,
)
_VERSION = re.compile(r"[ ._]?v\d(?!\d)", re.IGNORECASE)
_PART = re.compile(r"[a-d](?![^\W_])", re.IGNORECASE)
# A further episode: marked as one, or a bare number joined tightly.
_MARKED = re.compile(
    r"[ ._]{0,2}(?:[-–&+,~/]|(?:and|und|et|y|to|bis)(?=[ ._S]))?[ ._]{0,2}"
    r"(?:(?:S\d{1,4}[ ._-]?(?:EP?|x)|(?<![^\W_])\d{1,2}x|x?EP?)[ ._]?)"
    r"(?P<episode>\d{1,5})(?![\dpi])",
    re.IGNORECASE,
)
_CROSSED = re.compile(
    r"[ ._]{0,2}[-–&+,_]?[ ._]{0,2}(?:S?(?:\d{1,2}|(?:19|20)\d\d))?x(?P<episode>\d{1,3})(?![\dpi])",
    re.IGNORECASE,
)
_JOINED = re.compile(
    r"(?:[-–~_]|[ ._]?[&+][ ._]?|[ ._](?:to|bis)[ ._])"
    r"(?P<episode>\d{1,5})(?![^\W_]|[-.](?:\d\d[-.]|\d{4}))",
    re.IGNORECASE,
)
_NUMBER_AT_END = re.compile(r"[^\W_][ ._-]+((?!(?:19|20)\d\d)\d{3,4})[ ._-]*$")
# Cap.102_104: the season is said again.
_JOINED_CAP = re.compile(r"[-–_](?:\d{1,2})?(?P<episode>\d\d)(?!\d)")
# "S03E21.22.HDTV"; elsewhere a number begins the episode's title.
_NEXT = re.compile(r"\.(\d{2,3})(?=\.|$)")
_MOST_IN_ONE_FILE = 60


class Mark(Struct, frozen=True):
    """`before` and `after` are the name's text around it; `season` is None where the mark tells
    the episode alone, `last` the last of several episodes in one file."""

    before: str
    after: str
    season: int | None
    episode: int
    last: int | None = None


def find(name: str) -> Mark | None:
    """The first one of the strongest form."""
    for form, further in (
        (_SEASON_EPISODE, (_MARKED, _JOINED)),
        (_TEMPORADA, (_MARKED, _JOINED)),
        (_CROSS, (_CROSSED, _MARKED, _JOINED)),
        (_WIDE_CROSS, ()),
        (_CAP, (_JOINED_CAP,)),
    ):
        for match in form.finditer(name):
            # `Show - 05 (1920x1080)` is fansubs' way.
            if form is _CROSS and _is_picture(match):
                continue
            return _with_more(name, match, further)
    return None


def is_sure(name: str) -> bool:
    """Whether it holds the one mark that no title holds, `S01E02`."""
    return _SEASON_EPISODE.search(name) is not None


def counts_on(name: str, mark: Mark) -> bool:
    """`Title 214 10x14`: the number counts on over seasons; in `The 100 2x05` it is the title's."""
    number = _NUMBER_AT_END.search(mark.before)
    is_cross = name[len(mark.before) :][:1].isdigit()
    if number is None or not is_cross or (mark.season or 0) < 2:
        return False
    # What counts on is padded, or as much as so many seasons have.
    seasons, counted = (mark.season or 0) - 1, int(number[1])
    is_as_many = 20 * seasons <= counted - mark.episode <= 26 * seasons
    return is_as_many or (number[1][0] == "0" and counted > mark.episode)


def _is_picture(match: re.Match[str]) -> bool:
    """2048x858 counts pixels."""
    return len(match["season"]) == 4 and (len(match["episode"]) == 4 or int(match["episode"]) > 366)


def _with_more(name: str, match: re.Match[str], forms: tuple[re.Pattern[str], ...]) -> Mark:
    first = last = int(match["episode"])
    # `S02E01v2`: a fansub's second try at it (docs/peers.md, row 76).
    end = _past_version(name, match.end())
    while (
        further := next(filter(None, (form.match(name, end) for form in forms)), None)
    ) is not None:
        number = int(further["episode"])
        if form_of_release(further[0]) or not 0 <= number - first <= _MOST_IN_ONE_FILE:
            break
        last, end = number, _past_version(name, further.end())
    if (following := _NEXT.match(name, end)) is not None and int(following[1]) == last + 1:
        last, end = last + 1, following.end()
    return Mark(
        before=name[: match.start()],
        after=name[end:],
        season=int(match["season"]),
        episode=first,
        last=last if last != first else None,
    )


def form_of_release(text: str) -> bool:
    """`x264` joins no episode."""
    return re.search(r"x26[45]", text, re.IGNORECASE) is not None


def _past_version(name: str, end: int) -> int:
    for form in (_VERSION, _PART):
        if (match := form.match(name, end)) is not None:
            return match.end()
    return end
