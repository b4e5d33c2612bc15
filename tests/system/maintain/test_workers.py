"""`serve --maintain`: refused where links would end, and done by one worker at a time."""

import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from stage.command_line import Strmctl as CommandLine
from stage.strmctl import new_strmctl
from stage.waiting import until


def test_intervals_between_which_links_would_end_are_refused(
    strmctl: CommandLine, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRMCTL_MAINTAIN_REFRESH_EVERY", "90m")
    ended = strmctl("serve", "--maintain", "--port", "0", code=3)
    assert ended.err.count("\n") == 1
    assert "maintain.refresh_every" in ended.err


def who_maintains(database: Path) -> list[int]:
    """The processes that the kernel names as holders of the lock."""
    inode = database.with_name(f"{database.name}.maintaining").stat().st_ino
    lines = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    return [int(line[4]) for line in lines if line[5].endswith(f":{inode}")]


def owners_of_runs(database: Path) -> list[str]:
    """Of every probe, in their order."""
    with closing(sqlite3.connect(database, timeout=30)) as connection:
        rows = connection.execute("SELECT owner FROM job WHERE command = 'probe' ORDER BY id")
        return [owner for (owner,) in rows]


@pytest.mark.slow
def test_a_worker_that_was_killed_is_followed_by_another(tmp_path: Path) -> None:
    strmctl = new_strmctl(tmp_path / "strmctl", "http://127.0.0.1:1/resolve")
    database = strmctl.folder / "strmctl.db"
    environ = {"STRMCTL_SERVE_WORKERS": "3", "STRMCTL_MAINTAIN_PROBE_EVERY": "1s"}
    with strmctl.serving("--maintain", environ=environ):
        until(lambda: len(owners_of_runs(database)) >= 2, "it maintains", 60)
        [first] = who_maintains(database)
        before = owners_of_runs(database)
        assert len(set(before)) == 1
        os.kill(first, signal.SIGKILL)
        until(lambda: who_maintains(database) not in ([], [first]), "another one takes over", 30)
        until(lambda: len(set(owners_of_runs(database))) == 2, "it maintains", 30)
        until(lambda: len(owners_of_runs(database)) >= len(before) + 2, "it goes on", 60)
        assert len(set(owners_of_runs(database))) == 2, "one at a time"
        assert owners_of_runs(database)[-1] not in before
