"""A `.strm` is old or new, never half, and nothing outside the library is read or written.

Content that is there already is not written again: its mtime stays, media servers do not rescan.
"""

import errno
import fcntl
import os
import stat
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import cache, partial
from itertools import count
from pathlib import Path

from strmctl.domain.library.sidecar import sidecars
from strmctl.domain.notice import FileChange
from strmctl.errors import ItemError
from strmctl.storage.files.attributes import follow_folder, of_file
from strmctl.storage.files.durable import make_folder, replace_file, sync
from strmctl.storage.files.library_tree import trouble_with

MAX_BYTES = 64 * 1024
"""More than this is no `.strm`: it is refused rather than read."""

_TEMPORARY = ".strmctl-{run}-{number}.tmp"
_TEMPORARIES = ".strmctl-*.tmp"
# A disk settles fsyncs together if they come together: 8 take half the time of 1.
_THREADS = 8
_FILES_A_TASK = 16

Content = bytes | ItemError | None
"""What a file holds, None where there is none, or why it is not read."""

Recording = Callable[[Mapping[str, FileChange]], AbstractContextManager[set[str]]]
"""Entered before files are changed, left after it; it is given the paths that were not."""


class LibraryFiles:
    """The files below one library; `strm_path` is relative to it, with `/`. `recording` is told
    of every change, before it is made.

    What concerns one file is an ItemError: raised by the methods for one, answered by those
    for many.
    """

    def __init__(self, root: Path, recording: Recording | None = None) -> None:
        self._root = root
        self._recording = recording
        self._run = os.urandom(8).hex()
        self._numbers = count()
        self._inside: set[Path] = set()
        self._swept: set[Path] = set()

    @property
    def root(self) -> Path:
        return self._root

    def check_there(self) -> None:
        """Raises ItemError where there is no library: what is unmounted is not made anew."""
        if trouble := trouble_with(self._root):
            raise ItemError(
                f"{self._root}: the library {trouble}: mount it, or set `library` (deleted for "
                f"good? `mkdir -p {self._root}`, then `strmctl prune --force`)"
            )

    def check_writable(self) -> None:
        """Make the library if it is missing; raises ItemError where it cannot be written."""
        try:
            make_folder(self._root)
        except OSError as error:
            raise ItemError(f"{self._root}: cannot be the library: {error.strerror}") from error
        if not self.is_writable():
            raise ItemError(f"{self._root}: the library cannot be written: check its permissions")

    def is_writable(self) -> bool:
        return os.access(self._root, os.W_OK | os.X_OK)

    def exists(self, strm_path: str) -> bool:
        """False only where it is certain that nothing is there, be it unreadable."""
        try:
            (self._root / strm_path).lstat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            return True
        return True

    def is_inside(self, folder: str | Path) -> bool:
        """False where a symbolic link leads out of the library."""
        # Not Path.resolve: it raises RuntimeError for a loop of links.
        real = Path(os.path.realpath(self._root / folder))
        return real.is_relative_to(os.path.realpath(self._root))

    def is_one(self, strm_path: str, other: str) -> bool:
        """Whether both name one file, as through links or on a disk that takes upper and lower
        case for the same; hard links are two."""
        one, two = self._root / strm_path, self._root / other
        try:
            status = one.lstat()
            return os.path.samestat(status, two.lstat()) and (
                # A disk that ignores case shows one inode under both names, and one link.
                status.st_nlink == 1
                or (one.parent.samefile(two.parent) and _folded(one.name) == _folded(two.name))
            )
        except OSError:
            return False

    def places(self, strm_paths: Iterable[str]) -> dict[str, str]:
        """Those that have the same may name one file, those that have not do not; the files need
        not be there."""
        real = cache(os.path.realpath)
        return {
            path: _folded(f"{real(self._root / folder)}/{name}")
            for path in strm_paths
            for folder, _, name in (path.rpartition("/"),)
        }

    def read(self, strm_path: str) -> bytes | None:
        """None where there is no such file."""
        file = self._root / strm_path
        with _explained(strm_path):
            self._check_inside(file.parent)
            try:
                return _read_plain(file, strm_path)
            except (FileNotFoundError, NotADirectoryError):
                return None

    def read_all(self, strm_paths: Iterable[str]) -> dict[str, Content]:
        return {strm_path: self._content(strm_path) for strm_path in strm_paths}

    def replace(self, strm_path: str, content: bytes) -> bool:
        """Make the file hold `content`; False where it does so already."""
        if self.read(strm_path) == content:
            return False
        for error in self.write_all({strm_path: content}).values():
            raise error
        return True

    def write_all(
        self, contents: Mapping[str, bytes], moved_from: Mapping[str, str] | None = None
    ) -> dict[str, ItemError]:
        """Write them all, durable on return; the answer holds those that failed.

        A file that is replaced keeps owner, group, mode and extended attributes; a new one takes
        those of the file that it was `moved_from`, or follows its folder. Raises ItemError where
        there is no library.
        """
        if not contents:
            return {}
        folders = {strm_path: (self._root / strm_path).parent for strm_path in contents}
        self.check_there()
        unusable = self._make_folders(set(folders.values()))
        failed = {path: unusable[at] for path, at in folders.items() if at in unusable}
        usable = set(folders.values()) - unusable.keys()
        items = [item for item in contents.items() if item[0] not in failed]
        with self._announced(usable), self._recorded([path for path, _ in items]) as unwritten:
            errors = self._write_in_threads(items, moved_from or {})
            unwritten |= errors.keys()
            failed |= errors
            for folder in usable:
                sync(folder)
        return failed

    def remove(self, strm_path: str) -> bool:
        """Remove the file, and the folders that are empty then; False where there was none."""
        file = self._root / strm_path
        with _explained(strm_path):
            self._check_inside(file.parent)
            try:
                self._unlink(strm_path)
            except FileNotFoundError:
                return False
            sync(file.parent)
            _remove_empty(file.parent, self._root)
        return True

    def move_sidecars(self, old: str, new: str) -> None:
        """What belongs to the `.strm` that was at `old` alone follows it; nothing is replaced."""
        source, target = self._root / old, self._root / new
        with _explained(old):
            self._check_inside(source.parent)
            # The last file of a folder takes it along.
            found = list(source.parent.iterdir()) if source.parent.is_dir() else []
            for name in sidecars(source.name, [path.name for path in found]):
                place = target.with_name(target.stem + name.removeprefix(source.stem))
                if not os.path.lexists(place):
                    (source.parent / name).rename(place)
            _remove_empty(source.parent, self._root)

    def remove_leftover(self, path: str) -> None:
        """Remove a temporary file that a killed run has left; ItemError while a run is writing."""
        with self._announced([(self._root / path).parent]):
            if self.exists(path):
                raise ItemError(f"{path}: another run is writing now")

    def _unlink(self, strm_path: str) -> None:
        # Announced first: after a kill a media server is told too much, never too little.
        with self._recorded([strm_path], FileChange.DELETED) as kept:
            try:
                (self._root / strm_path).unlink()
            except OSError:
                kept.add(strm_path)
                raise

    def _recorded(
        self, strm_paths: Iterable[str], change: FileChange | None = None
    ) -> AbstractContextManager[set[str]]:
        """Without a `change` each file is made or replaced."""
        if self._recording is None:
            return nullcontext(set())
        return self._recording({path: change or self._coming(path) for path in strm_paths})

    def _coming(self, strm_path: str) -> FileChange:
        return FileChange.MODIFIED if self.exists(strm_path) else FileChange.CREATED

    def _content(self, strm_path: str) -> Content:
        try:
            return self.read(strm_path)
        except ItemError as error:
            return error

    def _check_inside(self, folder: Path) -> None:
        """A symbolic link may lead elsewhere in the library, never out of it."""
        if folder in self._inside:
            return
        if not self.is_inside(folder):
            raise ItemError(f"{folder}: a symbolic link leads out of the library: remove it")
        self._inside.add(folder)

    def _make_folders(self, folders: Collection[Path]) -> dict[Path, ItemError]:
        """The answer holds those that cannot be used."""
        unusable: dict[Path, ItemError] = {}
        # Parents come before what lies in them.
        for folder in sorted(folders):
            try:
                with _explained(str(folder.relative_to(self._root))):
                    self._check_inside(folder)
                    make_folder(folder, self._root)
            except ItemError as error:
                unusable[folder] = error
        return unusable

    @contextmanager
    def _announced(self, folders: Collection[Path]) -> Iterator[None]:
        """Hold a shared lock on the library while writing; a run that finds itself alone first
        removes what killed runs have left in the folders."""
        library = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            if _alone(library):
                self._sweep(folders)
            with suppress(OSError):  # a network share without locks
                fcntl.flock(library, fcntl.LOCK_SH)
            yield
        finally:
            os.close(library)

    def _sweep(self, folders: Collection[Path]) -> None:
        for folder in set(folders) - self._swept:
            for leftover in folder.glob(_TEMPORARIES):
                with suppress(OSError):
                    leftover.unlink()
            self._swept.add(folder)

    def _write_in_threads(
        self, items: Sequence[tuple[str, bytes]], moved_from: Mapping[str, str]
    ) -> dict[str, ItemError]:
        starts = range(0, len(items), _FILES_A_TASK)
        if len(starts) <= 1:
            return self._write_some(items, moved_from)
        from concurrent.futures import ThreadPoolExecutor  # One file needs no threads.

        failed: dict[str, ItemError] = {}
        with ThreadPoolExecutor(_THREADS) as threads:
            tasks = (items[start : start + _FILES_A_TASK] for start in starts)
            for part in threads.map(partial(self._write_some, moved_from=moved_from), tasks):
                failed |= part
        return failed

    def _write_some(
        self, items: Iterable[tuple[str, bytes]], moved_from: Mapping[str, str]
    ) -> dict[str, ItemError]:
        failed: dict[str, ItemError] = {}
        for strm_path, content in items:
            file = self._root / strm_path
            name = _TEMPORARY.format(run=self._run, number=next(self._numbers))
            try:
                with _explained(strm_path):
                    old = self._root / moved_from.get(strm_path, strm_path)
                    kept = of_file(file) or of_file(old)
                    prepare = kept.give if kept else follow_folder
                    replace_file(file.with_name(name), file, content, prepare=prepare)
            except ItemError as error:
                failed[strm_path] = error
        return failed


def _folded(path: str) -> str:
    # macOS may store names decomposed.
    return unicodedata.normalize("NFC", path.casefold())


def _alone(library: int) -> bool:
    try:
        fcntl.flock(library, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # another run is writing, or it is a network share without locks
        return False
    return True


def _read_plain(file: Path, strm_path: str) -> bytes:
    # O_NONBLOCK: a named pipe in the library must not hang the run.
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_BYTES:
            raise ItemError(f"{strm_path}: not a .strm file: it is left alone")
        return os.read(descriptor, MAX_BYTES)
    finally:
        os.close(descriptor)


# rmdir(2) refuses what is not empty, so nothing can be lost between look and act.
def _remove_empty(folder: Path, root: Path) -> None:
    """What holds something stays, and so do links, mount points and what may not be removed."""
    with suppress(OSError):
        while folder != root:
            folder.rmdir()
            folder = folder.parent


@contextmanager
def _explained(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ItemError(f"{name}: {_reason(error)}") from error


def _reason(error: OSError) -> str:
    match error.errno:
        # What O_NOFOLLOW says of a link (open(2)).
        case errno.ELOOP:
            return "a symbolic link stands in its place: it is left alone"
        case errno.EROFS | errno.EACCES | errno.EPERM:
            return f"the library cannot be written: {error.strerror}"
        case _:
            return f"cannot be read or written: {error.strerror}"
