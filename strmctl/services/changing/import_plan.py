"""What `import` would make of each file, as a CSV that people settle and `--apply` carries out.

    path, site, slug, title, year, season, episode, language, provider, imdb, tvdb, tmdb, note

An empty field is as `import` reads it; a line that is taken out leaves its file alone.
"""

import csv
from collections.abc import Collection, Iterable, Iterator, Mapping as Table
from typing import TextIO

from msgspec import Struct, structs

from strmctl.domain.change import Action, Change, Step
from strmctl.domain.counted import quoted
from strmctl.domain.external_ids import NO_IDS, ExternalIds
from strmctl.domain.identity import parse_number
from strmctl.domain.library import file_name, library_path
from strmctl.domain.library.file_name import FileName
from strmctl.errors import StrmctlError, UsageError

COLUMNS = (
    "path", "site", "slug", "title", "year", "season", "episode", "language", "provider", "imdb",
    "tvdb", "tmdb", "note",
)  # fmt: skip
_UNSETTLED = ("bad", "conflict")


class Settled(Struct, frozen=True):
    """What a line of a plan says of a file; None is as its name says."""

    title: str | None = None
    year: int | None = None
    season: int | None = None
    episode: int | None = None
    site: str | None = None
    slug: str | None = None
    language: str | None = None
    provider: str | None = None
    ids: ExternalIds = NO_IDS

    def over(self, name: FileName) -> FileName:
        """The line is whole for its numbers: without them it is a film. Raises UsageError."""
        title = self.title or name.title
        if title is None and self.slug is None:
            raise UsageError("its line in the plan holds no title")
        # A season alone would silently make a film of an episode.
        if (self.season is None) != (self.episode is None):
            raise UsageError("its line in the plan holds a season or an episode without the other")
        return structs.replace(
            name,
            title=title,
            year=self.year if self.title else self.year or name.year,
            season=self.season,
            episode=self.episode,
            is_movie=self.episode is None,
            ids=self.ids.or_else(name.ids),
            edition=name.edition if self.episode is None else None,
            version=None,
            doubt=None,
        )


def lines(steps: Iterable[Step]) -> Iterator[dict[str, object]]:
    """A line for each file that would be adopted or that needs somebody to settle it."""
    for step in steps:
        if isinstance(step, Change):
            if step.action is Action.ADOPTED and step.row_after is not None:
                row = step.row_after
                named = {"title": row.title, "year": row.year, **row.ids.record()}
                yield {"path": step.strm_path, **row.identity.fields(), **named, "note": ""}
        elif step.kind in _UNSETTLED:
            name = file_name.read(step.strm_path)
            named = {"title": name.title, "year": name.year, **name.ids.record()}
            place = {"season": name.season, "episode": name.episode, "language": name.language}
            yield {"path": step.strm_path, **named, **place, "note": step.reason}


def write(file: TextIO, found: Iterable[Table[str, object]]) -> int:
    """How many lines."""
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    writer.writeheader()
    number = 0
    for number, line in enumerate(found, 1):  # noqa: B007 - the last one is the answer
        writer.writerow({name: "" if line.get(name) is None else line[name] for name in COLUMNS})
    return number


def _check_columns(found: Collection[str]) -> None:
    unknown = set(found) - set(COLUMNS)
    if "path" not in found or unknown:
        named = f"unknown column {quoted(*sorted(unknown))}" if unknown else "no column 'path'"
        raise UsageError(f"line 1: {named}: a plan has the columns {', '.join(COLUMNS)}")


def read(file: TextIO) -> dict[str, Settled]:
    """By path; raises UsageError that names the line."""
    reader = csv.DictReader(file)
    _check_columns(reader.fieldnames or ())
    plan: dict[str, Settled] = {}
    for fields in reader:
        try:
            path, settled = _line(fields)
            if path in plan:
                raise UsageError(f"{path!r} stands there twice")
        except StrmctlError as error:
            raise UsageError(f"line {reader.line_num}: {error}") from None
        plan[path] = settled
    return plan


def _line(fields: Table[str, str | None]) -> tuple[str, Settled]:
    text = {name: (fields.get(name) or "").strip() or None for name in COLUMNS}

    def number(name: str) -> int | None:
        value = text[name]
        return None if value is None else parse_number(name, value)

    # A plan comes from a spreadsheet: `../` in it must not lead out of the library.
    path = library_path.explicit(fields.get("path") or "")
    naming = library_path.Naming(
        title=text["title"],
        year=number("year"),
        tvdb_id=text["tvdb"],
        tmdb_id=text["tmdb"],
        imdb_id=text["imdb"],
    )
    return path, Settled(
        title=text["title"],
        year=naming.year,
        season=number("season"),
        episode=number("episode"),
        site=text["site"],
        slug=text["slug"],
        language=text["language"],
        provider=text["provider"],
        ids=naming.ids,
    )
