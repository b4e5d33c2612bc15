"""A name that fits no form is a film's only where no number in it may be an episode's.

These numbers are reported: a guess would heal into the wrong film.
"""

import re

from strmctl.domain.names import film, words, written
from strmctl.domain.names.languages import is_language
from strmctl.domain.names.written import Written

# A mark between letters: `grp-shows01e02`, `Castle1x01`.
_GLUED = re.compile(r"(?<=[a-z])(?:s\d{1,2}e\d{1,3}|\d{1,2}x\d\d)(?!\d)", re.IGNORECASE)
# `SO2E04`, `S0615`, `[5.01]`, `- 107a -`, `- 103, 104 -`
_MISSPELT = re.compile(
    r"(?<![A-Za-z0-9])S(?:[O\d]{1,2}E[O\d]{1,2}|\d{4})(?![A-Za-z0-9])|\[\d{1,2}\.\d{2,3}\]"
    r"| [-\u2013] \d{2,4}(?:[a-d]|[a-d]?, \d{2,4}) [-\u2013] "
    r"|[ _][-\u2013][ _]\d{2,4}[a-d](?=[ _]*(?:$|[\[(]))",
    re.IGNORECASE,
)
_RANGE = re.compile(r"(?<![^\s_.])(?P<n>\d{1,4})(?:[-~]| ~ )(?P<last>\d{1,4})$")
_PAIR = re.compile(r"\d{1,2}-\d{2}(?=$|[ ._])")
_TAIL = re.compile(r"(?:[ ._]*(?:\[[^\[\]]*\]|\([^()]*\)|【[^【】]*】|\{[^{}]*\}))+$")
_HUNDREDS = re.compile(
    r"(?<=[^\W_])[ ._]+(?:-[ ._]+)?(?P<n>\d{3,6})(?=$|[ ._]+(?P<next>[^\s._]+)?)"
)

# "[Group] 06 Title", "03-Title": nobody pads a film's number.
_LEADING = re.compile(
    r"(?:\[[^\[\]]*\][ ._]*\d{2,3}|0\d{1,2})(?:-\d{2,3})?[ ._-]+[^\W\d_]|\d{3}(?:-\d{3})? - "
)
# "[Group] Title 14 Forever", "[Group] Title (9)".
_OF_A_GROUP = re.compile(
    r"\[[^\[\]]*\].*[^\W\d_][!?]* (?:(?!(?:19|20)\d\d)\d{2,4}"
    r"(?: [-\u2013] | (?!(?i:movie|film))[^\W\d_]{2,})|\(\d{1,3}\)$)"
)
_PADDED = re.compile(r"(?<=[^\W\d_])[)!?]*[ ._]0\d{1,2}(?=$|[ ._])")
_BEFORE_RELEASE = re.compile(
    r"(?<=[^\W_])[ ._]+(?:-[ ._]+)?(?P<n>(?!(?:19|20)\d\d)\d{1,4})(?P<try>v\d)?"
    r"[ ._]+(?P<next>[^\s._]+)"
)

# "grp-film.2010.1080p.x264": with the group in front, and none at the end.
_GROUP_IN_FRONT = re.compile(r"[a-z0-9]{2,8}-[a-z][^\s-]*\.[^\s-]*(?:-?dl|-?ray|-?rip)?[^\s-]*")
_EPISODE = "it holds a number that may be an episode's: write it S01E02, or add a film's year"
_SHORT = "a release's short name, which holds no title as written: rename it"
_SEVERAL = "its name may hold several episodes: rename it"
_UNREAD = "words of a release or half a bracket stand in its title: rename it"
_BEFORE_YEAR = re.compile(r"[^\s._][ ._]+3D[ ._](?:19|20)\d\d(?![^\W_])", re.IGNORECASE)
_NUMBER_OF_BRACKETS = re.compile(r"\[[^\[\]]*\][ ._-]*\d")
_MEASURES = re.compile(r"(?<![^\W_])(?:\d{3,4}[pi]|[xh]26[456])(?![^\W_])", re.IGNORECASE)
_JOINED = "its season and episode are joined to its title: put a space or a dot before them"


def find(name: str, folder: Written | None = None) -> str | None:
    """What is to be done about the name; None where it is a film's."""
    if _GLUED.search(name):
        return _JOINED
    if (folder is None or folder.year is None) and _is_short(name):
        return _SHORT
    ranged = _RANGE.search(_TAIL.sub("", name).strip(" ._"))
    if ranged is not None and ranged.start() and int(ranged["last"]) > int(ranged["n"]):
        return _SEVERAL
    own = written.read_release(name)
    if folder is None and own.rest and _GROUP_IN_FRONT.fullmatch(name):
        return _SHORT
    if own.year is not None:
        return _EPISODE if film.is_numbered(own.rest) else None
    numbered = any(form.match(name) for form in (_PAIR, _LEADING, _OF_A_GROUP))
    numbered = numbered or any(form.search(name) for form in (_PADDED, _MISSPELT))
    return _EPISODE if numbered or _is_hundreds(name) or _is_before_release(name) else None


def of_film(name: str, title: str, year: int | None, folder: Written | None) -> str | None:
    """What is doubted of a film that was read so."""
    is_settled = folder is not None and folder.has_year_in_brackets
    if _BEFORE_YEAR.search(name) and not is_settled:
        # "Nurse 3D" and "Pacific Rim", in 3D.
        return "3D may be its title's: put the year in brackets behind the title"
    if title.isdecimal() and len(title) == 1 and _NUMBER_OF_BRACKETS.match(name):
        # "[REC] 2"; no sequel comes to "[Group] 300".
        return "what stands in brackets may be its title's: write it without them"
    if written.read(name).has_year_in_brackets:
        # "The Remux (2010)" is a title as written, "Film 1080p (2010)" is none.
        return _UNREAD if _MEASURES.search(title) else None
    return None if is_read(title, year) else _UNREAD


def is_read(title: str, year: int | None) -> bool:
    """`Child-2007-TRUEFRENCH-TVRip.Xvid`, `h265 - HEVC Film`, `2014)`."""
    parts = [it for it in re.split(r"[\s._,()\[\]-]+", title) if it]
    # A film may be called "Remux", with its year.
    is_alone = len(parts) == 1 and year is not None
    is_strong = any(words.is_strong(it) and not words.may_be_a_title_s(it) for it in parts)
    return (is_alone or not is_strong) and title.count("(") == title.count(")")


def _is_short(name: str) -> bool:
    """`grp-film-1080p`."""
    parts = name.split("-")[2:]
    return any(map(words.is_strong, parts)) and not re.search(r"[\s._()\[\]]", name)


def _is_before_release(name: str) -> bool:
    """`Show.07.HDTV`, `[Group] Show 12 720p`; `Film.2.1080p` and `Film 13 1080p` are films."""
    is_release_s = " " not in name or name.startswith("[")
    return any(
        (words.is_release(it["next"]) or is_language(it["next"]))
        and (it["try"] or (is_release_s and len(it["n"]) > 1))
        for it in _BEFORE_RELEASE.finditer(name)
    )


def _is_hundreds(name: str) -> bool:
    """`Show.205`, `Show.10506.720p` and `Show 484 VOSTFR`: nobody parts a film's name by dots
    and leaves its year out, or describes its release so."""
    for match in _HUNDREDS.finditer(name):
        if " " not in name or words.is_release(match["next"] or ""):
            return True
    return False
