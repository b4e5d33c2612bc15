"""A title that the folder bears counts nothing, whatever numbers and words are in it.

`Warehouse 13/Warehouse 13 - 05`, `24/24 - 1x02`, `Episode 50 (2011)/Episode 50 (2011) - 002`: for
the reading a word without a meaning stands in for the title.
"""

import re
from functools import lru_cache

from msgspec import structs

from strmctl.domain.names import marks, phrases
from strmctl.domain.names.folders import Folders
from strmctl.domain.names.written import slug

STAND_IN = "Thetitle"


def hide(name: str, where: Folders) -> tuple[str, Folders]:
    """Both with the stand-in, where the name begins with a title that could be misread."""
    series, named = where.series, where.named
    if series is None or series.title is None or where.mark is not None or where.shelf is not None:
        return name, where
    if named is not None and slug(named.title or "") != slug(series.title):
        return name, where
    form = _form(series.title)
    found = form.match(name) if form is not None else None
    # "[Group][86][02]" is a form of its own, and a last season has no number.
    if found is None or not _is_whole(found[0]) or phrases.FINAL.search(series.title):
        return name, where
    hidden = structs.replace(series, title=STAND_IN)
    where = structs.replace(where, series=hidden, named=named and hidden)
    return f"{found['group'] or ''}{STAND_IN}{name[found.end() :]}", where


def _is_whole(text: str) -> bool:
    return text.count("[") == text.count("]")


@lru_cache(maxsize=1024)
def _form(title: str) -> re.Pattern[str] | None:
    """None for a title that nothing in it makes look like a number."""
    words = re.findall(r"[^\W_]+", title)
    counts = f"{title} 1"
    is_plain = not any(char.isdigit() for char in title) and phrases.find(counts) is None
    if is_plain and marks.find(title) is None and not phrases.holds_season(counts):
        return None
    parted = r"[\W_]+".join(map(re.escape, words))
    return re.compile(rf"(?P<group>\s*\[[^\[\]]*\][ _.]*)?[\W_]*{parted}(?![^\W_])", re.IGNORECASE)
