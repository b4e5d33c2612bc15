"""What the model of a library plans and carries out, and files on which a process can end."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from strmctl.domain.change import Step
from strmctl.domain.identity import Identity
from strmctl.domain.mapping import Mapping as Row
from strmctl.domain.selection import Selection
from strmctl.errors import ItemError
from strmctl.services.changing import prune
from strmctl.services.changing.adoption import Adoption
from strmctl.services.changing.import_ import Importing
from strmctl.services.changing.rewrite import Rewriting
from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.files.strm_file import LibraryFiles

Planner = Callable[[Settings, Database, LibraryFiles], Iterable[Step]]


def _import(settings: Settings, database: Database, files: LibraryFiles) -> Iterable[Step]:
    return Importing(settings, database, files, Adoption()).plan()


def _rewrite(settings: Settings, database: Database, files: LibraryFiles) -> Iterable[Step]:
    return Rewriting(settings).plan(database, files, Selection())


def _overwrite(settings: Settings, database: Database, files: LibraryFiles) -> Iterable[Step]:
    return Rewriting(settings, overwrite=True).plan(database, files, Selection())


def _prune(settings: Settings, database: Database, files: LibraryFiles) -> Iterable[Step]:
    return prune.plan(settings, database, files, force=True)


PLANNERS: Mapping[str, Planner] = {
    "import": _import,
    "rewrite": _rewrite,
    "overwrite": _overwrite,
    "prune": _prune,
}


class Crash(BaseException):
    """The process is gone."""


class CrashingFiles(LibraryFiles):
    """Breaks off before or after the file that it is told to."""

    def __init__(self, root: Path, left: int, *, after: bool) -> None:
        super().__init__(root)
        self._left, self._after = left, after

    def write_all(
        self, contents: Mapping[str, bytes], moved_from: Mapping[str, str] | None = None
    ) -> dict[str, ItemError]:
        failed: dict[str, ItemError] = {}
        for path, content in contents.items():
            self._come_to(before=True)
            failed |= super().write_all({path: content}, moved_from)
            self._come_to(before=False)
        return failed

    def remove(self, strm_path: str) -> bool:
        self._come_to(before=True)
        removed = super().remove(strm_path)
        self._come_to(before=False)
        return removed

    def _come_to(self, *, before: bool) -> None:
        if before:
            self._left -= 1
        if self._left == 0 and before is not self._after:
            raise Crash


@dataclass(frozen=True)
class Snapshot:
    """Files by path, rows by identity."""

    files: dict[str, bytes]
    rows: dict[Identity, Row]
