"""How soon the command line answers, beside what importing its library costs alone."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.measuring import STRMCTL, Comparison, Contender, Goal, command

_RUNS = 5
_TYPER = "import typer"


@contextmanager
def comparisons(size: float, *, offline: bool) -> Iterator[list[Comparison]]:
    with TemporaryDirectory() as folder:
        home = Path(folder)
        command(STRMCTL, "init", folder=home)
        yield [_compared(home, "--version", 1.5), _compared(home, "list", 2.0)]


def _compared(home: Path, word: str, at_most: float) -> Comparison:
    name = f"strmctl {word}"
    contenders = [
        Contender(name, lambda: command(STRMCTL, word, folder=home, repeat=_RUNS)),
        Contender(_TYPER, lambda: command(sys.executable, "-c", _TYPER, repeat=_RUNS)),
    ]
    goal = Goal(name, at_most, _TYPER, by_cpu=True)
    return Comparison(f"Starting: {word}", contenders, goal)
