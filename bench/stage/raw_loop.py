"""The plainest way to write many files safely: temporary file, fsync, rename, one by one."""

import os
import sys
from pathlib import Path

_EPISODES = 100


def write(folder: Path, count: int) -> None:
    for number in range(count):
        season = folder / f"series-{number // _EPISODES}" / "Season 01"
        season.mkdir(parents=True, exist_ok=True)
        temporary = season / ".temporary"
        with temporary.open("wb") as file:
            file.write(b"http://127.0.0.1:8888/strm/stream?e=%d\n" % number)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(season / f"Episode {number % _EPISODES:02}.strm")


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]))
