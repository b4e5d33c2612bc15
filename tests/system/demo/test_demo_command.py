"""`strmctl demo` as a process: the whole story, and nothing left behind however it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from stage.waiting import until
from strmctl.demo.origin import CLIP

STORY = [
    *("init", "write", "serve", "play", "heal", "play again", "seek"),
    *("probe", "refresh", "page"),
]
DEADLINE_SECONDS = 60


@dataclass
class Demo:
    """A demo in a process group and a temporary folder of its own."""

    process: subprocess.Popen[str]

    def records(self) -> Iterator[dict[str, Any]]:
        assert self.process.stdout
        for line in self.process.stdout:
            yield json.loads(line)

    def read_until(self, **wanted: object) -> dict[str, Any]:
        """The first record that holds `wanted`."""
        return next(record for record in self.records() if wanted.items() <= record.items())

    def end(self) -> tuple[int, str, str]:
        """Exit code, the rest of stdout, stderr."""
        out, err = self.process.communicate(timeout=DEADLINE_SECONDS)
        return self.process.returncode, out, err

    def is_gone(self) -> bool:
        """No process is left that it started."""
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return True
        return False


@contextmanager
def demo(folder: Path, *arguments: str, environ: Mapping[str, str] | None = None) -> Iterator[Demo]:
    """`strmctl demo`; whatever it has left in the temporary folder or running fails the test."""
    temporary = folder / "tmp"
    temporary.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "strmctl", "demo", *arguments],
        cwd=folder,
        env={**os.environ, "TMPDIR": str(temporary), **(environ or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    running = Demo(process)
    try:
        yield running
        until(running.is_gone, "no process is left")
        assert list(temporary.iterdir()) == []
    finally:
        if not running.is_gone():
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.mark.slow
def test_the_story_comes_true_in_time(tmp_path: Path) -> None:
    start = time.monotonic()
    with demo(tmp_path, "--once", "--json") as running:
        *steps, summary = running.records()
        assert running.end() == (0, "", "")
    assert time.monotonic() - start < 90, "ten times what it takes"

    assert [step["name"] for step in steps] == STORY
    by_name = {step["name"]: step for step in steps}
    assert by_name["write"]["files"] == 7
    assert by_name["play"]["frames"] == 600
    assert by_name["play"]["seconds"] == 24.0
    assert by_name["play"]["bytes_identical"] == CLIP.stat().st_size
    assert by_name["heal"]["resolver_calls"] == 1
    assert by_name["heal"]["origin_refused"] >= 1
    assert by_name["play again"]["resolver_calls"] == 0
    assert by_name["refresh"]["refreshed"] == 6
    assert summary["type"] == "summary"
    assert summary["steps"] == len(STORY)


@pytest.mark.slow
def test_for_people_without_ffprobe_and_with_settings_of_their_own(tmp_path: Path) -> None:
    own = {"STRMCTL_DATABASE": str(tmp_path / "own.db"), "STRM_PROXY_MODE": "direct", "PATH": ""}
    with demo(tmp_path, "--once", environ=own) as running:
        code, out, err = running.end()

    assert code == 0, err
    assert [line[:4] for line in out.splitlines() if "✓" in line] == [
        f"{number:2} ✓" for number in range(1, len(STORY) + 1)
    ]
    assert "bytes identical to the clip\n" in out
    assert "http://127.0.0.1:" in out
    assert "token=" not in out
    assert err == f"All {len(STORY)} steps came true.\n"
    assert not (tmp_path / "own.db").exists()


@pytest.mark.slow
def test_it_stays_up_until_interrupted(tmp_path: Path) -> None:
    with demo(tmp_path, "--json", "--keep", "kept") as running:
        summary = running.read_until(type="summary")
        url = summary["playback_urls"]["Test Pattern S02E01"]
        assert httpx.get(url, trust_env=False, verify=False, timeout=30).text.startswith("#EXTM3U")
        os.killpg(running.process.pid, signal.SIGINT)
        assert running.end() == (0, "", "")

    [strm] = (tmp_path / "kept" / "library").rglob("*S02E01*.strm")
    assert strm.read_text("utf-8").strip() == url


@pytest.mark.slow
def test_terminated_in_mid_story(tmp_path: Path) -> None:
    with demo(tmp_path, "--json") as running:
        running.read_until(name="serve")
        running.process.terminate()
        code, _, _ = running.end()
        assert code == 143


@pytest.mark.slow
def test_a_step_that_does_not_come_true(tmp_path: Path) -> None:
    """A real failure: an ffprobe that decodes nothing."""
    ffprobe = tmp_path / "bin" / "ffprobe"
    ffprobe.parent.mkdir()
    ffprobe.write_text("#!/bin/sh\necho '{}'\n", "utf-8")
    ffprobe.chmod(0o755)
    with demo(tmp_path, "--once", environ={"PATH": f"{ffprobe.parent}:/bin:/usr/bin"}) as running:
        code, out, err = running.end()

    assert code == 1
    assert len([line for line in out.splitlines() if "✓" in line]) == STORY.index("play")
    assert err == (
        "strmctl: the demo failed: ffprobe decoded 0 frames and 0 s instead of 600 and 24.0\n"
    )


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    with demo(tmp_path, "--once", "--keep", ".") as running:
        code, out, err = running.end()
    assert (code, out) == (2, "")
    assert err == "strmctl: --keep .: the folder is not empty, name a new one\n"
    assert [path.name for path in tmp_path.iterdir()] == ["tmp"]
