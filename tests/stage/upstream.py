"""A scripted upstream: what it answers is a function of the request, what it saw is kept.

It speaks HTTP/1.1 on a real socket in a thread of its own, and does whatever an answer says:
cut the body off, trickle it, never end it, close without a word.
"""

import asyncio
import itertools
import socket
import struct
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from urllib.parse import urlsplit

Body = bytes | Callable[[], AsyncIterator[bytes]]


@dataclass(frozen=True, slots=True)
class Request:
    """`fields` by lower-case name; `path` without its query; `sender` is where it came from."""

    method: str
    path: str
    query: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    sender: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """`cut_after` so many bytes of the body the connection is closed, -1: before the head.

    A body without Content-Length in `fields` is chunked, unless it is bytes; one that
    `is_until_the_end` is neither. With `is_reset` the connection does not end in good order. A
    silent answer never comes.
    """

    status: int = 200
    body: Body = b""
    fields: Mapping[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    is_silent: bool = False
    is_until_the_end: bool = False
    is_reset: bool = False


Route = Callable[[Request], Answer]


@dataclass(slots=True)
class Exchange:
    """One request and whether its answer is still under way."""

    request: Request
    connection: int
    _reader: asyncio.StreamReader
    ended: bool = False

    @property
    def is_open(self) -> bool:
        gone = self._reader.at_eof() or self._reader.exception() is not None
        return not self.ended and not gone


class Upstream:
    """`sites` answer by the first folder of the path; 404 where there is none."""

    def __init__(self) -> None:
        self.address = ""
        self.connections = 0
        self.exchanges: list[Exchange] = []
        self.sites: dict[str, Route] = {}
        self._numbers = itertools.count(1)

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, kept alive until either side ends it."""
        self.connections += 1
        number = next(self._numbers)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while await self._exchange(reader, writer, number):
                    pass
        finally:
            writer.close()

    async def _exchange(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> bool:
        request = replace(await _read_request(reader), sender=writer.get_extra_info("peername")[0])
        exchange = Exchange(request, number, reader)
        self.exchanges.append(exchange)
        site = self.sites.get(request.path.split("/")[1])
        answer = site(request) if site else Answer(404)
        try:
            if answer.is_silent:
                await reader.read()  # Until the client has had enough.
                return False
            return await _send(writer, request, answer)
        finally:
            exchange.ended = True
            if answer.is_reset:
                _reset(writer)


def _reset(writer: asyncio.StreamWriter) -> None:
    # Closed without lingering, a socket sends RST (RFC 9293 section 3.10.4).
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


async def _read_request(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *lines = head.split("\r\n")
    method, target, _ = line.split(" ")
    pairs = (line.partition(":") for line in lines if line)
    fields = {name.lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(fields.get("content-length", "0")))
    parts = urlsplit(target)
    return Request(method, parts.path, parts.query, fields, body)


async def _send(writer: asyncio.StreamWriter, request: Request, answer: Answer) -> bool:
    """Whether the connection may be used again."""
    if answer.cut_after == -1:
        return False
    fields = dict(answer.fields)
    is_chunked = False
    if answer.is_until_the_end:
        fields["Connection"] = "close"
    elif isinstance(answer.body, bytes):
        fields.setdefault("Content-Length", str(len(answer.body)))
    elif "Content-Length" not in fields:
        fields["Transfer-Encoding"] = "chunked"
        is_chunked = True
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
    if request.method == "HEAD":
        return True
    left = answer.cut_after
    async for piece in _pieces(answer.body):
        sent = piece if left is None else piece[:left]
        writer.write(b"%x\r\n%s\r\n" % (len(sent), sent) if is_chunked else sent)
        await writer.drain()
        if left is not None:
            left -= len(sent)
            if left == 0:
                return False
    if is_chunked:
        writer.write(b"0\r\n\r\n")
    await writer.drain()
    return not answer.is_until_the_end


async def _pieces(body: Body) -> AsyncIterator[bytes]:
    if isinstance(body, bytes):
        if body:
            yield body
    else:
        async for piece in body():
            yield piece


@contextmanager
def running_upstream(host: str = "127.0.0.1") -> Iterator[Upstream]:
    upstream = Upstream()
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(upstream.converse, host, 0))
    name, port = server.sockets[0].getsockname()[:2]
    upstream.address = f"[{name}]:{port}" if ":" in name else f"{name}:{port}"
    thread = threading.Thread(target=loop.run_forever, name="upstream")
    thread.start()
    try:
        yield upstream
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        loop.run_until_complete(_ended(asyncio.all_tasks(loop)))
        loop.close()


async def _ended(tasks: set[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0)
