"""A title is taken as written: only ids, a year in brackets and a release's words leave it."""

import re
import unicodedata
from collections.abc import Sequence

from msgspec import Struct, structs

from strmctl.domain.external_ids import NO_IDS, ExternalIds
from strmctl.domain.names.languages import is_language
from strmctl.domain.names.words import is_release, is_strong, may_be_a_title_s
from strmctl.errors import UsageError

# Jellyfin `[tvdbid-1]`, Emby `[tvdbid=1]`, Plex and Sonarr `{tvdb-1}`, Radarr `{imdb-tt1}`.
_ID = re.compile(
    r"[\[({]\s*(?P<where>imdb|tvdb|tmdb)(?:id)?\s*[-=: ]\s*(?P<id>tt\d+|\d+)\s*[\])}]"
    r"|[\[({](?P<bare>tt\d{6,10})[\])}]",
    re.IGNORECASE,
)
_OTHER_ID = re.compile(
    r"[\[({]\s*(?:anidb\d?|anilist|mal|tvrage|tvmaze|trakt|douban|bangumi|bgm|kitsu|source|"
    r"tmdbcol)(?:id)?\s*[-=:]\s*[\w-]+\s*[\])}]",
    re.IGNORECASE,
)
_EDITION_TAG = re.compile(r"\{edition-(?P<edition>[^{}]{1,80})\}", re.IGNORECASE)
_YEAR = r"(?:18[7-9]\d|19\d\d|20\d\d)"
_BRACKETED_YEAR = re.compile(
    rf"[(\[（【]\s*(?P<year>{_YEAR})"
    rf"(?:\s*[-–]\s*(?:{_YEAR})?|(?:,|[ ](?:film|movie|tv))[^()\[\]]*)?\s*[)\]）】]",
    re.IGNORECASE,
)
# Without brackets it may be the title's: "Blade Runner 2049", "Class of 1984".
_DATES = r"(?:18[7-9]\d|19\d\d|20[0-3]\d)"
_BARE_YEAR = re.compile(rf"(?<=[ ._])(?P<year>{_DATES})(?=$|[ ._])")
# "BT.2020" and "Rec.709" are colours; a film's own name may be "Rec".
_GOES_ON = re.compile(
    r"(?<![^\W_])(?:of|the|von|vom|and|&|since|(?<=[ ._])(?:bt|rec))[ ._]*", re.IGNORECASE
)
# `Show (2005) (US)` is not that of 2005 from another country.
_COUNTRY = re.compile(r"\s*(\((?:US|UK|GB|AU|CA|NZ|IE|ZA)\))")
_COUNTRY_BEHIND = re.compile(r"\(?(?:USA?|UK|GB|AU|CA|NZ|IE|ZA)\)?")
# What tells no series from another: `Show - The Complete Series`, `Show Uncut`, `Show Part 2`.
_OF_THE_SAME = re.compile(
    r"(?:the )?(?:complete )?(?:tv[ -]?)?(?:mini[ -]?)?(?:series|serie|show)"
    r"|complete|tv|uncut|unrated|extended|remastered|special edition|(?:part|vol(?:ume)?) \d{1,2}",
    re.IGNORECASE,
)
_UNCLOSED = re.compile(r"[\[(][^\[\]()]*$")
_GROUP = re.compile(
    r"^\s*(?:(?:\[[^\[\]]*\]|【[^【】]*】)\s*[-_. ]*|www\.[^\s]+\s+-\s+)(?=\S)", re.IGNORECASE
)
_SITE_BEHIND = re.compile(r"(?<=\S)\s+-\s+www\.[^\s]+\s*$", re.IGNORECASE)
_YEAR_AHEAD = re.compile(r"^\s*\((?P<year>(?:19|20)\d\d)\)[ ._-]*(?P<title>[^\W_].*)", re.DOTALL)
_SQUARE = re.compile(r"\[[^\[\]]*\]|【[^【】]*】|\{[^{}]*\}")
_ROUND = re.compile(r"\(([^()]*)\)|（([^（）]*)）")
_BLANK = re.compile(r"[^\S ]")
_UNSEEN = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_EDGES = " -–—_.,:;~|·・#"


class Written(Struct, frozen=True):
    """`rest` is what stands behind the year, or behind the title where that can be seen.

    `has_year_in_brackets` tells a year from a number that belongs to the title.
    """

    title: str | None = None
    year: int | None = None
    ids: ExternalIds = NO_IDS
    edition: str | None = None
    rest: str = ""
    has_year_in_brackets: bool = False
    is_of_years: bool = False
    """`(1962-2021)`: of a series, or of several films."""

    @property
    def slug(self) -> str:
        return "" if self.title is None else slug(self.title, self.year)


def in_plain_letters(path: str) -> str:
    """A disk of macOS has accents decomposed; blanks of any width part words, and what only sets
    the direction of writing is no letter."""
    return _BLANK.sub(" ", _UNSEEN.sub("", unicodedata.normalize("NFC", path)))


def slug(title: str, year: int | None = None) -> str:
    """`Pokémon: Der Film` as `pokemon-der-film`; letters of other scripts stay as they are.

    The year belongs to it: it tells Dune of 1984 from that of 2021.
    """
    letters = unicodedata.normalize("NFC", title).casefold()
    # Most titles are, and reading a name takes some ten slugs.
    if not letters.isascii():
        letters = "".join(map(_plain, letters))
    # An apostrophe parts no word: `Grey's` is `greys`.
    words = re.sub(r"['\u2019]", "", letters)
    name = "-".join(re.findall(r"[^\W_]+", words))
    # Some characters of a script are marks, no letters, and all there is of a name: "++", "?".
    return f"{name}-{year}" if year is not None and name else name


def read(text: str, *, dotted_year: bool = False) -> Written:
    """Of a piece, or of what stands before a mark. `dotted_year` reads a year without brackets
    too, in a name whose words are parted by dots: `Show.2020`."""
    ids, edition, text = _tags(text)
    brackets = list(_BRACKETED_YEAR.finditer(text))
    found = next((match for match in reversed(brackets) if _dates(match, text)), None)
    if found is not None:
        before, rest = text[: found.start()], text[found.end() :]
        if (country := _COUNTRY.match(rest)) is not None:
            before, rest = f"{before.rstrip()} {country[1]}", rest[country.end() :]
        title = _title(before)
        is_of_years = re.search(r"\d\s*[-–]", found[0]) is not None
        return Written(title, int(found["year"]), ids, edition, rest, True, is_of_years)
    if (ahead := _YEAR_AHEAD.match(text)) is not None and (title := _title(ahead["title"])):
        return Written(title, int(ahead["year"]), ids, edition, has_year_in_brackets=True)
    if " " not in text.strip() and dotted_year:
        # "2001.A.Space.Odyssey.1968": the last one, and never all there is.
        years = [m for m in _BARE_YEAR.finditer(text) if _ends(text[: m.start()])]
        if years:
            before, rest = text[: years[-1].start()], text[years[-1].end() :]
            return Written(_title(before), int(years[-1]["year"]), ids, edition, rest)
    return Written(_title(text), None, ids, edition)


def read_release(text: str) -> Written:
    """A film's release name, `The.Matrix.1999.German.1080p.BluRay.x264-GRP`: the title ends
    before the year, or where the release's words begin."""
    bracketed = read(text)
    if bracketed.has_year_in_brackets:
        return bracketed
    ids, edition, bare = _tags(text)
    ungrouped = _GROUP.sub("", bare)
    words = list(re.finditer(r"[^\s._\[\](){}]+", ungrouped))
    dates = [n for n in range(1, len(words)) if _is_date(ungrouped, words[n])]
    first = next((n for n in range(1, len(words)) if _begins_release(words, n, dates)), None)
    if first is None:
        return structs.replace(read(text, dotted_year=True), ids=ids, edition=edition)
    if years := [n for n in dates if n < first]:
        end, rest = words[years[-1]].start(), ungrouped[words[years[-1]].end() :]
        title = _title(_bare(_UNCLOSED.sub("", ungrouped[:end])))
        return Written(title, int(words[years[-1]][0]), ids, edition, rest)
    late = [words[n][0] for n in dates if n > first]
    last = first
    while last > 1 and (is_release(words[last - 1][0]) or is_language(words[last - 1][0])):
        last -= 1
    start = words[last].start()
    # "Film FRENCH BluRay 720p 2016".
    year = int(late[0]) if len(late) == 1 else None
    # "Title [Ma10p_1080p]".
    title = _title(_UNCLOSED.sub("", ungrouped[:start]))
    return Written(title, year, ids, edition, ungrouped[start:])


def _is_date(text: str, word: re.Match[str]) -> bool:
    return re.fullmatch(_DATES, word[0]) is not None and _ends(text[: word.start()])


def _begins_release(words: Sequence[re.Match[str]], n: int, dates: Sequence[int]) -> bool:
    """A word that may be the title's last one does only behind the year, in brackets or behind a
    dash, or before other words of a release."""
    word = words[n]
    if not is_strong(word[0]):
        return False
    if not may_be_a_title_s(word[0]):
        return True
    if n + 1 in dates:
        return False
    if any(year < n for year in dates) or word.string[word.start() - 1] in "[({":
        return True
    if words[n - 1][0] in "-–":
        return True
    behind = words[n + 1][0] if n + 1 < len(words) else ""
    return is_release(behind) or is_language(behind)


def _ends(text: str) -> bool:
    """Whether a title may end here: one that ends in "of" goes on."""
    last = [match for match in _GOES_ON.finditer(text) if match.end() == len(text)]
    return bool(_bare(text)) and not last


def is_spin_off(title: str, folder: str) -> bool:
    """`Law & Order - SVU` in the folder of `Law & Order`, `Dragon Ball Z` in that of the first."""
    behind = title[len(folder) :].strip(" -\u2013:")
    if not slug(title).startswith(slug(folder)) or not behind or _OF_THE_SAME.fullmatch(behind):
        return False
    first = behind.split()[0]
    # "Show - 001 - S01E01" counts, "Show 2014", "Show US", "Show German" and "Show HD" are Show.
    is_same = _COUNTRY_BEHIND.fullmatch(first) or is_release(first) or is_language(first)
    return first[0].isalpha() and not is_same


def is_year(number: int) -> bool:
    # `Film (1897)` is one (docs/peers.md, row 76).
    return 1870 <= number <= 2099


def external_ids(text: str) -> ExternalIds:
    """What the brackets of a name say; an id of another form than its catalogue's is none."""
    found: dict[str, str | int] = {}
    for match in _ID.finditer(text):
        where, value = (match["where"] or "imdb").lower(), match["id"] or match["bare"]
        found.setdefault(where, value.lower() if where == "imdb" else value)
    return ids_of({name: str(value) for name, value in found.items()})


def ids_of(found: dict[str, str]) -> ExternalIds:
    ids = NO_IDS
    for name, value in found.items():
        try:
            one = ExternalIds(**{name: value if name == "imdb" else int(value)})  # type: ignore[arg-type]
        except (UsageError, ValueError):
            continue
        ids = ids.or_else(one)
    return ids


def spaced(text: str) -> str:
    """Dots and underscores part words where no space does; initials keep theirs."""
    if " " in text.strip():
        return text
    text = text.replace("_", " ")
    parts = text.split(".")
    # `S.W.A.T.` keeps its dots.
    if all(len(part.strip()) <= 1 for part in parts):
        return text
    return " ".join(text.replace(".", " ").split())


def _dates(match: re.Match[str], text: str) -> bool:
    """Something is dated: `(2007)` behind `[REC]`, but `[1923]` behind `[Group]` is a title."""
    before = text[: match.start()]
    return bool(_bare(before if match[0][0] in "(\uff08" else _SQUARE.sub("", before)))


# A tag leaves one space where it stood between two words, and none at the ends.
def _tags(text: str) -> tuple[ExternalIds, str | None, str]:
    edition = _EDITION_TAG.search(text)
    ids = external_ids(text)
    bare = _OTHER_ID.sub(" ", _ID.sub(" ", _EDITION_TAG.sub(" ", text)))
    bare = text if bare == text else " ".join(bare.split())
    return ids, (edition["edition"].strip() if edition else None), bare


def _title(text: str) -> str | None:
    ungrouped = _GROUP.sub("", text) if _bare(_SQUARE.sub("", text)) else text
    plain = _SITE_BEHIND.sub("", _SQUARE.sub(" ", ungrouped))
    if not _bare(plain):
        plain = _in_squares(ungrouped)
    plain = _ROUND.sub(lambda match: match[0] if _belongs(match[1] or match[2]) else " ", plain)
    title = " ".join(_bare(spaced(_bare(plain, keep_dots=True)), keep_dots=True).split())
    return title if slug(title) else None


def _in_squares(text: str) -> str:
    """`【Group】【Title】`: the first of several names the group."""
    insides = [match[0][1:-1] for match in _SQUARE.finditer(text)]
    named = [inside for inside in insides if not is_strong(inside)]
    if len(named) > 1 and text.strip()[:1] in "[【":
        return " ".join(named[1:])
    return re.sub(r"[\[\]【】{}]", " ", text)


def _belongs(inside: str | None) -> bool:
    """`(US)` belongs to a title, `(1080p)`, `(BD 1080p x265)` and `(German)` do not."""
    words = re.split(r"[\s._,/+&-]+", (inside or "").strip())
    if not any(words):
        return False
    is_about_release = all(is_release(word) or is_language(word) for word in words if word)
    return not (any(map(is_strong, words)) or is_about_release)


def _bare(text: str, *, keep_dots: bool = False) -> str:
    """Without what parts it from its neighbours; a last dot may belong to initials: `S.W.A.T.`"""
    edges = _EDGES.replace(".", "") if keep_dots else _EDGES
    return text.strip(edges).rstrip("([{\uff08 ").strip(edges).lstrip(".")


def _plain(char: str) -> str:
    """`e` for `é`: only where the letter without its marks is a Latin one."""
    # In kana and Hangul what NFKD takes off makes another letter.
    base = unicodedata.normalize("NFKD", char)[:1]
    return base if base.isascii() and base.isalpha() else char
