"""A walk over the whole library reports whatever is odd, and goes on."""

import os
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path

from strmctl.domain.library.library_path import is_strm
from strmctl.storage.files.library_tree import is_passed_over

_SECONDS_OF_A_WRITE = 60


class Oddity(StrEnum):
    UNREADABLE = "unreadable"
    """A folder whose files cannot be seen."""
    LEFTOVER = "leftover"
    """A temporary file of a run that was killed."""
    LINK = "link"
    """A symbolic link that leads out of the library."""
    SAME_NAME = "same name"
    """Differs from another name beside it in case or Unicode form alone."""
    UNDECODABLE = "undecodable"
    """A name that is not UTF-8."""


class LibrarySurvey:
    """`report` is given each oddity, its path and a word about it; names are fit for JSON."""

    def __init__(self, library: Path, report: Callable[[Oddity, str, str], None]) -> None:
        self._library = library
        self._real = os.path.realpath(library)
        self._report = report
        self.is_complete = True
        """False once a folder could not be read."""
        self.newest = 0.0
        """When the last `.strm` was changed, by the file system's clock (epoch seconds)."""

    def strm_paths(self, below: str = "") -> Iterator[str]:
        """As `library_tree.strm_paths`, without what is odd."""
        entries = self._entries(below)
        self._report_same_names(below, entries)
        for entry in entries:
            path = f"{below}/{entry.name}" if below else entry.name
            if self._is_odd(entry, path) or is_passed_over(entry.name):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from self.strm_paths(path)
            elif is_strm(entry.name):
                self._note_time(entry)
                yield path

    def _entries(self, below: str) -> Sequence[os.DirEntry[str]]:
        try:
            with os.scandir(self._library / below) as found:
                return sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            self.is_complete = False
            self._report(Oddity.UNREADABLE, below or ".", error.strerror or "")
            return ()

    def _is_odd(self, entry: os.DirEntry[str], path: str) -> bool:
        if not _is_text(entry.name):
            # A lone surrogate cannot be printed or put into JSON.
            shown = os.fsencode(path).decode("utf-8", "replace")
            self._report(Oddity.UNDECODABLE, shown, "")
        elif _is_leftover(entry):
            self._report(Oddity.LEFTOVER, path, "")
        elif entry.is_symlink() and not self._is_inside(entry):
            self._report(Oddity.LINK, path, "")
        else:
            return False
        return True

    def _is_inside(self, entry: os.DirEntry[str]) -> bool:
        return Path(os.path.realpath(entry.path)).is_relative_to(self._real)

    def _report_same_names(self, below: str, entries: Sequence[os.DirEntry[str]]) -> None:
        seen: dict[str, str] = {}
        for entry in entries:
            name = entry.name
            if name.startswith(".") or not _is_text(name):
                continue
            # One name to Windows shares and macOS disks, two to Linux.
            other = seen.setdefault(unicodedata.normalize("NFC", name).casefold(), name)
            if other != name:
                self._report(Oddity.SAME_NAME, f"{below}/{name}" if below else name, other)

    def _note_time(self, entry: os.DirEntry[str]) -> None:
        try:
            self.newest = max(self.newest, entry.stat(follow_symlinks=False).st_mtime)
        except FileNotFoundError:
            return


def _is_leftover(entry: os.DirEntry[str]) -> bool:
    """One that is younger than a minute may belong to a run that is writing now."""
    if not (entry.name.startswith(".strmctl-") and entry.name.endswith(".tmp")):
        return False
    try:
        age = time.time() - entry.stat(follow_symlinks=False).st_mtime
    except FileNotFoundError:
        return False
    return age > _SECONDS_OF_A_WRITE


def _is_text(name: str) -> bool:
    # Python writes bytes that are no UTF-8 as lone surrogates (PEP 383).
    return not any("\ud800" <= char <= "\udfff" for char in name)
