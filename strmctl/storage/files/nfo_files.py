"""`.nfo` files of the library, by their paths relative to it: small, plain, inside; else none."""

import os
import stat
from functools import lru_cache
from pathlib import Path

_MAX_BYTES = 512 * 1024


class NfoFiles:
    def __init__(self, root: Path) -> None:
        self._root = Path(os.path.realpath(root))
        self._read = lru_cache(maxsize=4096)(self._text)

    def text(self, path: str) -> str | None:
        """None where there is none that can be read; a series' is read once."""
        return self._read(path)

    def _text(self, path: str) -> str | None:
        try:
            file = Path(os.path.realpath(self._root / path))
            if not file.is_relative_to(self._root):
                return None
            # Not a pipe, which would keep the run waiting.
            descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except (OSError, ValueError):
            return None
        with os.fdopen(descriptor, "rb") as opened:
            if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                return None
            # Some tools write them in the code page of Windows; ids are ASCII anyway.
            return opened.read(_MAX_BYTES).decode("utf-8", "replace")
