"""A film's name: `Film (2001)`, with edition or version behind it, or a release's name.

An edition is another film for its viewer, so it belongs to the identity; a version, `1080p`, only
where two of one film would be one.
"""

import re

from msgspec import Struct, structs

from strmctl.domain.names import marks, packs, phrases, written
from strmctl.domain.names.folders import Folders
from strmctl.domain.names.languages import is_language, language
from strmctl.domain.names.words import is_release, is_strong
from strmctl.domain.names.written import Written

_EDITIONS = re.compile(
    r"(?<![^\W_])(?:(?:the[ .])?(?:director(?:['’]?s)?|final|theatrical|extended|ultimate|"
    r"assembly|fan|special|collector'?s|anniversary|unrated|international|producer'?s|redux|rogue|noir|"
    r"black[ .](?:and|&)[ .](?:white|chrome)|\d{1,3}(?:st|nd|rd|th)[ .]anniversary)"
    r"(?:[ .](?:director(?:['’]?s)?|extended|unrated|remastered|collector['’]?s))?"
    r"(?:[ .](?:cut|edition|version|collection))"
    r"|fan[ .-]?edit|extended|unrated|uncut|remastered|redux|imax(?:[ .](?:enhanced|edition))?|"
    r"open[ .]matte|theatrical|"
    r"director['’]?s[ .]cut|langfassung|kinofassung|director['’]?s[ .]fassung|despecialized)"
    r"(?![^\W_])",
    re.IGNORECASE,
)
_SUFFIX = re.compile(r"^\s*[-–]\s*(?P<suffix>[^\s].*)$", re.DOTALL)
_VERSION = re.compile(
    r"(?<![^\W_])(?:\d{3,4}[pi]|[48]k|uhd|hdr\d*\+?|dv|3d|hsbs|hou)(?![^\W_])", re.I
)
_PART = re.compile(
    r"[ ._-]*(?:cd|disc|disk|dvd|part|pt)[ ._-]?(?:\d{1,2}|[a-d])(?:$|[ ._)\]-])", re.IGNORECASE
)
_SEVERAL_FILMS = re.compile(
    r"(?<![^\W_])(?:duology|trilogy|quadrilogy|collection|saga|pack|complete)(?![^\W_])",
    re.IGNORECASE,
)
_PART_TITLE = re.compile(
    r" (?:part|pt) ?(?:\d{1,2}|[ivx]{1,4}|one|two|three|four|five|six)$", re.IGNORECASE
)
_CUT = re.compile(r"(?<![^\W_])(?:cut|edition|version|fassung|fan[ .-]?edit)$", re.IGNORECASE)
_BARE_YEAR = re.compile(r"(?P<title>.*\S) (?P<year>\d{4})(?P<behind> .*|)", re.DOTALL)
# "Blade Runner 2049 Director's Cut" is not of that year.
_NEXT_DECADES = 2040
_TO_YEAR = re.compile(r"(?P<title>.*\S)\s*\((?:18|19|20)\d\d\)", re.DOTALL)
_TRY = re.compile(r"[ ._]v\d$")


class Film(Struct, frozen=True):
    written: Written
    edition: str | None
    version: str | None
    language: str | None
    part: bool


def read(name: str, folders: Folders) -> Film:
    """From its own name, and from its folder where that says more or the name is a release's."""
    own, early = _without_edition(name, _dated(written.read_release(name)))
    series = folders.series
    behind = own.rest if own.year is not None or own.rest else _behind(name, series)
    chosen = _chosen(own, series)
    edition = own.edition or (series.edition if series else None)
    edition = edition or early or _edition(behind)
    # "Film.2010.Directors.Cut.German": beside the edition the language is all there is.
    spoken = language(_EDITIONS.sub("", behind)) or _language_of_folder(chosen, series)
    return Film(
        chosen,
        edition,
        # A language tells two copies apart already: it is part of the identity.
        None if edition or language(behind) else _version(behind),
        spoken,
        _PART.search(behind) is not None or _is_part(chosen),
    )


def _dated(own: Written) -> Written:
    """`Film 2012 Extended`, `Film 2012 German`, `Film Final Cut 2016`: beside an edition or a
    language a bare year is the film's."""
    match = _BARE_YEAR.fullmatch(own.title or "")
    if match is None or own.year is not None or not 1900 < int(match["year"]) < _NEXT_DECADES:
        return own
    edition = _EDITIONS.fullmatch(match["behind"].strip(" ()[]"))
    early = [it for it in _EDITIONS.finditer(match["title"].strip(" )]")) if it.start()]
    is_early = bool(early) and match["title"].strip(" )]").endswith(early[-1][0])
    is_late = edition is not None or language(match["behind"]) is not None
    if not is_late and (match["behind"] or not is_early):
        return own
    title = match["title"].strip()
    rest = f" {match['behind']} {own.rest}" if match["behind"] else own.rest
    if is_early:
        title = title[: early[-1].start()].rstrip(" -–([")
        rest = f" {early[-1][0]} {rest}"
    return structs.replace(own, title=title, year=int(match["year"]), rest=rest)


def _without_edition(name: str, own: Written) -> tuple[Written, str | None]:
    """`Film.EXTENDED.2013.1080p`: before the year too it is an edition; "Uncut Gems" is none."""
    title = own.title or ""
    if name.lstrip().startswith("["):
        title = _TRY.sub("", title)
    last = None
    for match in _EDITIONS.finditer(title):
        if match.start() and match.end() == len(title):
            last = match
    # One word may be the title's; of a release's name it hardly is.
    is_release_s = " " not in name or (not own.has_year_in_brackets and own.rest.strip() != "")
    # "Squad EXTENDED (2016)" shouts it, "Quiet Boats Uncut (2011)" does not.
    is_shouted = last is not None and last[0].isupper() and not title.isupper()
    if last is None or not (_CUT.search(last[0]) or is_release_s or is_shouted):
        return structs.replace(own, title=title or None), None
    trimmed = title[: last.start()].rstrip(" -–.([")
    return structs.replace(own, title=trimmed), " ".join(last[0].split())


def _is_part(chosen: Written) -> bool:
    """Of a film or of a series, which only a year would tell."""
    return chosen.year is None and bool(_PART_TITLE.search(chosen.title or ""))


def ends_in_year(name: str) -> bool:
    """`Film (2001)`, with nothing behind it but tags, an edition or a version: no episode."""
    own = written.read(name)
    # "Title - 09 (2021)" is an episode: nobody pads a film's number.
    is_padded = re.search(r" [-–] 0\d{1,2}$", own.title or "") is not None
    # "Show (1972) Season 1-10" is a whole series.
    is_numbered_s = is_padded or phrases.holds_season(own.rest) or is_numbered(own.rest)
    is_numbered_s = is_numbered_s or packs.is_one(own.rest)
    return own.has_year_in_brackets and not is_numbered_s


def is_dated(behind: str) -> bool:
    """Words and a bare year behind them: `The Menace 1999 1080p`."""
    found = written.read_release(f"x {behind.strip(' ._-')}")
    return found.year is not None and len(found.slug.split("-")) > 2


def bears_name_of(folder: str, name: str) -> bool:
    """`2x4 (1997)/2x4 (1997)`, `2x4 (1997)/2x4`: the number stands in the title that the folder
    bears, too."""
    title = _TO_YEAR.match(folder)
    if title is None or not _begins_with(title, name):
        return False
    mark = marks.find(title[0])
    if mark is None:
        is_title_s = phrases.SEASON_PHRASE.search(title[0]) is not None
    else:
        # "Show 1x02 (2019)" is a release of an episode with a folder of its own.
        is_title_s = not mark.before.strip() and not marks.is_sure(title[0])
    is_dated = len(name) < title.end() or ends_in_year(name)
    return is_title_s and is_dated and marks.find(name[title.end() :]) is None


def _begins_with(title: re.Match[str], name: str) -> bool:
    """With the folder's title and year, or called by its title alone."""
    own = name.casefold()
    return own.startswith(title[0].casefold()) or own == title["title"].casefold()


def is_numbered(behind: str) -> bool:
    """Whether an episode's number stands behind the year: `Show (2019) - 05`."""
    if re.match(r"\s*\{\d{1,3}\}", behind):
        return True
    rest = re.sub(r"\[[^\[\]]*\]|\([^()]*\)|\{[^{}]*\}", " ", behind).strip(" ._")
    suffix = rest.lstrip("-–_. ").strip()
    episode = phrases.find(suffix)
    if episode is not None and all(map(is_release, episode.before.split())):
        # "Show (2011) Episode 99", "Show (2016) 720p ep13".
        return True
    # "Formula1.2023.Round07.Monaco".
    form = r"(?:(?:round|week|day|game|match|race)[ ._]?)?\d{1,4}(?:v\d)?(?![^\W_]|\.\d(?!\d))"
    return bool(re.match(form, suffix, re.IGNORECASE))


def _behind(name: str, series: Written | None) -> str:
    """What a name without a year says behind the folder's title: `Film - Extended`."""
    if series is None or series.title is None:
        return ""
    bare = name.casefold()
    return name[len(series.title) :] if bare.startswith(series.title.casefold()) else ""


def _chosen(own: Written, series: Written | None) -> Written:
    """The folder is the film's where its year agrees, or it alone has one; else it is a shelf
    or a collection, and the name counts."""
    if series is None or series.title is None:
        return own
    merged = Written(series.title, series.year or own.year, own.ids.or_else(series.ids))
    if own.title is None or own.slug == series.slug:
        return merged
    if series.is_of_years and own.year is None:
        return own
    is_same_year = own.year is not None and not _SEVERAL_FILMS.search(series.title)
    if series.has_year_in_brackets and (
        own.year is None or (is_same_year and own.year == series.year)
    ):
        return merged
    if own.year is None and _is_of_one_film(series):
        return merged
    if _is_release_of(own.title, series.title) or _is_behind_group(own, series):
        return merged
    if own.year is None and written.slug(own.title).startswith(f"{written.slug(series.title)}-"):
        return merged if _is_suffix(own.title, series.title) else own
    return own


def _language_of_folder(chosen: Written, series: Written | None) -> str | None:
    """`Film.2010.German.1080p-GRP/grp-film`: what a film's own folder says of it."""
    if series is None or series.slug != chosen.slug:
        return None
    return language(series.rest)


def _is_of_one_film(folder: Written) -> bool:
    """`Film.2010.1080p.BluRay-GRP/grp-film`: a release's file may be called anything."""
    if folder.year is None or _SEVERAL_FILMS.search(f"{folder.title} {folder.rest}"):
        return False
    return any(map(is_strong, re.split(r"[\s._\-\[\](){}]+", folder.rest)))


def _is_release_of(title: str, folder: str) -> bool:
    """`Film.German.2010.AC3` in `Film`: the language is none of the title's words."""
    words, known = title.casefold().split(), folder.casefold().split()
    behind = words[len(known) :]
    return words[: len(known)] == known and bool(behind) and all(map(is_language, behind))


def _is_behind_group(own: Written, series: Written) -> bool:
    """`Film.2010.1080p.BluRay-GRP/grp-film.2010.1080p`: the group's name stands in front."""
    group, _, title = (own.title or "").partition("-")
    is_same = written.slug(title) == written.slug(series.title or "")
    return is_same and group.isalnum() and own.year == series.year


def _is_suffix(title: str, folder: str) -> bool:
    """`Film - Extended` in `Film`: what stands behind is an edition or a version."""
    behind = title[len(folder) :].strip(" -–")
    return bool(_EDITIONS.search(behind) or _VERSION.search(behind)) and bool(behind)


def _edition(behind: str) -> str | None:
    match = _EDITIONS.search(behind)
    if match is not None:
        return " ".join(match[0].replace(".", " ").split())
    return None


def _version(behind: str) -> str | None:
    """Words that tell two copies of a film apart; else the suffix that Jellyfin shows."""
    words = [match[0] for match in _VERSION.finditer(behind)]
    if words:
        return " ".join(words)
    suffix = _SUFFIX.match(behind)
    if suffix is None or is_release(suffix["suffix"]):
        return None
    return suffix["suffix"].strip()
