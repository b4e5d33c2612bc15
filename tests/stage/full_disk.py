"""A disk of a few MB that can be filled, and its space given back."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_PIECE = 4096


@dataclass(frozen=True, slots=True)
class SmallDisk:
    folder: Path

    @contextmanager
    def full(self, left: int = 0) -> Iterator[None]:
        """No more than `left` bytes are free until the block ends."""
        filler = self.folder / "filler"
        with filler.open("wb") as file:
            while self._free() >= left + _PIECE:
                file.write(bytes(_PIECE))
                file.flush()
        try:
            yield
        finally:
            filler.unlink()

    def _free(self) -> int:
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize


@contextmanager
def small_disk(folder: Path, size: str = "8m") -> Iterator[SmallDisk]:
    """Mounted at the folder; that needs root."""
    folder.mkdir(parents=True, exist_ok=True)
    options = f"size={size},mode=755"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
