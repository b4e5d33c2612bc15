"""Forgets mappings and removes their files; a file that holds something else stays."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import islice

from strmctl.domain.change import Action, Change, Finding, Step
from strmctl.domain.mapping import Mapping
from strmctl.domain.selection import Selection
from strmctl.errors import ItemError
from strmctl.services.changing.change_run import change_one
from strmctl.services.library.find import each
from strmctl.services.library.ownership import is_foreign
from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.files.strm_file import Content, LibraryFiles
from strmctl.storage.tables.mappings import Mappings

_BATCH = 1000

KEPT = "kept"


def remove_one(settings: Settings, mapping_id: int, *, wait: timedelta) -> None:
    """As `strmctl remove ID` does; see `change_one`."""
    change_one(settings, "remove", mapping_id, Removing(settings).of_selection, wait=wait)


class Removing:
    """A planner; `keep_files` forgets the mappings alone."""

    def __init__(self, settings: Settings, *, keep_files: bool = False) -> None:
        self._settings = settings
        self._keep_files = keep_files

    def of_selection(
        self, database: Database, files: LibraryFiles, selection: Selection
    ) -> Iterator[Step]:
        mappings = Mappings(database)
        return self._plan(mappings, files, mappings.select(selection))

    def of_names(
        self, database: Database, files: LibraryFiles, names: Sequence[str]
    ) -> Iterator[Step]:
        """`names` are ids and paths; one that names nothing is a finding."""
        mappings = Mappings(database)
        found = list(each(mappings, names, self._settings.library))
        yield from (item for item in found if isinstance(item, Finding))
        rows = (item for item in found if not isinstance(item, Finding))
        yield from self._plan(mappings, files, rows)

    def _plan(
        self, mappings: Mappings, files: LibraryFiles, selected: Iterable[Mapping]
    ) -> Iterator[Step]:
        rows = iter(selected)
        while batch := list(islice(rows, _BATCH)):
            contents = {} if self._keep_files else files.read_all(row.strm_path for row in batch)
            for row in batch:
                yield from self._steps(row, contents.get(row.strm_path), mappings)

    def _steps(self, row: Mapping, content: Content, mappings: Mappings) -> Iterator[Step]:
        if isinstance(content, ItemError):
            yield Finding(KEPT, row.strm_path, f"the file stays: {content}", row)
            content = None
        # A person may have put a file of their own at this path.
        elif is_foreign(content, (row,), mappings):
            yield Finding(KEPT, row.strm_path, "the file stays: it holds something else", row)
            content = None
        yield Change(Action.REMOVED, row.strm_path, row_before=row, file_before=content)
