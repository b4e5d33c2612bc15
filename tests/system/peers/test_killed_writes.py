"""Row 35: a crash in the middle of writing leaves the old file or the new one, never a part."""

import shutil
import sys
import threading
from pathlib import Path
from types import FrameType

import pytest

from stage.dying import run, telling_steps
from stage.scenes import EPISODES, state, to_rewrite
from strmctl.storage.files.strm_file import LibraryFiles


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_35_a_crash_while_writing_leaves_every_file_whole(tmp_path: Path, is_long: bool) -> None:
    prepared, steps = tmp_path / "prepared", tmp_path / "steps.json"
    prepared.mkdir()
    to_rewrite(prepared)
    old = state(prepared).files
    shutil.copytree(prepared, tmp_path / "done")
    assert run(tmp_path / "done", ["rewrite"], steps=steps) == 0
    new = state(tmp_path / "done").files
    assert len(old) == len(new) == EPISODES
    assert not set(old.values()) & set(new.values())

    seen = set()
    for step in telling_steps(steps, stride=1 if is_long else 3):
        folder = tmp_path / f"at-{step}"
        shutil.copytree(prepared, folder)
        assert run(folder, ["rewrite"], kill_before=step) is None
        now = state(folder).files
        assert now.keys() == old.keys()
        for path, content in now.items():
            assert content in (old[path], new[path]), f"{path} is torn, killed before step {step}"
        seen.add(sum(now[path] == new[path] for path in now))
    assert {0, EPISODES} < seen, "killed before, between and after the files"


def test_35_a_file_is_on_the_disk_before_it_has_its_name_and_the_name_afterwards(
    tmp_path: Path,
) -> None:
    """kill -9 cannot show it, since the kernel forgets nothing then; a power cut would."""
    (tmp_path / "Film.strm").write_bytes(b"old")
    calls: list[str] = []

    def note(_frame: FrameType, event: str, called: object) -> None:
        if event == "c_call" and getattr(called, "__module__", None) == "posix":
            calls.append(str(getattr(called, "__name__", "")))

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        failed = LibraryFiles(tmp_path).write_all({"Film.strm": b"new"})
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    assert not failed
    assert (tmp_path / "Film.strm").read_bytes() == b"new"
    of_the_disk = [name for name in calls if name in ("write", "fsync", "rename", "replace")]
    assert of_the_disk == ["write", "fsync", "rename", "fsync"]
