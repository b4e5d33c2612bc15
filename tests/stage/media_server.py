"""A real upstream on port 0 that brings media, or whatever the test says."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TS = (b"G" + bytes(187)) * 8
"""Eight packets of an MPEG transport stream."""

PAGE = b"<!doctype html><title>File not found</title>"


@dataclass(frozen=True, slots=True)
class Media:
    status: int = 200
    body: bytes = TS
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class MediaServer:
    """`reply` makes an answer from a path; `asked` counts the requests for each."""

    port: int
    reply: Callable[[str], Media] = lambda path: Media()
    asked: Counter[str] = field(default_factory=Counter)

    def url(self, path: object) -> str:
        return f"http://127.0.0.1:{self.port}/{path}"


@contextmanager
def media_server() -> Iterator[MediaServer]:
    server: MediaServer

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            server.asked[self.path] += 1
            media = server.reply(self.path)
            self.send_response(media.status)
            for name, value in {"Content-Type": "video/mp2t", **media.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(media.body)))
            self.end_headers()
            if self.command == "GET":
                try:
                    self.wfile.write(media.body)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

        do_HEAD = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        server = MediaServer(listener.server_port)
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown()
            thread.join()
