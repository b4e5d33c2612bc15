"""Whole seasons and whole series: a folder of one holds its episodes, a file of one is none.

`Show Season 1-5`, `Show - The Complete Series`, `Show S01-S05`, `Show Intégrale`: what stands
behind the title there belongs to no title.
"""

import re

from strmctl.domain.names.words import SEASON_BEHIND

_START, _END = r"(?<![^\W_])", r"(?![^\W_])"
_TO = r"[ ._]?(?:[-–~&+]|to|bis|and|thru|through|a|al)[ ._]?"
_SERIES = rf"{_START}complete[ ._-](?:tv[ ._-])?(?:mini[ ._-]?)?series{_END}"
_SET = rf"{_START}complete[ ._-](?:collection|box[ ._-]?set){_END}"
_ALL = rf"{_START}int[ée]grale{_END}|{_SERIES}|{_SET}"
_SEASONS = (
    rf"{_START}(?:all[ ._])?seasons?[ ._]?[(\[]?\d{{1,2}}{_TO}\d{{1,2}}[)\]]?{_END}"
    rf"|{_START}S\d{{1,2}}{_TO}S?\d{{1,2}}{_END}"
)
_IN_A_FILE = re.compile(
    rf"{_ALL}|{_SEASONS}"
    r"|(?<![A-Za-z0-9])S(?:\d{1,2}| 0\d)(?![\dA-Za-z])"
    # A disc of a season, and its extras.
    r"|(?<![A-Za-z0-9])S\d{1,2}[ ._]?(?:D(?:is[ck])?[ ._]?\d|Extras?(?![^\W_]))"
    r"|(?<![^\W_])(?:season|staffel|saison)[ ._]?\d{1,2}(?!\d)"
    r"|(?<![^\W_])seasons[ ._]?[(\[]?\d{1,2}(?!\d)"
    rf"|{_START}\d{{1,2}}[ªº°](?:{_TO}\d{{1,2}}[ªº°])?[ ._](?:{SEASON_BEHIND}){_END}"
    r"|[(\[]\d{2,3} ?[-~] ?\d{2,3} ?(?:完|全|end|fin)?[)\]]",
    re.IGNORECASE,
)
_BATCH = re.compile(r"[(\[]batch[)\]]", re.IGNORECASE)
# A whole disc is "COMPLETE.BLURAY"; "A Complete Unknown" is a film.
_COMPLETE = re.compile(
    r"(?<![^\W_])COMPLETE[ ._](?!(?:UHD[ ._])?BLU|PAL|NTSC)(?=[A-Z\d]*\d|HDTV|WEB|DVD|BD|BR)"
)
_BEHIND_TITLE = re.compile(
    rf"[ ._]*(?:[-–][ ._]*)?[(\[]?(?:the[ ._]|l['’])?(?:{_ALL}|{_SEASONS})[)\]]?"
    r"(?:[ ._]complete)?[ ._]*$",
    re.IGNORECASE,
)
_NO_TITLE = re.compile(rf"(?:the |l['’])?(?:complete|{_ALL}|{_SEASONS})", re.IGNORECASE)
_COMPLETE_BEHIND = re.compile(r"[ ._]*(?:[-–][ ._]*)?[(\[]?complete[)\]]?[ ._]*$", re.IGNORECASE)


def is_one(name: str) -> bool:
    """Whether a file of this name holds a whole season, or more."""
    return _IN_A_FILE.search(name) is not None or _COMPLETE.search(name) is not None


def is_batch(name: str) -> bool:
    """`Title 01 - 12 [Batch]`: its numbers are no episode's."""
    return _BATCH.search(name) is not None


def is_range(folder: str) -> bool:
    """`Show S01-S05` is no season's folder."""
    return re.search(_SEASONS, folder, re.IGNORECASE) is not None


def has_no_title(folder: str) -> bool:
    """`Complete Series`, `Season 1-5`: a folder between the series' and its seasons'."""
    return _NO_TITLE.fullmatch(folder.strip()) is not None


def title_of(folder: str) -> str:
    """The title without what says that all is there; as it is where nothing else is left."""
    title = _BEHIND_TITLE.sub("", folder)
    return title if title.strip() else folder


def title_of_seasons(folder: str) -> str:
    """Likewise, of a folder of seasons or before one's number: `Show Complete Season 1`."""
    title = _COMPLETE_BEHIND.sub("", title_of(folder))
    return title if title.strip() else folder
