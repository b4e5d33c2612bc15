"""Servers on loopback addresses that answer with raw bytes, and name servers of the test's own."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from aiohttp.abc import AbstractResolver, ResolveResult

from strmctl.settings.model import UpstreamSettings
from strmctl.upstream.client import UpstreamClient
from strmctl.upstream.guard import Guard

ALLOWED = "127.0.0.1"
"""Stands for a public address: the guard of a test allows it."""

REFUSED = "127.0.0.2"
"""Stands for a private one: where the canary listens."""


@dataclass(frozen=True)
class Request:
    target: str
    fields: Mapping[str, str]
    connection: int


@dataclass(frozen=True)
class Reply:
    """Raw bytes; then the connection stays open, is closed, or says nothing more."""

    data: bytes
    ends: bool = False
    hangs: bool = False


Answer = Callable[[Request], Reply]


def reply(status: int = 200, body: bytes = b"", **fields: str) -> Reply:
    """A whole answer; `Content_Type="a/b"` becomes a field."""
    lines = [f"HTTP/1.1 {status} Reason", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return Reply("\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + body)


def raw(head: str, body: bytes = b"", *, ends: bool = True, hangs: bool = False) -> Reply:
    """An answer to the letter: lines of `head` are separated by LF here, by CRLF on the wire."""
    return Reply(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body, ends, hangs)


@dataclass
class Server:
    host: str
    port: int = 0
    connections: int = 0
    requests: list[Request] = field(default_factory=list)

    def url(self, path: str = "/", host: str | None = None) -> str:
        return f"http://{host or self.host}:{self.port}{path}"


@asynccontextmanager
async def serving(answer: Answer, host: str = ALLOWED) -> AsyncIterator[Server]:
    server = Server(host)
    conversations: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        conversations[task] = writer
        try:
            await _answer_requests(server, answer, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # The client has left.
        finally:
            writer.close()

    listener = await asyncio.start_server(converse, host, 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for writer in conversations.values():
            writer.close()
        await asyncio.gather(*conversations)


async def _answer_requests(
    server: Server, answer: Answer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    number = server.connections
    server.connections += 1
    while True:
        request = _request(await reader.readuntil(b"\r\n\r\n"), number)
        server.requests.append(request)
        given = answer(request)
        writer.write(given.data)
        await writer.drain()
        if given.hangs:
            await reader.read()
        if given.ends:
            return


@asynccontextmanager
async def canary() -> AsyncIterator[Server]:
    """What nobody may connect to."""
    async with serving(lambda request: reply(body=b"secret"), REFUSED) as server:
        yield server
        assert server.connections == 0, "the guard let a request through"


def _request(head: bytes, connection: int) -> Request:
    first, *lines = head.decode("latin-1").split("\r\n")
    fields = (line.partition(":") for line in lines if line)
    return Request(
        first.split(" ")[1], {name.lower(): value.strip() for name, _, value in fields}, connection
    )


class Names(AbstractResolver):
    """Answers look-ups: of a name's answers one after the other, the last one for ever."""

    def __init__(self, **answers: Sequence[Sequence[str]]) -> None:
        self._answers = {name.replace("_", "."): list(given) for name, given in answers.items()}
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        self.asked.append(host)
        answers = self._answers.get(host.rstrip(".").lower())
        if answers is None:
            raise OSError(f"{host} is not known to the test")
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [self._result(host, port, address) for address in found]

    def _result(self, host: str, port: int, address: str) -> ResolveResult:
        return ResolveResult(
            hostname=host,
            host=address,
            port=port,
            family=socket.AF_INET6 if ":" in address else socket.AF_INET,
            proto=socket.IPPROTO_TCP,
            flags=socket.AI_NUMERICHOST,
        )

    async def close(self) -> None:
        pass


@asynccontextmanager
async def client(
    allow: Sequence[str] = (ALLOWED,),
    *,
    own: Sequence[tuple[str, int]] = (),
    names: Names | None = None,
    connect_timeout: float = 5,
    read_timeout: float = 5,
    first_byte_timeout: float = 6,
) -> AsyncIterator[UpstreamClient]:
    settings = UpstreamSettings(
        connect_timeout=timedelta(seconds=connect_timeout),
        read_timeout=timedelta(seconds=read_timeout),
        first_byte_timeout=timedelta(seconds=first_byte_timeout),
    )
    made = UpstreamClient(settings, Guard(allow, own), names or Names())
    try:
        yield made
    finally:
        await made.aclose()
