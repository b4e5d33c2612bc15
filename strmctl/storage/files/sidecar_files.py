"""Files beside a `.strm`: none of another's is replaced, and one goes only as it was written."""

import errno
import hashlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from strmctl.domain.library.nfo_text import is_ours
from strmctl.errors import ItemError
from strmctl.storage.files.strm_file import LibraryFiles


class SidecarFiles:
    """Paths are relative to the library. Media servers are told of the `.strm` alone."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._files = LibraryFiles(root)

    def exists(self, path: str) -> bool:
        return self._files.exists(path)

    def read(self, path: str) -> bytes | None:
        """None where there is none; raises ItemError for what strmctl cannot have written."""
        return self._files.read(path)

    def write_all(self, contents: Mapping[str, bytes]) -> dict[str, ItemError]:
        """The answer holds those that failed."""
        return self._files.write_all(contents)

    def is_as_written(self, path: str, sha256: bytes) -> bool | None:
        """None where there is none; raises ItemError where it cannot be read now.

        A `.nfo` that strmctl itself has written again is as good as the first.
        """
        found = self._sha256(path)
        if found is None:
            return None
        if found == sha256:
            return True
        if not (path.endswith(".nfo") and found):
            return False
        return is_ours(self._files.read(path) or b"")

    def remove(self, path: str) -> None:
        self._files.remove(path)

    def _sha256(self, path: str) -> bytes | None:
        """Empty for what is no plain file."""
        file = self._root / path
        try:
            # A named pipe must not hang the run, and a link leads to what is another's.
            descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            if error.errno == errno.ELOOP:
                return b""
            raise ItemError(f"{path}: cannot be read: {error.strerror}") from error
        with os.fdopen(descriptor, "rb") as opened:
            if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                return b""
            return hashlib.file_digest(opened, "sha256").digest()
