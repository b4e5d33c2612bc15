"""What strmctl's user may not do; root, whom nothing stops, gives that privilege up first."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from system.doctor.well import Record, episode

pytestmark = pytest.mark.slow

_MORTAL = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")


def look(folder: Path, *arguments: str) -> tuple[int, list[Record]]:
    command = [sys.executable, "-m", "strmctl", "doctor", "--json", *arguments]
    ended = subprocess.run(
        [*(_MORTAL if os.geteuid() == 0 else ()), *command],
        cwd=folder,
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    assert ended.stderr == ""
    *found, _ = map(json.loads, ended.stdout.splitlines())
    return ended.returncode, found


@pytest.fixture
def season(well: Path) -> Iterator[Path]:
    folder = episode(well, 1).parent
    yield folder
    folder.chmod(0o755)
    (well / "library").chmod(0o755)


def test_a_folder_that_cannot_be_read(well: Path, season: Path) -> None:
    season.chmod(0o000)
    for arguments in ([], ["--fix"]):
        code, [found] = look(well, *arguments)
        assert code == 10
        assert (found["check"], found["severity"]) == ("unreadable", "error")
        assert found["subject"] == "Show/Season 01"
        assert "Permission denied" in found["reason"]


def test_a_file_that_cannot_be_read(well: Path, season: Path) -> None:
    episode(well, 2).chmod(0o000)
    code, [found] = look(well)
    assert code == 10
    assert (found["check"], found["subject"]) == ("edited", "Show/Season 01/Show S01E02.strm")


def test_a_library_that_cannot_be_written(well: Path, season: Path) -> None:
    (well / "library").chmod(0o555)
    code, [found] = look(well)
    assert code == 10
    assert (found["check"], found["severity"]) == ("library", "error")
    assert "cannot be written" in found["reason"]


def test_a_key_that_cannot_be_read(well: Path, season: Path) -> None:
    (well / "strmctl.key").chmod(0o200)
    code, [found] = look(well)
    assert code == 3
    assert (found["check"], found["severity"]) == ("key", "error")


def test_a_database_that_cannot_be_read(well: Path, season: Path) -> None:
    (well / "strmctl.db").chmod(0o000)
    code, [found] = look(well)
    assert code == 4
    assert (found["check"], found["severity"]) == ("database", "error")


def test_settings_that_cannot_be_read(well: Path, season: Path) -> None:
    (well / "strmctl.toml").chmod(0o000)
    code, [found] = look(well)
    assert code == 3
    assert (found["check"], found["severity"]) == ("settings", "error")
