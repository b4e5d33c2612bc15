"""docs/share says what the commands are, `man` accepts it, and real shells complete by it."""

import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
SHARE = DOCS / "share"
MANUAL = SHARE / "man" / "man1" / "strmctl.1"
BEGINNINGS = [
    pytest.param("strmctl healthc", "healthcheck", id="a command"),
    pytest.param("strmctl refresh --expiri", "--expiring", id="an option"),
    pytest.param("strmctl list --stat", "--state", id="an option of every selection"),
]


def test_it_is_what_the_commands_say_now() -> None:
    # In a process of its own: other tests put commands of theirs on the application.
    code = "import json, runpy, sys; print(json.dumps(runpy.run_path(sys.argv[1])['pages']()))"
    made = subprocess.run(
        [sys.executable, "-c", code, str(DOCS / "make_share.py")],
        capture_output=True,
        check=True,
        text=True,
    )
    pages = json.loads(made.stdout)
    there = {
        str(path.relative_to(SHARE)): path.read_text()
        for path in SHARE.rglob("*")
        if path.is_file()
    }
    assert there == pages, "run `make docs`"


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(("mandoc", "-Tlint", "-Wstyle"), id="mandoc"),
        pytest.param(("groff", "-man", "-ww", "-Tutf8", "-z"), id="groff"),
    ],
)
def test_the_manual_is_well_formed(command: tuple[str, ...]) -> None:
    ended = subprocess.run([*command, MANUAL], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_the_manual_reads_as_it_should() -> None:
    command = ["mandoc", "-Tutf8", str(MANUAL)]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    # Bold is a letter, a backspace and the letter again; underlined is the same with `_`.
    text = " ".join(re.sub(".\b", "", shown).split())
    assert "strmctl - keeps a library of .strm files alive" in text
    assert "--wait DURATION How long to wait for another run to end, such as 10m" in text
    assert "13 egress down, nothing concluded." in text
    assert "Rename files as [naming] says." in text
    assert " add [ID] " in text


@dataclass
class Terminal:
    """What a shell writes to a terminal and is typed there."""

    shell: "subprocess.Popen[bytes]"
    descriptor: int
    shown: str = ""

    def type(self, text: str) -> None:
        os.write(self.descriptor, text.encode())

    def wait_for(self, text: str) -> None:
        """Until `text` is shown, after what was waited for before."""
        deadline = time.monotonic() + 60
        while text not in self.shown:
            assert time.monotonic() < deadline, self.shown
            if select.select([self.descriptor], [], [], 0.1)[0]:
                self.shown += os.read(self.descriptor, 65536).decode("utf-8", "replace")
        self.shown = self.shown.partition(text)[2]


@contextmanager
def terminal(folder: Path, *command: str) -> Iterator[Terminal]:
    ours, theirs = pty.openpty()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environ = {"PATH": path, "HOME": str(folder), "TERM": "dumb", "XDG_DATA_DIRS": str(SHARE)}
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environ, start_new_session=True
    ) as shell:
        os.close(theirs)
        try:
            yield Terminal(shell, ours)
        finally:
            shell.kill()
    os.close(ours)


@pytest.mark.parametrize(("typed", "completed"), BEGINNINGS)
def test_bash_completes(tmp_path: Path, typed: str, completed: str) -> None:
    with terminal(tmp_path, "bash", "--norc", "--noprofile", "-i") as bash:
        bash.type(". /usr/share/bash-completion/bash_completion; echo rea''dy\n")
        bash.wait_for("ready")
        bash.type(f"{typed}\t")
        bash.wait_for(completed)


@pytest.mark.parametrize(("typed", "completed"), BEGINNINGS)
def test_zsh_completes(tmp_path: Path, typed: str, completed: str) -> None:
    with terminal(tmp_path, "zsh", "-f", "-i") as zsh:
        zsh.type(f"fpath=({SHARE}/zsh/site-functions $fpath); autoload -Uz compinit\n")
        zsh.type("compinit -u -D; echo rea''dy\n")
        zsh.wait_for("ready")
        zsh.type(f"{typed}\t")
        zsh.wait_for(completed)


@pytest.mark.parametrize(("typed", "completed"), BEGINNINGS)
def test_fish_completes(tmp_path: Path, typed: str, completed: str) -> None:
    script = SHARE / "fish" / "vendor_completions.d" / "strmctl.fish"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ended = subprocess.run(
        ["fish", "--no-config", "-c", f"source {script}; complete -C '{typed}'"],
        env={"PATH": path, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert [line.split("\t")[0] for line in ended.stdout.splitlines()] == [completed]
