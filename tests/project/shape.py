"""The package's shape in numbers, which `python -m tests.project.shape` prints beside the goals.

`__init__.py` says what a package is for: its lines count, and it is not one of the files.
"""

import ast
import io
import json
import re
import statistics
import subprocess
import sys
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from strmctl.cli.frame.command_names import NAMES

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "strmctl"
TOO_COMPLEX = 10
"""McCabe's number from which a function counts as complex."""
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_IMPORTS = (ast.Import, ast.ImportFrom)


@dataclass(frozen=True, slots=True)
class Measure:
    """A number of now, and the one that it should come to; `least` is for shares."""

    name: str
    now: float
    goal: float
    least: float = 0.0

    @property
    def is_reached(self) -> bool:
        return self.least <= self.now <= self.goal

    def __str__(self) -> str:
        wanted = f"{self.least:g} to {self.goal:g}" if self.least else f"<= {self.goal:g}"
        mark = "" if self.is_reached else "  not yet"
        return f"{self.name:<46}{self.now:>8.4g}   {wanted}{mark}"


@dataclass(frozen=True)
class Module:
    path: Path

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def is_init(self) -> bool:
        return self.path.name == "__init__.py"

    @property
    def name(self) -> str:
        parts = self.path.relative_to(ROOT).with_suffix("").parts
        return ".".join(parts[:-1] if self.is_init else parts)

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())

    def functions(self) -> Iterator[int]:
        """The lines of each, decorators and docstring included."""
        for node in ast.walk(self.tree):
            if isinstance(node, _FUNCTIONS):
                first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
                yield (node.end_lineno or node.lineno) - first + 1

    def imports(self) -> int:
        found = (node for node in ast.walk(self.tree) if isinstance(node, _IMPORTS))
        return sum((node.end_lineno or node.lineno) - node.lineno + 1 for node in found)

    def comments(self) -> int:
        """Lines that are a comment or end in one."""
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        return sum(token.type == tokenize.COMMENT for token in tokens)

    def imported(self) -> Iterator[str]:
        """Of what it needs to be imported itself: what functions import makes no circle."""
        for node in self.tree.body:
            if isinstance(node, ast.ImportFrom) and node.module:
                yield node.module
                yield from (f"{node.module}.{alias.name}" for alias in node.names)
            elif isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)


def modules() -> list[Module]:
    return [Module(path) for path in sorted(PACKAGE.rglob("*.py"))]


def circles(imports: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Groups of names that reach each other."""
    reached = {name: _reached(name, imports) for name in imports}
    groups = {
        frozenset(other for other in reached[name] if name in reached[other])
        for name in imports
        if name in reached[name]
    }
    return sorted(sorted(group) for group in groups)


def _reached(name: str, imports: Mapping[str, Iterable[str]]) -> set[str]:
    seen: set[str] = set()
    pending = list(imports[name])
    while pending:
        other = pending.pop()
        if other in imports and other not in seen:
            seen.add(other)
            pending.extend(imports[other])
    return seen


def complexities() -> list[int]:
    """Of the functions that are more complex than is good, as ruff counts."""
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select=C901", "--exit-zero"]
    limit = f"--config=lint.mccabe.max-complexity={TOO_COMPLEX}"
    ended = subprocess.run(
        [*command, limit, "--output-format=json", str(PACKAGE)],
        capture_output=True,
        text=True,
        check=True,
    )
    found = [re.search(r"\((\d+) >", each["message"]) for each in json.loads(ended.stdout)]
    return [int(match[1]) for match in found if match]


def measures() -> list[Measure]:
    """Those of the source; how many calls a request takes is measured while one plays."""
    every = modules()
    files = [module for module in every if not module.is_init]
    functions = sorted(length for module in every for length in module.functions())
    lines = sum(module.lines for module in every)
    complex_ones = complexities()
    in_folder = Counter(module.path.parent for module in files)
    commands = in_folder.pop(PACKAGE / "cli")
    imports = {module.name: set(module.imported()) - {module.name} for module in every}
    return [
        Measure("function, median lines", statistics.median(functions), 6),
        Measure("function, ninth decile", functions[len(functions) * 9 // 10], 16),
        Measure("function, most lines", functions[-1], 68),
        Measure("file, median lines", statistics.median(it.lines for it in files), 150, 100),
        Measure("files under 30 lines", sum(module.lines < 30 for module in files), 8),
        Measure("most files in a folder", max(in_folder.values()), 16),
        Measure("files in cli that are no command", commands - len(NAMES), 0),
        Measure("imports, % of lines", 100 * sum(it.imports() for it in every) / lines, 6),
        Measure("comments, % of lines", 100 * sum(it.comments() for it in every) / lines, 3, 2),
        Measure("greatest complexity", max(complex_ones, default=TOO_COMPLEX), 12),
        Measure(f"functions more complex than {TOO_COMPLEX}", len(complex_ones), 10),
        Measure("circles of files", len(circles(imports)), 0),
    ]


def main() -> None:
    sys.path.insert(0, str(ROOT / "tests"))
    from project.request_depth import calls_to_the_upstream

    calls = Measure("calls from a request to the upstream", len(calls_to_the_upstream()), 11)
    print(*measures(), calls, sep="\n")  # noqa: T201  # what it is for


if __name__ == "__main__":
    main()
