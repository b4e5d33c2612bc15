"""hls.js in Chromium, its page on another origin than the stream's; see watch.html.

Both come by tests/setup.sh.
"""

import json
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

from stage.hiccups import noticing_hiccups

_HERE = Path(__file__).parent
_FILES = {
    "/": ("text/html; charset=utf-8", _HERE / "watch.html"),
    "/hls.js": (
        "text/javascript",
        _HERE.parents[1] / "node_modules" / "hls.js" / "dist" / "hls.min.js",
    ),
}


@dataclass(frozen=True, slots=True)
class Look:
    """The page at a moment: `at`, `position` and `latency` in seconds; errors by their names.

    `colour` is the picture's, as red, green and blue.
    """

    at: float
    position: float
    latency: float
    frames: int
    lost: int
    waits: int
    playing: bool
    errors: Mapping[str, int]
    fatal: Sequence[str]
    colour: Sequence[int]


@dataclass(frozen=True, slots=True)
class Watched:
    """`hiccup`: how long the machine stood still at the worst, in seconds."""

    looks: Sequence[Look]
    hiccup: float

    @property
    def last(self) -> Look:
        return self.looks[-1]

    @property
    def seconds(self) -> float:
        return self.last.at - self.looks[0].at

    @property
    def played(self) -> float:
        return self.last.position - self.looks[0].position


def watch(url: str, seconds: float, profile: Path) -> Watched:
    """Play `url` for so long, with a browser profile of its own."""
    with _page_server() as address, noticing_hiccups() as hiccups:
        page = f"{address}/#{quote(url, safe='')}"
        run = subprocess.run(
            ["node", str(_HERE / "watch.mjs"), page, f"{seconds:g}", str(profile)],
            capture_output=True,
            text=True,
            timeout=seconds + 180,
        )
    assert run.returncode == 0, run.stderr
    return Watched([Look(**look) for look in json.loads(run.stdout)], hiccups.longest)


@contextmanager
def _page_server() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            media_type, path = _FILES.get(self.path, ("", None))
            content = path.read_bytes() if path else b""
            self.send_response(200 if path else 404)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
