"""hls.js in Chromium: `browser.mjs` drives it, a line of JSON for each play."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from system.players.counted import Counted

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Browser:
    process: subprocess.Popen[str]

    def play(self, url: str, start: float) -> Counted:
        """Frames shown or dropped by the browser, and the seconds of its `played` ranges."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps({"url": url, "start": start}), file=self.process.stdin, flush=True)
        played = json.loads(self.process.stdout.readline())
        return Counted(played["frames"], played["seconds"])


@contextmanager
def running_browser() -> Iterator[Browser]:
    """Raises FileNotFoundError where `tests/setup.sh` has not brought node and its modules."""
    if not (_HERE.parents[1] / "node_modules").exists():
        raise FileNotFoundError("tests/node_modules: run tests/setup.sh")
    command = ["node", str(_HERE / "browser.mjs")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Browser(process)
            assert process.stdin is not None
            process.stdin.close()
            assert process.wait(60) == 0
        finally:
            process.kill()
