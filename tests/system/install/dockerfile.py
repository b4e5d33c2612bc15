"""As much of Docker's reading of a Dockerfile and its .dockerignore as the tests need."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class Instruction:
    name: str
    arguments: str

    @property
    def words(self) -> list[str]:
        """Those of the JSON form, or those between spaces."""
        form = re.search(r"\[.*\]", self.arguments)
        return json.loads(form[0]) if form else self.arguments.split()


def stages() -> list[list[Instruction]]:
    """Of the Dockerfile; each begins with its FROM."""
    text = (ROOT / "Dockerfile").read_text()
    text = re.sub(r"(?m)^#.*\n", "", text).replace("\\\n", " ")
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line.strip()]
    found: list[list[Instruction]] = []
    for name, arguments in lines:
        if name == "FROM":
            found.append([])
        found[-1].append(Instruction(name, arguments))
    return found


def copied() -> list[tuple[list[str], str]]:
    """Sources and target of every COPY out of the build context."""
    return [
        (sources, target)
        for stage in stages()
        for each in stage
        if each.name == "COPY" and "--from" not in each.arguments
        for *sources, target in [each.words]
    ]


def context(target: Path) -> None:
    """Copies there what the .dockerignore lets through."""
    rules = [
        line
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line and line[0] != "#"
    ]
    for file in _files(ROOT):
        if not _is_ignored(file.relative_to(ROOT), rules):
            place = target / file.relative_to(ROOT)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)


def _files(folder: Path) -> Iterator[Path]:
    """But large ones that are ignored, and those that come and go while other tests run."""
    for path in folder.iterdir():
        if path.name in (".git", ".venv", "node_modules", ".hypothesis", ".pytest_cache"):
            continue
        if path.is_dir():
            yield from _files(path)
        else:
            yield path


def _is_ignored(path: Path, rules: list[str]) -> bool:
    """The last rule that matches a path or a folder above it decides."""
    ignored = False
    for rule in rules:
        pattern = rule.removeprefix("!").removeprefix("**/")
        places = [path, *path.parents][:-1]
        names = [each.name if "**/" in rule else str(each) for each in places]
        if any(fnmatch(name, pattern) and ("/" in pattern or "/" not in name) for name in names):
            ignored = not rule.startswith("!")
    return ignored
