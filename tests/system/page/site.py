"""A site whose links die when they are told to: a resolver and the media that it leads to."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MEDIA = bytes.fromhex("00000018667479706d703432") + bytes(2000)
"""Begins as an MP4 file does."""

SECRET = "upstream-token"
"""Part of every URL that the resolver answers; no page may show it."""

PATIENCE = 90
"""Seconds that a resolve waits at most; less than those for which strmctl waits for it."""


@dataclass(slots=True)
class Site:
    """`open` lets resolves through, each as it comes; closed, they wait until it is opened, all
    but the next `free` ones."""

    url: str
    open: threading.Event = field(default_factory=threading.Event)
    free: int = 0
    asked: list[dict[str, object]] = field(default_factory=list)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.open.set()

    def come(self, question: dict[str, object]) -> int:
        """Its number, once it is let through."""
        with self._turn:
            self.asked.append(question)
            number, waits = len(self.asked), not self.free
            self.free -= not waits
        if waits:
            self.open.wait(PATIENCE)
        return number


@contextmanager
def running_site() -> Iterator[Site]:
    site: Site

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            url = f"{site.url}/media/film.mp4?token={SECRET}-{site.come(question)}"
            self._answer(json.dumps({"url": url, "provider": "VOE"}).encode(), "application/json")

        def do_GET(self) -> None:
            self._answer(MEDIA, "video/mp4")

        do_HEAD = do_GET

        def _answer(self, content: bytes, media_type: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        site = Site(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield site
        site.open.set()
        server.shutdown()
        thread.join()
