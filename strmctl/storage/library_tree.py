"""Which `.strm` files a library holds; links are not followed, so no file is met twice."""

import os
from collections.abc import Iterator
from pathlib import Path

from strmctl.domain.library_path import EXTENSION
from strmctl.errors import ItemError


def strm_paths(library: Path, below: str = "") -> Iterator[str]:
    """Relative to the library with `/`, in the order of their names, a folder at a time.

    Folders and files whose names begin with a dot are left out. Raises ItemError for a folder
    that cannot be read: what is not seen must not count as gone.
    """
    folder = library / below
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        raise ItemError(f"{folder}: cannot be read: {error.strerror}") from error
    for entry in entries:
        if entry.name.startswith("."):
            continue
        path = f"{below}/{entry.name}" if below else entry.name
        if entry.is_dir(follow_symlinks=False):
            yield from strm_paths(library, path)
        elif entry.name.lower().endswith(EXTENSION):
            yield path
