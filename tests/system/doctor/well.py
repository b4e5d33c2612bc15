"""A library in which everything is well, by its parts, and a server that a doctor asks."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

SECRET = "hush-5up3rs3cret"


UPSTREAM = f"https://cdn.test/video.mp4?token={SECRET}"


EPISODES = 4


Record = dict[str, Any]


@dataclass(slots=True)
class Listener:
    """Answers everything the same way; `headers` may replace the Date."""

    port: int
    status: int = 200
    body: bytes = b'{"status": "ok"}'
    headers: Mapping[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def listening() -> Iterator[Listener]:
    listener: Listener

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            listener.asked.append(f"{self.command} {self.path}")
            self.send_response_only(listener.status)
            for name, value in {"Date": self.date_time_string(), **listener.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(listener.body)))
            self.end_headers()
            self.wfile.write(listener.body)

        do_POST = do_OPTIONS = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        listener = Listener(server.server_port)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield listener
        finally:
            server.shutdown()
            thread.join()


def edit_rows(folder: Path, sql: str) -> None:
    with closing(sqlite3.connect(folder / "strmctl.db")) as connection, connection:
        connection.executescript(sql)


def episode(folder: Path, number: int) -> Path:
    return folder / "library" / "Show" / "Season 01" / f"Show S01E{number:02}.strm"


def replace_settings(folder: Path, old: str, new: str) -> None:
    text = (folder / "strmctl.toml").read_text()
    assert old in text
    (folder / "strmctl.toml").write_text(text.replace(old, new))


def add_settings(folder: Path, text: str) -> None:
    with (folder / "strmctl.toml").open("a") as settings:
        settings.write(f"\n{text}")
