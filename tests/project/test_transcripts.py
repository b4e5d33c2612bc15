"""The transcripts of docs/changes.md are run, command by command, and say what is said.

`…` stands for what is different each time. Two ids of keys are made up: what is printed in their
place the first time is what they stand for from then on.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "changes.md").read_text(encoding="utf-8")
ENTRIES = "site,slug,season,episode,language\na.example,film,,,de\na.example,one-piece,1,1,de\n"
_SECTION = re.compile(r"^## (.+)\n((?:(?!#).*\n)*?)```console\n((?:(?!```).*\n)*)", re.MULTILINE)
_KEY_IDS = ("kQ3vR8aX", "Zt0pWm5e")

TRANSCRIPTS = {name: transcript for name, _, transcript in _SECTION.findall(PAGE)}


@dataclass
class Shell:
    """A folder with a library of two films' files, where commands are run as they are typed."""

    folder: Path
    ids: dict[str, str] = field(default_factory=dict)

    def run(self, command: str, stdin: str = "") -> str:
        """All that it writes, as a terminal would show it."""
        for shown, real in self.ids.items():
            command = command.replace(shown, real)
        ended = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=_environment(),
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        return ended.stdout

    def expect(self, command: str, shown: str) -> None:
        written = self.run(command)
        found = re.fullmatch(_pattern(shown, self.ids), written)
        assert found, f"$ {command}\n{written}"
        self.ids |= found.groupdict()


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    shell = Shell(tmp_path)
    shell.run("strmctl init && strmctl write --from -", ENTRIES)
    assert len(list(tmp_path.rglob("*.strm"))) == 2
    return shell


def test_all_three_are_there() -> None:
    assert set(TRANSCRIPTS) == {"A new base URL", "A new key", "A lost database"}


@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_it_is_as_the_page_says(name: str, shell: Shell) -> None:
    steps = list(_steps(TRANSCRIPTS[name]))
    assert len(steps) > 3
    for command, shown in steps:
        shell.expect(command, shown)


@pytest.mark.parametrize(
    ("written", "shown", "same"),
    [
        pytest.param("one\ntwo\n", "one\ntwo\n", True, id="the same"),
        pytest.param("one\ntwo\n", "one\n", False, id="more than is shown"),
        pytest.param("one\n", "one\ntwo\n", False, id="less than is shown"),
        pytest.param("sig=abc\n", "sig=…\n", True, id="what differs each time"),
        pytest.param("sig=abc\nmore\n", "sig=…\n", False, id="but no further line"),
        pytest.param("kept.x\n", "kept?x\n", False, id="no pattern"),
        pytest.param("id abcdefgh abcdefgh\n", "id kQ3vR8aX kQ3vR8aX\n", True, id="one id"),
        pytest.param("id abcdefgh abcdefgX\n", "id kQ3vR8aX kQ3vR8aX\n", False, id="two ids"),
    ],
)
def test_what_counts_as_the_same(written: str, shown: str, same: bool) -> None:
    assert (re.fullmatch(_pattern(shown, {}), written) is not None) is same


def _steps(transcript: str) -> Iterator[tuple[str, str]]:
    """Each command and what it is said to write."""
    for part in re.split(r"^\$ ", transcript, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        yield command, shown


def _pattern(shown: str, ids: Mapping[str, str]) -> str:
    groups: set[str] = set()

    def stands_for(match: re.Match[str]) -> str:
        name = match[0]
        if name in ids:
            return re.escape(ids[name])
        if name in groups:
            return f"(?P={name})"
        groups.add(name)
        return rf"(?P<{name}>[\w-]{{8}})"

    pattern = re.escape(shown).replace("…", "[^\n]*")
    return re.sub("|".join(_KEY_IDS), stands_for, pattern)


def _environment() -> dict[str, str]:
    """As users have it; unbuffered, so that both outputs come in their order."""
    folder = Path(sys.executable).parent
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONUNBUFFERED": "1", "LC_ALL": "C.UTF-8"}
