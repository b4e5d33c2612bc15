"""Marks in words: `Season 1 Episode 2`, `Staffel 1 Folge 2`, `第1季 第2集`, `1 сезон 2 серия`,
`시즌 1 2화`, or the episode alone, whose season the folder tells: `Folge 2`, `E02`, `第2話`."""

import re

from strmctl.domain.names import numbers
from strmctl.domain.names.marks import Mark
from strmctl.domain.names.words import EPISODE, EPISODE_BEHIND, SEASON, SEASON_BEHIND

_START, _END = r"(?<![^\W_])", r"(?![^\W_])"
_GAP = r"[ ._:#-]{0,3}"
_N = numbers.NUMBER

_SEASON_BEFORE = (
    rf"{_START}(?:{SEASON}|tem){_GAP}(?P<a>\d{{1,4}}){_END}"
    rf"|第[ ]?(?P<c>{_N})[ ]?[季期部]"
    rf"|(?<![A-Za-z0-9])S(?P<d>\d{{1,2}}){_END}"
    rf"|{_START}(?P<e>{numbers.ORDINAL})[ ._-](?:season|stage){_END}"
)
# "Area 51 Season 2" is no season 51; in "1. Staffel 2. Folge" the second number is the episode's.
_SEASON_BEHIND = (
    rf"{_START}(?P<b>\d{{1,2}})(?:[. ]{{0,2}}(?:{SEASON_BEHIND}){_END}|期{_END})"
    rf"(?!{_GAP}\d{{1,4}}{_END}(?![. ]{{0,2}}(?:{EPISODE_BEHIND})))"
)
_EPISODE_FORMS = (
    re.compile(
        rf"{_START}(?:{EPISODE}){_GAP}(?P<a>\d{{1,5}})(?:[ ]?v\d)?{_END}"
        rf"|第[ ]?(?P<c>{_N})(?:[ ]?[集話话回])?"
        rf"(?P<more>(?:[ ]?[-~～、和][ ]?第?{_N}[ ]?[集話话回])?)(?<=[集話话回])"
        rf"|제[ ]?(?P<d>\d{{1,4}})[ ]?[화회]"
        rf"|(?<![A-Za-z0-9])E(?P<e>\d{{2,4}})(?:v\d)?{_END}",
        re.IGNORECASE,
    ),
    # "1 сезон 2 серия", "1. Staffel 2. Folge"; after the others: in "Staffel 2 Folge 3" it is 3.
    re.compile(
        rf"{_START}(?P<b>\d{{1,4}})[. ]{{0,2}}(?:{EPISODE_BEHIND}|of[. ]?\d{{1,2}}){_END}"
        rf"|(?<=\[)(?P<a>\d{{1,3}})_of_\d{{1,3}}(?=\])"
        r"(?P<more>)",
        re.IGNORECASE,
    ),
)
_SEASON_FORMS = (
    re.compile(_SEASON_BEFORE, re.IGNORECASE),
    re.compile(_SEASON_BEHIND, re.IGNORECASE),
)
SEASON_PHRASE = re.compile(f"{_SEASON_BEFORE}|{_SEASON_BEHIND}", re.IGNORECASE)
# "Title Season 2 Part 2 - 05": the second part may count on or begin anew.
FINAL = re.compile(
    r"(?:the )?final season|最[终終][季章]|the final chapters?"
    r"|(?<![^\W_])(?:season \d{1,2}|\d(?:st|nd|rd|th) season|S\d{1,2})[ -]+(?:part|cour) \d",
    re.IGNORECASE,
)
_SPECIAL = re.compile(
    rf"{_START}(?:sp|ova|oad|specials?)[ ._-]{{0,3}}(?P<n>\d{{1,3}}){_END}", re.IGNORECASE
)
_MORE = re.compile(
    r"[ ]?(?:[-–&+~]|and|und|bis)[ ]?(?:EP?[. ]?|Folge |Episode )?(?P<last>\d{1,4})(?![^\W_])",
    re.IGNORECASE,
)


def find(name: str) -> Mark | None:
    """The name's first episode in words, with its season where that is said as well."""
    special = _SPECIAL.search(name)
    # Media servers keep specials in season 0.
    if special is not None:
        return Mark(name[: special.start()], name[special.end() :], 0, int(special["n"]))
    found = [match for form in _EPISODE_FORMS if (match := form.search(name)) is not None]
    # "2.Sezon.7.Bölüm.2021": the number behind the word is the year.
    episode = next((match for match in found if not 1900 <= value(match) < 2100), None)
    if (episode := episode or next(iter(found), None)) is None:
        return None
    seasons = [match for form in _SEASON_FORMS for match in form.finditer(name)]
    season = next((match for match in seasons if not _overlap(match, episode)), None)
    number = value(episode)
    last, end = _last(name, episode, number)
    start = episode.start() if season is None else min(season.start(), episode.start())
    if season is not None:
        end = max(end, season.end())
    return Mark(name[:start], name[end:], None if season is None else value(season), number, last)


def holds_season(text: str) -> bool:
    """`Show Season 1-10`; `Open Season 2006` is a film of that year."""
    return any(not 1900 <= value(match) < 2100 for match in SEASON_PHRASE.finditer(text))


def season_at_end(title: str) -> tuple[str, int | None]:
    """`Title S2`, `Title 2nd Season`, `标题 第二季`: the title without it, and the season."""
    for match in SEASON_PHRASE.finditer(title):
        if match.start() > 0 and not title[match.end() :].strip(" ._-)]"):
            return title[: match.start()], value(match)
    return title, None


def value(match: re.Match[str]) -> int:
    """The number of a phrase, whichever form it has."""
    names = [name for name in "abcde" if name in match.re.groupindex]
    return numbers.value(next(match[name] for name in names if match[name] is not None))


def _last(name: str, episode: re.Match[str], first: int) -> tuple[int | None, int]:
    if episode["more"]:
        found = re.findall(_N, episode["more"])
        return numbers.value(found[-1]), episode.end()
    more = _MORE.match(name, episode.end())
    if more is None or not 0 < int(more["last"]) - first <= 60:
        return None, episode.end()
    return int(more["last"]), more.end()


def _overlap(one: re.Match[str], other: re.Match[str]) -> bool:
    return one.start() < other.end() and other.start() < one.end()
