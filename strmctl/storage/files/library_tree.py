"""Which files and folders a library holds; links are not followed, so no file is met twice."""

import os
import stat
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from strmctl.domain.library.library_path import is_strm
from strmctl.errors import ItemError

_OF_DISKS = frozenset(
    "lost+found @eaDir #recycle #snapshot @Recycle @Recently-Snapshot $RECYCLE.BIN "
    "$Recycle.Bin".split()
) | {"System Volume Information"}


def is_passed_over(name: str) -> bool:
    """Media servers ignore such names: our temporary files, snapshots and bins of a NAS."""
    return name.startswith(".") or name in _OF_DISKS


def _raise(_folder: str, error: ItemError) -> None:
    raise error


def _forget(_folder: str) -> None:
    return


def strm_paths(
    library: Path,
    below: str = "",
    *,
    unreadable: Callable[[str, ItemError], None] = _raise,
    linked: Callable[[str], None] = _forget,
) -> Iterator[str]:
    """Relative to the library with `/`, in the order of their names, a folder at a time.

    What `is_passed_over` is left out. Raises ItemError for a folder that cannot be read, since
    what is not seen must not count as gone, or tells `unreadable`; `linked` is told the folders
    that are symbolic links.
    """
    try:
        with os.scandir(library / below) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        unreadable(below, ItemError(f"{library / below}: cannot be read: {error.strerror}"))
        return
    for entry in entries:
        if is_passed_over(entry.name):
            continue
        path = f"{below}/{entry.name}" if below else entry.name
        if entry.is_dir(follow_symlinks=False):
            yield from strm_paths(library, path, unreadable=unreadable, linked=linked)
        elif is_strm(entry.name):
            yield path
        elif entry.is_symlink() and entry.is_dir():
            linked(path)


def is_folder(path: Path) -> bool:
    return trouble_with(path) is None


def trouble_with(folder: Path) -> str | None:
    """Why it cannot be used as one, None where it can.

    Path.is_dir raises OSError for the mount of a file server or FUSE program that has died.
    """
    try:
        mode = folder.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return "is not there"
    except OSError as error:
        return f"cannot be reached: {error.strerror}"
    return None if stat.S_ISDIR(mode) else "is no folder"


def is_empty(library: Path) -> bool:
    """As a mount point is: what a disk or a file manager puts there does not count."""
    try:
        with os.scandir(library) as found:
            return all(is_passed_over(it.name) for it in found)
    except OSError:
        return False


def names_in(folder: Path) -> list[str]:
    """The names of its files, in order; none where it cannot be read."""
    try:
        with os.scandir(folder) as found:
            return sorted(entry.name for entry in found if entry.is_file(follow_symlinks=False))
    except OSError:
        return []


def empty_folders(library: Path, gone: Collection[str]) -> Iterator[str]:
    """Folders that hold nothing but what is `gone` and such folders, innermost first.

    What `is_passed_over` is left out, and so is the library itself.
    """
    empty: set[str] = set()
    for folder, folders, names in os.walk(library, topdown=False):
        path = Path(folder).relative_to(library).as_posix()
        holds = {f"{path}/{name}" for name in (*folders, *names)}
        is_left = path == "." or any(map(is_passed_over, path.split("/")))
        if not is_left and all(inside in empty or inside in gone for inside in holds):
            empty.add(path)
            yield path
