"""Extras by their own names, as media servers and fansubs mark them: trailers, samples, menus,
openings without credits. Those of a folder for extras are known by the folder.
"""

import re

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
_BEHIND_MARK = re.compile(
    r"(?:.*\S)?(?:-(?:trailer|sample|behindthescenes|deletedscene|featurette)|\.sample)",
    re.IGNORECASE | re.DOTALL,
)
_ALONE = re.compile(r"trailer\d?|sample", re.IGNORECASE)


def is_named(name: str) -> bool:
    """Of a name that no mark numbers."""
    return _NAMED.fullmatch(name) is not None


def is_behind_mark(after: str) -> bool:
    """`S01E02-trailer`: there no other word is sure, an episode may be called "Interview"."""
    return _BEHIND_MARK.fullmatch(after) is not None


def is_all(name: str) -> bool:
    """`Film (2010)/trailer`; a film may be called so, too."""
    return _ALONE.fullmatch(name) is not None
