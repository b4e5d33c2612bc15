"""Where the library has the files and folders that Sonarr and Radarr name, and whose they are.

A name of Windows is found in whatever case it is written, as Windows finds it.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import TypeVar

from strmctl.domain.library.arr_path import Spellings, file_candidates, folder_candidates
from strmctl.domain.library.path_spelling import WINDOWS, in_any_case
from strmctl.domain.mapping import Mapping as Row
from strmctl.domain.selection import Selection
from strmctl.settings.model import Settings
from strmctl.storage.files.library_tree import is_folder, strm_paths
from strmctl.storage.files.strm_file import LibraryFiles
from strmctl.storage.tables.mappings import Mappings

T = TypeVar("T")


class Places:
    """Made anew for each event, since the library changes."""

    def __init__(self, settings: Settings, mappings: Mappings, files: LibraryFiles) -> None:
        self._library, self._paths = settings.library, settings.arr.paths
        self._mappings, self._files = mappings, files

    def file(self, file: Spellings) -> str | None:
        """The file itself, whoever's it is."""
        return self._of_file(file, lambda places: next(filter(self._files.exists, places), None))

    def row(self, file: Spellings) -> Row | None:
        """To which row the file belongs or belonged, wherever it is now."""
        return self._of_file(file, self._row_at)

    def folder(self, folder: str) -> str | None:
        """Below the library's own root, where one series or film has its folder."""

        def find(places: Sequence[str]) -> str | None:
            return next((it for it in places if it and is_folder(self._library / it)), None)

        return self._of_folder(folder, find)

    def below(self, folder: str) -> tuple[str | None, list[Row]]:
        """The folder and the rows below it."""
        return self._of_folder(folder, self._rows_below) or (None, [])

    def _row_at(self, places: Sequence[str]) -> Row | None:
        known = self._mappings.at(places)
        return next((known[place] for place in places if place in known), None)

    def _rows_below(self, places: Sequence[str]) -> tuple[str, list[Row]] | None:
        found = ((place, self._mappings.below(place)) for place in places)
        return next((it for it in found if it[1]), None)

    def _of_file(self, file: Spellings, look: Callable[[Sequence[str]], T | None]) -> T | None:
        return self._look(file, file_candidates(file, str(self._library), self._paths), look)

    def _of_folder(self, folder: str, look: Callable[[Sequence[str]], T | None]) -> T | None:
        places = folder_candidates(folder, str(self._library), self._paths)
        return self._look([folder], places, look)

    def _look(
        self, file: Spellings, places: Sequence[str], look: Callable[[Sequence[str]], T | None]
    ) -> T | None:
        found = look(places)
        if found is not None or not any(map(WINDOWS.match, file)):
            return found
        return look([own for it in places for own in self._in_any_case.get(in_any_case(it), ())])

    @cached_property
    def _in_any_case(self) -> Mapping[str, Sequence[str]]:
        """The library's files and those of its rows, and their folders."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        rows = (row.strm_path for row in self._mappings.select(Selection()))
        known: set[str] = set()
        for path in chain(strm_paths(self._library), rows):
            while path and path not in known:
                known.add(path)
                found[in_any_case(path)].append(path)
                path = path.rpartition("/")[0]
        return found
