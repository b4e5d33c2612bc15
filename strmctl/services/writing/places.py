"""Where a new entry goes: named by the templates, into the folder that its series has already.

The first episode of a series says how it is called and where it lies; a further season or language
needs no `--title`, and follows the file also where its owner has put it elsewhere.
"""

import re
from collections.abc import Mapping as Table, Sequence
from pathlib import PurePosixPath

from msgspec import Struct, structs

from strmctl.domain.identity import Identity
from strmctl.domain.library import library_path
from strmctl.domain.library.library_path import Naming
from strmctl.domain.library.naming import Templates
from strmctl.domain.mapping import Mapping
from strmctl.services.writing.entry import Entry
from strmctl.storage.tables.mappings import Mappings

Series = Table[tuple[str, str], Mapping]
"""By site and slug, one row of each series that is known."""

_NUMBERED = r"(?P<before>\D*?)(?P<number>\d{1,4})"


def of_their_series(
    entries: Sequence[Entry], rows: Table[Identity, Mapping], mappings: Mappings
) -> tuple[list[Entry], Series]:
    """The entries with what their series are called, and those series."""
    new = [entry.identity for entry in entries if entry.identity not in rows]
    series = mappings.series(new)
    return [_named(entry, series) for entry in entries], series


def _named(entry: Entry, series: Series) -> Entry:
    row = _row(entry, series)
    given = entry.naming
    # Another title may be another series: Star Trek Picard, Star Trek Discovery.
    if row is None or given.title not in (None, row.title):
        return entry
    ids = given.ids.or_else(row.ids)
    naming = structs.replace(
        given,
        title=row.title,
        year=given.year or row.year,
        tvdb_id=None if ids.tvdb is None else str(ids.tvdb),
        tmdb_id=None if ids.tmdb is None else str(ids.tmdb),
        imdb_id=ids.imdb,
    )
    return structs.replace(entry, naming=naming)


def _row(entry: Entry, series: Series) -> Mapping | None:
    return series.get((entry.identity.site, entry.identity.slug))


class Places(Struct, frozen=True):
    """Paths that an entry may have, the best first; relative to the library, with `/`."""

    templates: Templates
    rows: Table[Identity, Mapping]
    series: Series

    def of(self, entry: Entry) -> list[str]:
        """A file stays where it is unless the entry names another path."""
        # A path that the user insists on goes before every template.
        if entry.path is not None:
            return [entry.path]
        row = self.rows.get(entry.identity)
        if row is not None:
            return [row.strm_path]
        paths = library_path.paths(entry.identity, entry.naming, self.templates)
        sibling = _row(entry, self.series)
        if sibling is None or entry.identity.season is None or not _is_alike(entry.naming, sibling):
            return paths
        folder = self._folder(sibling, entry.identity.season)
        return [str(folder / PurePosixPath(path).name) for path in paths]

    def _folder(self, sibling: Mapping, season: int) -> PurePosixPath:
        """The folder of a season: that of the sibling, with its number changed."""
        folder = PurePosixPath(sibling.strm_path).parent
        if sibling.identity.season == season:
            return folder
        numbered = re.fullmatch(_NUMBERED, folder.name)
        if numbered and int(numbered["number"]) == sibling.identity.season:
            # Jellyfin reads "Season 1" and "Season 01": the owner's way stays.
            number = str(season).zfill(len(numbered["number"]))
            return folder.with_name(f"{numbered['before']}{number}")
        # Jellyfin and Kodi take a folder "Specials" for season 0.
        if self.templates.season and folder.name.lower() == "specials":
            return folder.with_name(self._season_name(sibling, season))
        return folder

    def _season_name(self, sibling: Mapping, season: int) -> str:
        """What [naming] calls the folder of another season of the sibling's series."""
        other = structs.replace(sibling.identity, season=season)
        path = library_path.paths(other, Naming().or_else(sibling), self.templates)[0]
        return PurePosixPath(path).parent.name


def _is_alike(naming: Naming, sibling: Mapping) -> bool:
    """Whether the entry is called as its series is, so that it belongs into its folder."""
    return (naming.title, naming.year, naming.ids) == (sibling.title, sibling.year, sibling.ids)
