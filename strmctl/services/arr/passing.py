"""Where a file was put and is not any more, its row goes: the next event looks for it there.

Both may rename a file and delete it while a run holds the lock, and the deletion names the new path
alone. Whose file it was, the event says by where it lay, or else by its episode or film.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from strmctl.domain.library.arr_event import ArrEvent
from strmctl.domain.library.arr_path import Spellings, file_candidates, mapped, mapping_of
from strmctl.domain.mapping import Mapping
from strmctl.errors import ItemError
from strmctl.services.arr.places import Places
from strmctl.services.library.ownership import is_foreign
from strmctl.settings.model import Settings
from strmctl.storage.files.strm_file import LibraryFiles
from strmctl.storage.tables.mappings import Mappings

Passed = dict[Spellings, tuple[str, Mapping]]
"""By the file, its place in the library and the row that it was of."""


class Passing(Struct, frozen=True):
    settings: Settings
    places: Places
    mappings: Mappings
    files: LibraryFiles

    def of(self, event: ArrEvent, absent: Sequence[Spellings]) -> Passed:
        """Of the files that are `absent`, where in the library they have been, and whose they were.

        A row whose own file is in its place stays there, and so is not among them.
        """
        found: Passed = {}
        for file in absent:
            row = self._row_before(event, file)
            place = row and self._place(event, file, row)
            if row and place and place != row.strm_path:
                found[file] = place, row
        return found

    def _row_before(self, event: ArrEvent, file: Spellings) -> Mapping | None:
        named = self.places.row(event.before.get(file, ()))
        if named is not None:
            return named if self._lacks_its_file(named) else None
        # An import of several files does not say which of its episodes is which file.
        if len(event.present) > 1 or self.places.row(file) is not None:
            return None
        replaced = [row for gone in event.gone if (row := self.places.row(gone)) is not None]
        lacking = list(filter(self._lacks_its_file, replaced or self._episode(event)))
        return lacking[0] if len(lacking) == 1 else None

    def _episode(self, event: ArrEvent) -> list[Mapping]:
        """All languages and providers of the episode or film that was imported."""
        _, below = self.places.below(event.folder or "")
        wanted: set[tuple[int | None, int | None]] = {*event.episodes} or {(None, None)}
        return [row for row in below if (row.identity.season, row.identity.episode) in wanted]

    def _place(self, event: ArrEvent, file: Spellings, row: Mapping) -> str | None:
        before = event.before.get(file, ())
        # Radarr has sent the path from before as `path`, beside the new `relativePath`.
        for path in (path for path in file if path not in before):
            for paths in self._folders(event, before, row):
                if mapped(path, paths) is not None:
                    return next(iter(file_candidates([path], "", paths)), None)
        return None

    def _folders(
        self, event: ArrEvent, before: Spellings, row: Mapping
    ) -> Iterator[Sequence[tuple[str, str]]]:
        """Their folders and the library's, the surest first."""
        yield self.settings.arr.paths
        for path in before:
            if (pair := mapping_of(path, [row.strm_path])) is not None:
                yield [pair]
        place, _ = self.places.below(event.folder or "")
        if event.folder is not None and place is not None:
            yield [(event.folder, place)]
        yield [(str(self.settings.library), "")]

    def _lacks_its_file(self, row: Mapping) -> bool:
        content = self.files.read_all([row.strm_path])[row.strm_path]
        if isinstance(content, ItemError):
            return False
        # Another file may have its name by now.
        return content is None or is_foreign(content, [row], self.mappings)
