"""kill -9 right before any step of a command: files whole, no row lost, and it can go on."""

import shutil
from pathlib import Path

import pytest

from stage.dying import run, telling_steps
from stage.scenes import SCENES, check_nothing_is_lost, state


@pytest.fixture(params=SCENES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def kill_before_each(tmp_path: Path, name: str, stride: int) -> int:
    """Before steps of every kind; how many times it was killed."""
    scene = SCENES[name]
    prepared, done, steps = tmp_path / "prepared", tmp_path / "done", tmp_path / "steps.json"
    prepared.mkdir()
    scene.prepare(prepared)
    before = state(prepared)
    shutil.copytree(prepared, done)
    assert run(done, scene.command, steps=steps) == 0
    after = state(done)
    assert after != before or name == "migrate"
    kills = telling_steps(steps, stride)
    for step in kills:
        folder = tmp_path / f"at-{step}"
        shutil.copytree(prepared, folder)
        assert run(folder, scene.command, kill_before=step) is None, f"it has no step {step}"
        check_nothing_is_lost(before, state(folder), after)
        assert run(folder, scene.command) == 0, f"after a kill before step {step}"
        assert state(folder) == after, f"after a kill before step {step}"
        left = [*folder.rglob(".strmctl-*.tmp"), *folder.rglob(".*.partial")]
        assert not left, f"after a kill before step {step}"
        shutil.rmtree(folder)
    return len(kills)


def test_killed_at_some_steps_of_a_write(tmp_path: Path) -> None:
    assert kill_before_each(tmp_path, "write", stride=11) > 1


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_at_every_step(tmp_path: Path, name: str, is_long: bool) -> None:
    assert kill_before_each(tmp_path, name, stride=1 if is_long else 7) > 10
