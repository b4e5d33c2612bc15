"""What a `.strm` that goes leaves behind: the files that belonged to it, folders with nothing in.

They are planned with the rest and go last, each only once its `.strm` is really gone. No `undo`
brings them back.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from strmctl.domain.change import Change, Finding, Step
from strmctl.domain.library.nfo_text import SERIES, is_ours
from strmctl.domain.library.sidecar import sidecars
from strmctl.errors import ItemError
from strmctl.storage.files.library_tree import empty_folders, names_in
from strmctl.storage.files.strm_file import LibraryFiles

SIDECAR, FOLDER = "removed_sidecar", "removed_folder"


class Leftovers:
    """`watch` the steps of a plan, then `clear`; `folders` are all empty ones of the library."""

    def __init__(self, library: Path, *, sidecars: bool, folders: bool) -> None:
        self._library = library
        self._files = LibraryFiles(library)
        self._takes_sidecars, self._takes_folders = sidecars, folders
        self._sidecars: dict[str, str] = {}
        self._series: list[str] = []
        self._folders: list[str] = []

    def watch(self, steps: Iterable[Step]) -> Iterator[Step]:
        gone: set[str] = set()
        for step in steps:
            if isinstance(step, Change) and self._goes(step):
                gone.add(step.strm_path)
            yield step
        if self._takes_sidecars:
            self._sidecars = dict(self._find_sidecars(gone))
            self._series = list(self._find_series(gone))
        if self._takes_folders:
            going = {*gone, *self._sidecars, *self._series}
            self._folders = list(empty_folders(self._library, going))

    def clear(self, *, dry_run: bool) -> Iterator[Finding]:
        """A finding for each; with `dry_run` nothing is removed."""
        for path, strm_path in self._sidecars.items():
            # The .strm may have stayed: then its .nfo and subtitles are still in use.
            if dry_run or not self._is_there(strm_path):
                yield self._cleared(path, dry_run=dry_run)
        for path in self._series:
            if dry_run or self._is_last(path, {path}):
                yield self._cleared(path, dry_run=dry_run)
        for folder in self._folders:
            if dry_run or self._remove_folder(folder):
                yield Finding(FOLDER, folder)

    def _goes(self, change: Change) -> bool:
        if change.changes_file:
            return change.file_after is None
        return change.row_after is None and not self._is_there(change.strm_path)

    def _find_sidecars(self, gone: set[str]) -> Iterator[tuple[str, str]]:
        """Their paths, each with that of its `.strm`."""
        folders: defaultdict[str, list[str]] = defaultdict(list)
        for strm_path in gone:
            folder, slash, name = strm_path.rpartition("/")
            folders[folder + slash].append(name)
        for folder, strm_names in sorted(folders.items()):
            names = [n for n in names_in(self._library / folder) if folder + n not in gone]
            for strm_name in sorted(strm_names):
                for name in sidecars(strm_name, names):
                    yield folder + name, folder + strm_name

    def _find_series(self, gone: set[str]) -> Iterator[str]:
        """strmctl's own `tvshow.nfo` files that have no series left."""
        seasons = {path.rpartition("/")[0] for path in gone}
        folders = seasons | {season.rpartition("/")[0] for season in seasons}
        for path in sorted(f"{folder}/{SERIES}" for folder in folders - {""}):
            if self._is_ours(path) and self._is_last(path, {*gone, *self._sidecars, path}):
                yield path

    def _is_ours(self, path: str) -> bool:
        try:
            return is_ours(self._files.read(path) or b"")
        except ItemError:
            return False

    def _is_last(self, path: str, going: set[str]) -> bool:
        """Whether its folder holds nothing but what is `going`."""
        found = (self._library / path).parent.rglob("*")
        files = (it for it in found if it.is_symlink() or not it.is_dir())
        return all(it.relative_to(self._library).as_posix() in going for it in files)

    def _cleared(self, path: str, *, dry_run: bool) -> Finding:
        """A sidecar that is gone, or why it is not."""
        try:
            if not dry_run:
                self._files.remove(path)
        except ItemError as error:
            return Finding("failed", path, str(error))
        return Finding(SIDECAR, path)

    def _remove_folder(self, folder: str) -> bool:
        try:
            # rmdir(2) refuses a folder that is not empty, so nothing can be lost by a race.
            (self._library / folder).rmdir()
        except FileNotFoundError:
            return True
        except OSError:  # something is in it by now
            return False
        return True

    def _is_there(self, path: str) -> bool:
        return os.path.lexists(self._library / path)
