"""A library in which everything is well, and servers that a doctor asks."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from command_line import Strmctl

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


@pytest.fixture
def served() -> Iterator[Listener]:
    """What answers at the base URL, as `strmctl serve` does."""
    with listening() as listener:
        yield listener


@pytest.fixture
def other() -> Iterator[Listener]:
    """A resolver's endpoint, or a canary."""
    with listening() as listener:
        listener.body = json.dumps({"url": UPSTREAM}).encode()
        yield listener


@pytest.fixture
def well(strmctl: Strmctl, folder: Path, served: Listener) -> Path:
    """The working folder of a library that has nothing to find."""
    strmctl("init", "--base-url", served.url)
    settings = folder / "strmctl.toml"
    settings.write_text(
        settings.read_text()
        + '\n[resolvers.mine]\nsites = ["a.to"]\ntype = "template"\n'
        + 'url = "https://nas.test/{slug}"\n'
    )
    rows = [f"a.to,show,1,{number},de,{UPSTREAM}" for number in range(1, EPISODES + 1)]
    csv = "\n".join(["site,slug,season,episode,language,url", *rows, ""])
    strmctl("write", "--from", "-", stdin=csv)
    return folder


@pytest.fixture
def findings(strmctl: Strmctl) -> Callable[..., list[Record]]:
    """What a doctor finds; nothing that it says holds a secret."""

    def look(*arguments: object, code: int) -> list[Record]:
        ended = strmctl("doctor", "--json", *arguments, code=code)
        assert SECRET not in ended.out + ended.err
        assert "cdn.test" not in ended.out + ended.err
        *found, summary = ended.records
        assert summary["type"] == "summary"
        return found

    return look


@pytest.fixture
def run_sql(folder: Path) -> Callable[[str], None]:
    """By hand, behind strmctl's back."""
    return lambda sql: edit_rows(folder, sql)


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
