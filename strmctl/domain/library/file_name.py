"""What a path in a library says of the episode or film: structure first, and doubt where it is
not clear.

The forms of `domain/names` are tried from the strongest to the weakest.
"""

import re
from functools import lru_cache

from msgspec import Struct, structs

from strmctl.domain.external_ids import NO_IDS, ExternalIds
from strmctl.domain.library.library_path import EXTENSION, is_strm
from strmctl.domain.names import (
    bare,
    borne,
    extras,
    film,
    folders,
    hundreds,
    marks,
    numbers,
    packs,
    phrases,
    unclear,
    words,
    written,
)
from strmctl.domain.names.folders import Folders
from strmctl.domain.names.languages import is_language, language
from strmctl.domain.names.marks import Mark
from strmctl.domain.names.written import Written, slug

__all__ = ["FileName", "read", "slug"]

_HALF = re.compile(r"\.5(?![^\W_])")
_EPISODE_PART = re.compile(r"[ ._-](?:pt|part|cd|disc|disk)(?:\d|[a-d])$", re.IGNORECASE)

_COUNTED_TWICE = "its number may count on over seasons: put it into a folder of the series' name"
_IS_EXTRA = "an extra, neither an episode nor a film: it is left alone"
_DATED = "its name holds a date but no episode number: rename it"
_NO_NUMBER = "its name holds no episode number: rename it"
_LANGUAGE = "its title may end in a language: put the year in brackets behind the title"
_MAY_BE_FILM = "it may be a film: put the year in brackets, or write the episode S01E02"
_WHOLE = "its name holds a whole season, no episode number: rename it"


class FileName(Struct, frozen=True):
    """None for what the path does not say; of several episodes in one file the first, and
    `holds_several`.

    `language` is a code such as "de". A film has neither season nor episode; `is_movie` is False
    too for an episode whose number cannot be read. `edition` makes another film of it, `version`
    only where there are two. With a `doubt`, which says what to do, nothing is to be made of it.
    """

    title: str | None = None
    year: int | None = None
    season: int | None = None
    episode: int | None = None
    language: str | None = None
    is_movie: bool = False
    holds_several: bool = False
    ids: ExternalIds = NO_IDS
    edition: str | None = None
    version: str | None = None
    doubt: str | None = None


def read(strm_path: str, *, wants_language: bool = True) -> FileName:
    """`strm_path` is relative to the library, with `/`; never raises."""
    *above, name = written.in_plain_letters(strm_path).split("/")
    if is_strm(name):
        name = name[: -len(EXTENSION)]
    # `Film.mkv.strm`: tools that mirror a remote folder keep the film's extension.
    name = words.without_video_extension(name)
    if above and film.bears_name_of(above[-1], name) and not folders.is_season(above):
        found = _unmarked(name, Folders(series=written.read_release(above[-1])))
    else:
        found = _read_in(_folders(tuple(above)), name)
    return found if wants_language else structs.replace(found, language=None)


@lru_cache(maxsize=1024)
def _folders(above: tuple[str, ...]) -> Folders:
    return folders.read(above)


def _read_in(where: Folders, name: str) -> FileName:
    hidden, without_title = borne.hide(name, where)
    found = _read(hidden, without_title)
    if hidden != name and where.series is not None and where.series.title is not None:
        title, doubt = (
            text and text.replace(borne.STAND_IN, where.series.title)
            for text in (found.title, found.doubt)
        )
        found = structs.replace(found, title=title, doubt=doubt)
    if found.doubt is not None or not found.is_movie or found.title is None:
        return found
    return structs.replace(
        found, doubt=unclear.of_film(name, found.title, found.year, where.series)
    )


def _read(name: str, where: Folders) -> FileName:
    mark = marks.find(name) or where.mark
    return _unmarked(name, where) if mark is None else _episode(name, mark, where)


def _unmarked(name: str, where: Folders) -> FileName:
    if where.is_extras or extras.is_named(name) or _is_the_film_s_trailer(name, where):
        return _doubtful(name, where, _IS_EXTRA)
    if not where.holds_season and (_is_the_folder_s(name, where) or film.ends_in_year(name)):
        return _film(name, where)
    return _numbered(name, where)


def _is_the_film_s_trailer(name: str, where: Folders) -> bool:
    """`Film (2010)/trailer`, but not `Trailer/Trailer`."""
    folder = where.series
    if folder is None:
        return False
    is_own = not _is_the_folder_s(name, where) and extras.is_all(name)
    # In "Interviews/Making of" it may be anything; a film's folder has its year, and a film of
    # another year has a name of its own: "Bond Collection (1962)/The Interview (2014)".
    is_a_film_s = folder.has_year_in_brackets and not (folder.is_of_years or where.holds_season)
    is_a_film_s = is_a_film_s and written.read_release(name).year in (None, folder.year)
    return is_own or (is_a_film_s and extras.is_a_film_s(name, folder.title or ""))


def _numbered(name: str, where: Folders) -> FileName:
    if bare.is_special(name) and not film.ends_in_year(name):
        return _doubtful(name, where, "a special without a number: rename it")
    if (mark := phrases.find(name)) is not None:
        episode = _episode(name, mark, where)
        doubt = episode.doubt or (_MAY_BE_FILM if _may_be_film(name, mark, where) else None)
        return structs.replace(episode, doubt=doubt)
    if numbers.DATE.search(name) or where.is_dated:
        return _doubtful(name, where, _DATED)
    if packs.is_batch(name):
        return _doubtful(name, where, _WHOLE)
    if (found := bare.find(name, where)) is not None:
        episode = _episode(name, _hundreds(found.mark, where), where)
        return structs.replace(episode, doubt=episode.doubt or found.doubt)
    if where.holds_season:
        return _guessed(name, where) or _doubtful(name, where, _NO_NUMBER)
    if _is_whole(name):
        return _doubtful(name, where, _WHOLE)
    if (guessed := _guessed(name, where)) is not None:
        return guessed
    if (doubt := unclear.find(name, where.series)) is not None:
        return _doubtful(name, where, doubt)
    return _film(name, where)


def _may_be_film(name: str, mark: Mark, where: Folders) -> bool:
    """`Star.Wars.Episode.1.The.Menace.1999.1080p`: a film, or an episode of that year."""
    is_open = where.series is None and mark.season is None
    # "5of9" counts nothing but episodes.
    is_word = not name[len(mark.before) :][:1].isdigit()
    return is_open and is_word and film.is_dated(mark.after)


def _is_whole(name: str) -> bool:
    is_said = phrases.holds_season(name) or folders.holds_worded_season(name)
    return is_said or packs.is_one(name)


def _hundreds(mark: Mark, where: Folders) -> Mark:
    """The old way to write S01E02 in a season's folder: "Season 1/Show - 102"."""
    hundreds, rest = divmod(mark.episode, 100)
    if where.season and hundreds == where.season and rest and mark.last is None:
        return structs.replace(mark, episode=rest)
    return mark


def _episode(name: str, mark: Mark, where: Folders) -> FileName:
    own = written.read(numbers.before_date(_without_season(mark)), dotted_year=True)
    if mark.season is None and own.title is not None:
        # "Show S2 (2019) - 11".
        title, counted = phrases.season_at_end(own.title)
        if counted is not None:
            own = structs.replace(own, title=title.rstrip(" -"))
            mark = structs.replace(mark, season=counted)
    series, doubt = _series(own, where)
    season = mark.season if mark.season is not None else where.season
    # Specials may lie in a season's folder, never the other way round.
    if where.season is not None and mark.season and mark.season != where.season:
        doubt = doubt or (
            f"its name says season {mark.season}, its folder season {where.season}: rename one"
        )
    names = f"{own.title} {where.series and where.series.title}"
    is_unsure = where.is_part or (where.is_maybe_season and own.title is None)
    if season is None and (is_unsure or phrases.FINAL.search(names)):
        doubt = doubt or "its season has no number: put it into a folder `Season N`"
    doubt = doubt or _other_season(mark) or _doubt_of(mark)
    if where.series is None and marks.counts_on(name, mark):
        doubt = doubt or _COUNTED_TWICE
    ids = written.external_ids(mark.after).or_else(own.ids).or_else(series.ids)
    return FileName(
        title=series.title,
        year=series.year,
        season=1 if season is None else season,
        episode=mark.episode,
        language=language(mark.after) or where.language,
        holds_several=mark.last is not None,
        ids=ids,
        doubt=doubt,
    )


def _other_season(mark: Mark) -> str | None:
    """`Title - Season 2 [720p][Cap.1901]` contradicts itself."""
    _, said = _said_before(mark)
    # "Series.2012.S02E17" is called "Series".
    if said is None or mark.season is None or said == mark.season or said > 1900:
        return None
    return f"its name says season {said} and season {mark.season}: rename it"


def _doubt_of(mark: Mark) -> str | None:
    if _HALF.match(mark.after):
        return "its number is that of half an episode: number it as a special"
    if _EPISODE_PART.search(mark.after):
        return "one part of several of an episode: join them"
    if extras.is_behind_mark(mark.after):
        return _IS_EXTRA
    return None


def _without_season(mark: Mark) -> str:
    """`Title Season 1` before `S01E02` says the season twice."""
    title, season = _said_before(mark)
    return title if season is not None and season == mark.season else mark.before


def _said_before(mark: Mark) -> tuple[str, int | None]:
    """`Title - Temporada 1 [HDTV 720p][Cap.102]`, `Title.Temp.1.720p.HDTV[Cap.102]`."""
    before = re.sub(r"(?:\s*\[[^\[\]]*\])*[\s\[(]*$", "", mark.before)
    parts = re.split(r"([ ._]+)", before)
    while len(parts) > 2 and words.is_release(parts[-1]):
        parts = parts[:-2]
    return phrases.season_at_end("".join(parts))


def _series(own: Written, where: Folders) -> tuple[Written, str | None]:
    """Whose name counts, the file's or the folder's, and what is doubted."""
    folder = where.series
    if folder is None or folder.title is None:
        return own, None
    if where.named is not None and not _is_one_name(where.named, folder):
        # "Shows of Mine/Show Season 1/Show S01E02": two of three agree.
        if own.title is not None and _is_one_name(own, where.named):
            return where.named, None
        return folder, (
            f"its folders name {folder.title!r} and {where.named.title!r}: "
            "which of them is the series?"
        )
    if own.title is None:
        return folder, None
    if where.shelf is not None and own.slug != where.shelf.slug:
        return own, None
    mine, theirs = slug(own.title), slug(folder.title)
    if mine == theirs:
        return structs.replace(folder, year=folder.year or own.year), None
    alike = mine.startswith(theirs) or theirs.startswith(mine)
    # `Star Trek - Picard (2020)`: the folder names the series (docs/peers.md, row 73).
    is_sure = where.holds_season or folder.has_year_in_brackets or bool(folder.ids)
    if is_sure or (alike and not written.is_spin_off(own.title, folder.title)):
        # The folder is the series' own: media servers name the series by it.
        return folder, None
    shares_words = not alike and bool(set(mine.split("-")) & set(theirs.split("-")))
    if shares_words or _initials(theirs) == mine:
        return folder, None
    return own, (
        f"its name says {own.title!r}, its folder {folder.title!r}: which of them is the series?"
    )


def _is_one_name(one: Written, other: Written) -> bool:
    mine, theirs = slug(one.title or ""), slug(other.title or "")
    shared = set(mine.split("-")) & set(theirs.split("-"))
    return bool(shared) or mine in theirs or theirs in mine or _initials(theirs) == mine


def _initials(key: str) -> str:
    return "".join(part[:1] for part in key.split("-"))


def _film(name: str, where: Folders) -> FileName:
    found = film.read(name, where)
    title = found.written.title
    if title is not None and _ends_in_language(title, name):
        return _doubtful(name, where, _LANGUAGE)
    only_number = found.written.year is None and title is not None and title.isdecimal()
    # `Movies/German.strm` says nothing of a film, `German/German.strm` does.
    only_language = title is not None and is_language(title) and found.written.year is None
    if (only_number or only_language) and not _is_the_folder_s(name, where):
        title = None
    doubt = (
        "it may be one part of several: add a year if it is a film of its own"
        if found.part or where.is_disc
        else None
    )
    return FileName(
        title=title,
        year=found.written.year if title else None,
        language=found.language,
        is_movie=True,
        ids=found.written.ids,
        edition=found.edition,
        version=found.version,
        doubt=doubt,
    )


def _ends_in_language(title: str, name: str) -> bool:
    """`Film.German.2010.AC3`: of a release, the language; `Speak English (2010)` is a title."""
    return " " in title and is_language(title.split()[-1]) and " " not in name and "." in name


def _is_the_folder_s(name: str, where: Folders) -> bool:
    """The file is called as its folder is: a film, whatever numbers are in its name."""
    folder = where.series
    if folder is None or folder.title is None:
        return False
    own, released = written.read(name), written.read_release(name)
    # `Show (2019)/Show (2019) - 05` is an episode.
    if film.is_numbered(own.rest if own.has_year_in_brackets else released.rest):
        return False
    # `Room 237 (2012)/Room.237.1080p`: the number is the title's.
    return bool({own.slug, released.slug} & {folder.slug, slug(folder.title)})


def _doubtful(name: str, where: Folders, doubt: str) -> FileName:
    own = where.series or written.read(numbers.DATE.split(name)[0], dotted_year=True)
    return FileName(title=own.title, year=own.year, ids=own.ids, doubt=doubt)


def _guessed(name: str, where: Folders) -> FileName | None:
    found = hundreds.find(name)
    if found is None or (where.season is not None and where.season != found.season):
        return None
    series, doubt = _series(written.read(found.title), where)
    if found.holds_several:
        doubt = doubt or "its name may hold several episodes: rename it"
    return FileName(
        series.title, series.year, found.season, found.episode, ids=series.ids, doubt=doubt
    )
