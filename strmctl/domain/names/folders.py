"""What the folders of a path say: the nearest one with a season tells it, the one above it is the
series'; a shelf such as `Serien` or `Anime` sorts and names nothing."""

import re
from collections.abc import Sequence

from msgspec import Struct, structs

from strmctl.domain.names import languages, marks, numbers, packs, phrases, written
from strmctl.domain.names.marks import Mark
from strmctl.domain.names.words import SEASON, SPECIALS, is_release, is_shelf, is_strong
from strmctl.domain.names.written import Written

_WHOLE_SEASON = re.compile(
    rf"(?:(?:{SEASON})[ ._-]{{0,3}}(?:\d{{1,4}}|\(\d{{1,2}}\)|\[\d{{1,2}}\])"
    rf"|S\d{{1,4}}|\d{{1,2}}\. ?(?:{SEASON}))"
    r"(?:\s*[-–:]\s.*|\s*[\[({].*)?",
    re.IGNORECASE,
)
_NUMBER_WORDS = {
    word: number
    for words in (
        "one two three four five six seven eight nine ten",
        "first second third fourth fifth sixth seventh eighth ninth tenth",
        "eins zwei drei vier fünf sechs sieben acht neun zehn",
        "erste zweite dritte vierte fünfte sechste siebte achte neunte zehnte",
        "i ii iii iv v vi vii viii ix x",
        "primera segunda tercera cuarta quinta sexta",
        "uno dos tres cuatro cinco seis siete ocho nueve diez",
        "primeira segunda terceira quarta quinta sexta",
        "un deux trois quatre cinq six sept huit neuf dix",
        "première deuxième troisième quatrième cinquième sixième",
        "prima seconda terza quarta quinta sesta",
        "eerste tweede derde vierde vijfde zesde",
        "pierwszy drugi trzeci czwarty piąty szósty",
        "birinci ikinci üçüncü dördüncü beşinci altıncı",
        "первый второй третий четвёртый пятый шестой седьмой восьмой девятый десятый",
        "الأول الثاني الثالث الرابع الخامس السادس السابع الثامن التاسع العاشر",
        "ראשונה שנייה שלישית רביעית חמישית שישית",
    )
    for number, word in enumerate(words.split(), 1)
}
_WORDED = re.compile(
    rf"(?:{SEASON})[ ._-](?P<a>{'|'.join(_NUMBER_WORDS)})"
    rf"|(?:the )?(?P<b>{'|'.join(_NUMBER_WORDS)})[ ._-](?:{SEASON})",
    re.IGNORECASE,
)
_IN_WORDS = re.compile(
    rf"(?<![^\W_])(?:season|staffel|saison|temporada|stagione)[ ._]"
    rf"(?:{'|'.join(_NUMBER_WORDS)})(?![^\W_])",
    re.IGNORECASE,
)
# "Show/Livre II", "Show/Κύκλος 1": of a language that is not listed.
_MAYBE_SEASON = re.compile(
    rf"[^\W\d_]+[ ._-](?:\d{{1,2}}|{'|'.join(_NUMBER_WORDS)})"
    # "First Dates" and "Two Men" are series.
    r"|\d{1,2}\.[ _-]?[^\W\d_]+",
    re.IGNORECASE,
)
_DISC = re.compile(r"(?:cd|disc|disk|dvd)[ ._-]?\d{1,2}", re.IGNORECASE)
_OF_DISC = re.compile(r"(?:^|[ ._(\[-])(?:cd|disc|disk)[ ._-]?\d{1,2}[)\]]?$", re.IGNORECASE)
_PART = re.compile(
    rf"(?:book|buch|volume|vol\.?|part|teil|arc|cour)[ ._-]?(?:\d{{1,2}}|{'|'.join(_NUMBER_WORDS)})"
    r"(?: ?[-–:] .*)?",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_EXTRAS = re.compile(
    r"(?:extras?|trailers?(?: (?:&|and) teasers?)?|teasers?|featurettes?|behind the scenes|"
    r"deleted scenes|interviews?|scenes|shorts|samples?|clips|theme-music|backdrops|"
    r"(?:bonus|special)[ _-](?:features?|material|content|disc)|making[ _-]of|outtakes|bonus|"
    r"video_ts|audio_ts|bdmv)",
    re.IGNORECASE,
)


class Folders(Struct, frozen=True):
    """`season` is None where no folder tells it; `series` is the series' or film's own folder.

    `holds_season` says that files in it are episodes, whatever they are called.
    """

    series: Written | None = None
    season: int | None = None
    holds_season: bool = False
    is_extras: bool = False
    is_disc: bool = False
    """The nearest folder is that of one of several discs."""
    is_part: bool = False
    """The nearest folder is a `Book Two` or a `Part 2`, which is no season's number."""
    is_maybe_season: bool = False
    """The nearest folder may be a season's, and the one above it the series'."""
    named: Written | None = None
    """What the season's folder says before the season: `Show` of `Show Season 1`."""
    language: str | None = None
    """What the series' folder, its season's or a release's own says: `Show.S01.German.1080p`."""
    is_dated: bool = False
    """A release's own folder: `Show.2017.11.27.Guest.1080p`."""
    mark: Mark | None = None
    """That of a release's own folder, whose file may be called anything."""
    shelf: Written | None = None
    """A folder that sorts, unless the file in it bears its name: a series may be called "Hd"."""


def read(folders: Sequence[str]) -> Folders:
    """What the folders say, given from the outermost to the innermost."""
    rest = [folder for folder in folders if not _DISC.fullmatch(folder)]
    is_disc = bool(folders) and _OF_DISC.search(folders[-1]) is not None
    is_extras = bool(rest) and _EXTRAS.fullmatch(rest[-1]) is not None
    # "Movies/Other" is a shelf; in a film's folder it holds extras.
    if len(rest) > 1 and rest[-1].casefold() == "other":
        is_extras = written.read(rest[-2]).has_year_in_brackets
    # A series may be called "Shorts": then the folder is all there is.
    if is_extras and len(rest) > 1:
        rest = rest[:-1]
    is_part = len(rest) > 1 and not is_shelf(rest[-2]) and _is_part(rest[-1])
    # "Show/Book Two", "Show/1080p": they name neither a series nor a season.
    if is_part or (
        len(rest) > 1 and not is_extras and _describes(rest[-1]) and not is_shelf(rest[-2])
    ):
        rest = rest[:-1]
    if len(rest) > 1 and _is_mark(rest[-1]):
        rest = rest[:-1]
    season: int | None = None
    title: Written | None = None
    if len(rest) > 1 and _YEAR.fullmatch(rest[-1]) and not is_shelf(rest[-2]):
        # "News/2019" sorts by year; "Serien/1923" is a series.
        rest = rest[:-1]
    while rest:
        if season is not None and len(rest) > 1 and packs.has_no_title(rest[-1]):
            rest = rest[:-1]
            continue
        found, own = _season(rest[-1], rest[-2] if len(rest) > 1 else None)
        # "Show 2nd Season/Season 1": the number above is the title's.
        if found is None or (season is not None and found != season):
            break
        season = found if season is None else season
        title = own or title
        rest = rest[:-1]
    if rest and season is None and is_shelf(rest[-1]):
        return Folders(title, is_extras=is_extras, is_disc=is_disc, shelf=written.read(rest[-1]))
    # "Anime/Show 2nd Season": the season's folder names the series itself.
    is_named = title is not None and bool(rest) and is_shelf(rest[-1])
    above = _series(rest[-1], season) if rest and not is_named else None
    is_maybe_season = (
        season is None
        and len(rest) > 1
        and not is_shelf(rest[-2])
        and _MAYBE_SEASON.fullmatch(rest[-1]) is not None
    )
    return Folders(
        series=above or title,
        season=season,
        holds_season=season is not None,
        is_extras=is_extras,
        is_disc=is_disc,
        is_part=is_part,
        is_maybe_season=is_maybe_season,
        named=title,
        language=_language(folders[max(len(rest) - 1, 0) :]),
        is_dated=bool(folders) and _is_dated(folders[-1]),
        mark=_mark(folders[-1]) if folders else None,
        # "Serien/Season 1/Show S01E02", but "Series/Season 1/01".
        shelf=above if above is not None and is_shelf(rest[-1]) else None,
    )


def _is_mark(folder: str) -> bool:
    """`Show/S01E05/a1b2c3`, `Show/Season 1/S01E05 - Name/a1b2c3`."""
    mark = marks.find(folder)
    return mark is not None and not mark.before.strip() and marks.is_sure(folder)


def _is_dated(folder: str) -> bool:
    date = numbers.DATE.search(folder)
    return date is not None and any(map(is_strong, re.split(r"[\s._-]+", folder[date.end() :])))


def _mark(folder: str) -> Mark | None:
    mark = marks.find(folder)
    # "7x7 (1983)" is a title.
    is_sure = mark is not None and (mark.before.strip() or _is_mark(folder))
    return mark if is_sure else None


def _language(folders: Sequence[str]) -> str | None:
    """Of the nearest one that says it behind season, mark or year, or in brackets."""
    for folder in reversed(folders):
        mark, phrase = marks.find(folder), phrases.SEASON_PHRASE.search(folder)
        if mark is not None:
            tail = mark.after
        else:
            tail = folder[phrase.end() :] if phrase else written.read(folder).rest
        # A land in brackets belongs to the title: "Show (DE)".
        if found := languages.language(tail) or languages.in_brackets(folder, short=False):
            return found
    return None


def is_season(folders: Sequence[str]) -> bool:
    """`Show/Season 3 (2010)` is a season's folder, `Movies/Season 3 (2010)` a film's."""
    *above, last = folders
    return bool(above) and not is_shelf(above[-1]) and _WHOLE_SEASON.fullmatch(last) is not None


def _describes(folder: str) -> bool:
    words = [word for word in re.split(r"[\s._,()\[\]]+", folder) if word]
    return bool(words) and all(map(is_strong, words))


def _season(folder: str, above: str | None) -> tuple[int | None, Written | None]:
    """With the title that stands before it, as in `Show.S01.1080p` and `Show Season 1`."""
    name = folder.strip()
    if re.fullmatch(r"T?\d{1,2}", name) and above is not None and not is_shelf(above):
        # "Show/1", Spain's "Show/T1"; "Serien/24" is a series.
        return int(name.removeprefix("T")), None
    if (worded := _WORDED.fullmatch(name)) is not None:
        return _NUMBER_WORDS[(worded["a"] or worded["b"]).casefold()], None
    if "".join(name.casefold().split()) in SPECIALS:
        return 0, None
    if _WHOLE_SEASON.fullmatch(name):
        number = re.search(r"\d+", name)
        assert number is not None, "the form holds digits"
        return int(number[0]), None
    match = phrases.SEASON_PHRASE.search(name)
    if match is None or packs.is_range(name):
        return None, None
    behind = name[match.end() :].strip(" ._-[]()")
    if match.start() > 0 and behind and not _is_release(behind):
        return None, None
    before = _titled(written.read(name[: match.start()], dotted_year=True), phrases.value(match))
    return phrases.value(match), before if before.title else None


def _is_release(text: str) -> bool:
    words = [word for word in re.split(r"[\s._\-\[\](){}]+", text) if word]
    return any(map(is_release, words)) or words[0].casefold() == "complete" or text.isdigit()


# A release's own folder: `Show.S01E02.German.1080p.WEB-GRP`.
def _series(folder: str, season: int | None) -> Written | None:
    mark = marks.find(folder)
    if mark is not None and mark.before.strip(" ._-[("):
        return written.read(mark.before, dotted_year=True)
    found = _titled(written.read_release(folder), season)
    return found if found.title else None


def _titled(found: Written, season: int | None) -> Written:
    """Without what says that all seasons are there; before a year in brackets it is the title's."""
    if found.title is None or found.has_year_in_brackets:
        return found
    bare = packs.title_of if season is None else packs.title_of_seasons
    return structs.replace(found, title=bare(found.title))


def _is_part(folder: str) -> bool:
    return _PART.fullmatch(folder) is not None or packs.has_no_title(folder)


def holds_worded_season(name: str) -> bool:
    """`Show Saison sept`, `Show Season II`."""
    return _IN_WORDS.search(name) is not None
