"""How soon the command line answers, beside what importing its library costs alone."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.measuring import STRMCTL, By, Comparison, Contender, Goal, Work, command
from bench.stage.peers import Others

SUBJECTS = ("start",)
_RUNS = 5
_TYPER = "import typer"
_LINES = {
    "--version": 0.3,
    "list": 1.5,
    "probe": 1.5,
    "write --site a.to --slug b --season 1 --episode 1 --language German": 1.5,
    "show 1": 1.5,
}
"""Each with how many times the reference it may cost."""


@contextmanager
def comparisons(size: float, others: Others) -> Iterator[list[Comparison]]:
    with TemporaryDirectory() as folder:
        home = Path(folder)
        command(STRMCTL, "init", folder=home)
        # In this order: once an episode is there a probe has something to do, and `show` too.
        yield [_compared(home, line, at_most) for line, at_most in _LINES.items()]


def _compared(home: Path, line: str, at_most: float) -> Comparison:
    words = line.split()
    contenders = [
        Contender("strmctl", lambda: command(STRMCTL, *words, folder=home, repeat=_RUNS)),
        Contender(_TYPER, lambda: command(sys.executable, "-c", _TYPER, repeat=_RUNS)),
    ]
    what = "--version" if words == ["--version"] else "list / probe / write / show"
    goal = Goal("strmctl", at_most, _TYPER, By.CPU, f"start of `{what}`: CPU to `{_TYPER}`")
    return Comparison(Work(SUBJECTS[0], f"strmctl {words[0]}", [goal]), contenders)
