"""SIGINT and SIGTERM end a command in the middle of its work; what is done stays done."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stage.answering import Asked, Reply, Server, answer, answering
from stage.command_line import Strmctl
from strmctl.storage.locks.run_lock import run_lock

BATCH = 64
SIGNALS = pytest.mark.parametrize(
    ("sent", "word"),
    [
        pytest.param(signal.SIGINT, "interrupted", id="SIGINT"),
        pytest.param(signal.SIGTERM, "terminated", id="SIGTERM"),
    ],
)


class SilentAfter:
    """Answers about the first episodes and is silent about the others until `release`."""

    def __init__(self, answered: int) -> None:
        self._answered = answered
        self.silent, self.release = threading.Event(), threading.Event()

    def __call__(self, asked: Asked) -> Reply:
        if asked.question["episode"] > self._answered:
            self.silent.set()
            self.release.wait(60)
        return answer("https://cdn.example/1")


@contextmanager
def resolver(library: Path, reply: SilentAfter) -> Iterator[Server]:
    with answering(reply) as server:
        with (library / "strmctl.toml").open("a") as settings:
            settings.write(
                f'\n[resolvers.mine]\nsites = ["a.to"]\ntype = "http"\nurl = "{server.url}"\n'
            )
        try:
            yield server
        finally:
            reply.release.set()


def rows(count: int) -> str:
    lines = [f"a.to,one-piece,1,{number},de" for number in range(1, count + 1)]
    return "\n".join(["site,slug,season,episode,language", *lines, ""])


@contextmanager
def begun(*arguments: str) -> "Iterator[subprocess.Popen[str]]":
    with subprocess.Popen(
        [sys.executable, "-m", "strmctl", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def ends(process: "subprocess.Popen[str]", sent: signal.Signals) -> tuple[int, str]:
    """Exit code and stderr of a process that is sent a signal and keeps its stdin."""
    before = time.monotonic()
    process.send_signal(sent)
    code = process.wait(30)
    assert time.monotonic() - before < 10
    assert process.stderr is not None
    return code, process.stderr.read()


@SIGNALS
def test_refresh(strmctl: Strmctl, library: Path, sent: signal.Signals, word: str) -> None:
    reply = SilentAfter(0)
    strmctl("write", "--from", "-", stdin=rows(12))
    with resolver(library, reply), begun("refresh", "--all", "-q") as process:
        assert reply.silent.wait(60)
        assert ends(process, sent) == (128 + sent, f"strmctl: {word}\n")
    with run_lock(library / "strmctl.db", "the next run"):
        pass


@SIGNALS
@pytest.mark.parametrize("json_", [False, True], ids=["text", "json"])
def test_it_says_how_much_was_done(
    strmctl: Strmctl, library: Path, sent: signal.Signals, word: str, json_: bool
) -> None:
    reply = SilentAfter(0)
    strmctl("write", "--from", "-", stdin=rows(12))
    options = ["--json"] if json_ else []
    with resolver(library, reply), begun("refresh", "--all", *options) as process:
        assert reply.silent.wait(60)
        code, said = ends(process, sent)
    assert code == 128 + sent
    if json_:
        assert json.loads(said) == {
            "type": "error", "code": code, "message": word, "done": 0, "total": 12
        }  # fmt: skip
    else:
        assert said == f"strmctl: {word} (refreshing: 0 of 12 done)\n"
    newest = strmctl("runs", "--json").records[0]
    assert (newest["command"], newest["state"], newest["exit_code"]) == (
        "refresh", "interrupted", code
    )  # fmt: skip


@SIGNALS
def test_write_many(strmctl: Strmctl, library: Path, sent: signal.Signals, word: str) -> None:
    reply = SilentAfter(BATCH)
    with resolver(library, reply), begun("write", "--from", "-", "--resolve", "-q") as process:
        assert process.stdin is not None
        process.stdin.write(rows(2 * BATCH))
        process.stdin.flush()
        assert reply.silent.wait(60)
        assert ends(process, sent) == (128 + sent, f"strmctl: {word}\n")
    assert len(strmctl("list", "--json").records) == BATCH + 1
    assert len(list(library.rglob("*.strm"))) == BATCH


@SIGNALS
def test_write_that_waits_for_its_input(
    strmctl: Strmctl, library: Path, sent: signal.Signals, word: str
) -> None:
    with begun("write", "--from", "-", "--json") as process:
        assert process.stdin is not None
        process.stdin.write("site,slug,language\n,none,de\n")
        process.stdin.flush()
        assert process.stderr is not None
        assert json.loads(process.stderr.readline())["line"] == 2
        code, said = ends(process, sent)
    assert (code, json.loads(said)) == (
        128 + sent,
        {"type": "error", "code": 128 + sent, "message": word},
    )


@SIGNALS
def test_a_run_that_waits_for_another(
    strmctl: Strmctl, library: Path, sent: signal.Signals, word: str
) -> None:
    with (
        run_lock(library / "strmctl.db", "probe"),
        begun("refresh", "--all", "--wait", "1h") as process,
    ):
        assert process.stderr is not None
        waiting = process.stderr.readline()
        assert waiting.startswith(f"waiting until `strmctl probe` (pid {os.getpid()}, since ")
        assert ends(process, sent) == (128 + sent, f"strmctl: {word}\n")
