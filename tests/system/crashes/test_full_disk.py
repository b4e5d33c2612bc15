"""A disk that is full at any point of a command: files whole, no row lost, and it can go on."""

import subprocess
import sys
from pathlib import Path

import pytest

from stage.scenes import SCENES

TESTS = Path(__file__).parents[2]


@pytest.fixture(params=SCENES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def fill_up(tmp_path: Path, name: str, stride: int) -> int:
    """With every `stride`th number of free pages; how often there were too few."""
    prepared, mount = tmp_path / "prepared", tmp_path / "mount"
    prepared.mkdir()
    mount.mkdir()
    SCENES[name].prepare(prepared)
    arguments = [str(mount), str(prepared), name, str(stride)]
    ended = subprocess.run(
        ["unshare", "-m", sys.executable, "-m", "system.crashes.full_disk", *arguments],
        cwd=TESTS,
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert ended.returncode == 0, ended.stderr
    return int(ended.stdout)


def test_full_at_some_pages_of_a_write(tmp_path: Path) -> None:
    assert fill_up(tmp_path, "write", stride=5) > 1


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_full_at_every_page(tmp_path: Path, name: str, is_long: bool) -> None:
    assert fill_up(tmp_path, name, stride=1 if is_long else 3) > 1
