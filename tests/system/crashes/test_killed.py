"""kill -9 right before any step of a command: files whole, no row lost, and it can go on."""

import shutil
from pathlib import Path

import pytest

from stage.dying import run
from stage.scenes import SCENES, check_nothing_is_lost, state

MOST_STEPS = 2000


@pytest.fixture(params=SCENES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def kill_before_each(tmp_path: Path, name: str, stride: int) -> int:
    """Before every `stride`th step; how many times it was killed."""
    scene = SCENES[name]
    prepared, done = tmp_path / "prepared", tmp_path / "done"
    prepared.mkdir()
    scene.prepare(prepared)
    before = state(prepared)
    shutil.copytree(prepared, done)
    assert run(done, scene.command) == 0
    after = state(done)
    assert after != before or name == "migrate"
    for kills, step in enumerate(range(1, MOST_STEPS, stride)):
        folder = tmp_path / f"at-{step}"
        shutil.copytree(prepared, folder)
        if run(folder, scene.command, kill_before=step) is not None:
            return kills
        check_nothing_is_lost(before, state(folder), after)
        assert run(folder, scene.command) == 0, f"after a kill before step {step}"
        assert state(folder) == after, f"after a kill before step {step}"
        left = [*folder.rglob(".strmctl-*.tmp"), *folder.rglob(".*.partial")]
        assert not left, f"after a kill before step {step}"
        shutil.rmtree(folder)
    raise AssertionError("it has no end")


def test_killed_at_some_steps_of_a_write(tmp_path: Path) -> None:
    assert kill_before_each(tmp_path, "write", stride=11) > 1


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_at_every_step(tmp_path: Path, name: str) -> None:
    assert kill_before_each(tmp_path, name, stride=1) > 20
