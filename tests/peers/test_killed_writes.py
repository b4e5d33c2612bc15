"""Row 35: kill -9 in the middle of writing leaves the old file or the new one, never a part."""

import shutil
from pathlib import Path

import pytest
from crashes.dying import run
from crashes.scenes import EPISODES, state, to_rewrite

COMMENT = b"# as long as a real write, which a crash can cut into two\n" * 1000
MOST_STEPS = 1000


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_35_a_crash_while_writing_leaves_every_file_whole(tmp_path: Path) -> None:
    prepared = tmp_path / "prepared"
    prepared.mkdir()
    to_rewrite(prepared)
    for file in (prepared / "library").rglob("*.strm"):
        file.write_bytes(COMMENT + file.read_bytes())
    old = state(prepared).files
    shutil.copytree(prepared, tmp_path / "done")
    assert run(tmp_path / "done", ["rewrite"]) == 0
    new = state(tmp_path / "done").files
    assert len(old) == len(new) == EPISODES
    assert not set(old.values()) & set(new.values())

    seen = set()
    for step in range(1, MOST_STEPS):
        folder = tmp_path / f"at-{step}"
        shutil.copytree(prepared, folder)
        if run(folder, ["rewrite"], kill_before=step) is not None:
            break
        now = state(folder).files
        assert now.keys() == old.keys()
        for path, content in now.items():
            assert content in (old[path], new[path]), f"{path} is torn, killed before step {step}"
        seen.add(sum(now[path] == new[path] for path in now))
    assert {0, EPISODES} < seen, "killed before, between and after the files"
