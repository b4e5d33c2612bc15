"""Extras by their own names, as media servers and fansubs mark them: trailers, samples, menus,
openings without credits. Those of a folder for extras are known by the folder.
"""

import re

from strmctl.domain.names import written

_NAMED = re.compile(
    r"(?:.*[ ._-])?(?:NCOP|NCED|creditless|textless)(?:[ ._-]?\d{1,2})?(?:[ ._(\[].*)?"
    r"|.*\[(?:NCOP|NCED|PV|CM|menu|preview|trailer|teaser|logo)[ ._-]?(?:EP)?\d{0,2}\].*"
    # Fansubs' interview; "Film [IV]" is the fourth.
    r"|\[.*\[IV[ ._-]?\d{0,2}\].*"
    r"|.* - (?:behind the scenes|deleted scenes?|featurettes?|interviews?|trailers?)(?: \d+)?"
    r"|.*[-._](?:trailer\d?|sample)|.*[)\]] (?:trailer|sample)"
    r"|.*[-.](?:behindthescenes|deleted(?:scene)?|featurette|interview|scene|short|other)"
    r"|.*-(?:extra|clip)",
    re.IGNORECASE,
)
# In a film's own folder: "Official Trailer", "Making of", "Teaser 2".
_OF_A_FILM = re.compile(
    r"(?:.*[ ._-])?(?:trailer|teaser)s?(?:[ ._-]?\d{1,2})?"
    r"(?:[ ._-]*[\[(]?(?:\d{3,4}p|4k|hd)[\])]?)?"
    r"|(?:.*[ ._]-[ ._])?(?:making[ ._-]of|behind[ ._]the[ ._]scenes|deleted[ ._]scenes?|bloopers|"
    r"gag[ ._]reel|outtakes|featurettes?|interviews?(?:[ ._]with)?|sample|theme)(?:[ ._-].*)?",
    re.IGNORECASE | re.DOTALL,
)
# Fansubs' openings and endings: "[Group] Title ED2 (DVD)", "[Group] Title - EX01 [BD]".
_SONGS = re.compile(
    r"^\[[^\[\]]*\].* (?:(?:OP|ED|EX|PV|CM)\d{0,2}[a-c]?|(?:- )?trailer)(?:v\d)? *(?:- *)?[\[(]"
    r"|-x\d\d(?:-|$)"
)
_BEHIND_MARK = re.compile(
    r"(?:.*\S)?(?:-(?:trailer|sample|behindthescenes|deletedscene|featurette)|\.sample)"
    r"|.* - (?:behindthescenes|deletedscene)",
    re.IGNORECASE | re.DOTALL,
)

_ALONE = re.compile(r"trailer\d?|sample", re.IGNORECASE)


def is_named(name: str) -> bool:
    """Of a name that no mark numbers."""
    plain = name.replace("_", " ")
    return any(_NAMED.fullmatch(text) for text in (name, plain)) or _SONGS.search(plain) is not None


def is_all(name: str) -> bool:
    """Whatever the folder."""
    return _ALONE.fullmatch(name) is not None


def is_behind_mark(after: str) -> bool:
    """`S01E02-trailer`: there no other word is sure, an episode may be called "Interview"."""
    return _BEHIND_MARK.fullmatch(after) is not None


def is_a_film_s(name: str, title: str) -> bool:
    """`Film (2010)/Official Trailer`, `Film (2010)/Film-trailer-1080p`; of "Trailer Town" only what
    stands behind counts."""
    text = written.spaced(name)
    is_named = text.casefold().startswith(title.casefold())
    return _OF_A_FILM.fullmatch(text[len(title) :] if is_named else text) is not None
