"""kill -9 at any step: no file has changed of which the outbox does not know."""

import shutil
from pathlib import Path

import pytest

from stage.dying import run
from stage.scenes import SCENES, state
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.notices import Notices

MOST_STEPS = 3000
TABLE = '\n[notify.tv]\ntype = "jellyfin"\nurl = "http://127.0.0.1:1"\ntoken = "t"\n'


def waiting(folder: Path) -> int:
    with Database.open(folder / "strmctl.db") as database:
        return sum(backlog.count for backlog in Notices(database).backlogs().values())


def kill_before_each(tmp_path: Path, name: str, stride: int) -> tuple[int, int]:
    """How many times it was killed, and how often in the middle of its files."""
    prepared, midway = tmp_path / "prepared", 0
    prepared.mkdir()
    SCENES[name].prepare(prepared)
    with (prepared / "strmctl.toml").open("a") as settings:
        settings.write(TABLE)
    before = state(prepared).files.items()
    for kills, step in enumerate(range(1, MOST_STEPS, stride)):
        folder = tmp_path / f"at-{step}"
        shutil.copytree(prepared, folder)
        ended = run(folder, SCENES[name].command, kill_before=step)
        changed = len(state(folder).files.items() - before)
        told = waiting(folder)
        assert told >= changed, f"killed before step {step}"
        midway += 0 < changed
        if ended is not None:
            assert told == changed > 0, "and one too many only after a kill"
            return kills, midway
        shutil.rmtree(folder)
    raise AssertionError("it has no end")


def test_killed_at_some_steps_of_a_rewrite(tmp_path: Path) -> None:
    kills, midway = kill_before_each(tmp_path, "rewrite", stride=41)
    assert kills > midway > 1


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", ["write", "import", "rewrite"])
def test_killed_at_many_steps(tmp_path: Path, name: str, is_long: bool) -> None:
    kills, midway = kill_before_each(tmp_path, name, stride=5 if is_long else 15)
    assert kills > midway > 1
