"""An upstream that answers every request for media after a fixed delay, in a process of its own.

It has to be far faster than whoever is measured with it, hence a bare protocol on uvloop.
`/links/N` is a page of N links, `/titles/…` playlists and their segments, `/seen` says what has
come since it was asked last.
"""

import asyncio
import contextlib
import functools
import hashlib
import json
import multiprocessing
import re
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import cast

import httpx
import uvloop

FILE_SIZE = 4096
"""Bytes; small, so that a peer that reads all of it can keep its connection too."""

_FILE = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom".ljust(FILE_SIZE, b"\0")
_SEGMENT = (b"\x47\x40\x11\x10" + b"\xff" * 184) * 21
_TOKEN = "token=" + "0123456789abcdef" * 8 + "&expires=1795388400"
LONG = 10_000
_REQUEST = re.compile(rb"(\w+) (\S+) HTTP/1\.1\r\n")
_RANGE = re.compile(rb"\r\nrange: *bytes=0-(\d+)\r\n", re.IGNORECASE)
_BUSIEST = 4096


@dataclass(frozen=True, slots=True)
class Seen:
    """`links` are different ones; `at_once` is the most requests that waited together."""

    requests: int
    links: int
    at_once: int


@dataclass(frozen=True, slots=True)
class Upstream:
    base: str

    def link(self, number: int) -> str:
        return f"{self.base}{_path(number)}"

    def page(self, links: int) -> str:
        """The URL of a page that holds the first so many links."""
        return f"{self.base}/links/{links}"

    def seen(self) -> Seen:
        """Since it was asked last."""
        return Seen(**httpx.get(f"{self.base}/seen").json())


@contextlib.contextmanager
def upstream(delay: float) -> Iterator[Upstream]:
    """`delay` in seconds."""
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(delay, there), daemon=True
    )
    server.start()
    try:
        yield Upstream(f"http://127.0.0.1:{here.recv()}")
    finally:
        server.terminate()
        server.join()


ROWS = {
    "episode": (240, "{n}.ts"),
    "short": (LONG, "seg{n}.ts"),
    "long": (LONG, "/titles/of/that/name/segment-{n}.ts?" + _TOKEN),
    "signed": (LONG, "/titles/of/that/name/segment-{n}.ts?" + _TOKEN + "&signature={signature}"),
}
"""Kinds of playlists: how many segments, and what their URIs look like."""


@functools.cache
def playlist(kind: str) -> bytes:
    rows, uri = ROWS[kind]
    lines = ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:7", "#EXT-X-MEDIA-SEQUENCE:0"]
    for n in range(rows):
        signature = hashlib.sha256(b"%d" % n).hexdigest()
        lines += [f"#EXTINF:{6 + n % 7 / 10:.3f},", uri.format(n=n, signature=signature)]
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""]).encode()


def _of_title(path: bytes) -> bytes:
    """`/titles/KIND/NAME.m3u8`; whatever else is asked for there is a segment."""
    if not path.endswith(b".m3u8"):
        return _response(b"200 OK", b"video/mp2t", _SEGMENT)
    kind = path.split(b"/")[2].decode()
    return _response(b"200 OK", b"application/vnd.apple.mpegurl", playlist(kind))


def _path(number: int) -> str:
    return f"/media/{number}.mp4"


class _Counts:
    def __init__(self) -> None:
        self.waiting = 0
        self.reset()

    def reset(self) -> None:
        self.requests = 0
        self._links: set[bytes] = set()
        self._at_once = 0

    def begin(self, path: bytes) -> None:
        self.waiting += 1
        self.requests += 1
        self._links.add(path)
        self._at_once = max(self._at_once, self.waiting)

    def as_json(self) -> bytes:
        return json.dumps(
            {"requests": self.requests, "links": len(self._links), "at_once": self._at_once}
        ).encode()


class _Protocol(asyncio.Protocol):
    """Requests without a body, one after the other on a connection."""

    def __init__(self, delay: float, counts: _Counts) -> None:
        self._delay = delay
        self._counts = counts
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's are no subclass of asyncio.Transport.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._head += data
        while b"\r\n\r\n" in self._head:
            head, _, self._head = self._head.partition(b"\r\n\r\n")
            self._answer(head + b"\r\n")

    def _answer(self, head: bytes) -> None:
        request = _REQUEST.match(head)
        if request is None:
            self._transport.close()
            return
        method, path = request.groups()
        if path.startswith(b"/media/"):
            self._counts.begin(path)
            asyncio.get_running_loop().call_later(self._delay, self._send, _media(method, head))
        elif path.startswith(b"/titles/"):
            self._counts.requests += 1
            self._transport.write(_of_title(path))
        elif path.startswith(b"/links/"):
            page = _page(int(path.removeprefix(b"/links/")))
            self._transport.write(_response(b"200 OK", b"text/html", page))
        elif path == b"/seen":
            self._transport.write(_response(b"200 OK", b"application/json", self._counts.as_json()))
            self._counts.reset()
        else:
            self._transport.write(_response(b"404 Not Found", b"text/plain", b""))

    def _send(self, response: bytes) -> None:
        self._counts.waiting -= 1
        if not self._transport.is_closing():
            self._transport.write(response)


def _media(method: bytes, head: bytes) -> bytes:
    asked = _RANGE.search(head)
    if method == b"HEAD":
        return _response(b"200 OK", b"video/mp4", _FILE)[:-FILE_SIZE]
    if asked is None:
        return _response(b"200 OK", b"video/mp4", _FILE)
    part = _FILE[: int(asked[1]) + 1]
    field = b"Content-Range: bytes 0-%d/%d\r\n" % (len(part) - 1, FILE_SIZE)
    return _response(b"206 Partial Content", b"video/mp4", part, field)


def _page(links: int) -> bytes:
    anchors = "".join(f'<a href="{_path(number)}">{number}</a>\n' for number in range(links))
    return f"<!doctype html><title>Links</title>\n{anchors}".encode()


def _response(status: bytes, kind: bytes, body: bytes, fields: bytes = b"") -> bytes:
    # LinkChecker asks a site that does not send its name ten times a second at most.
    head = b"HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nLinkChecker: welcome\r\n"
    return head % (status, kind, len(body)) + fields + b"\r\n" + body


def _serve(delay: float, ready: Connection) -> None:
    uvloop.run(_listen(delay, ready))


async def _listen(delay: float, ready: Connection) -> None:
    counts = _Counts()
    server = await asyncio.get_running_loop().create_server(
        lambda: _Protocol(delay, counts), "127.0.0.1", 0, backlog=_BUSIEST
    )
    ready.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()
