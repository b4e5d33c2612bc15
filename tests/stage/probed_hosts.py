"""Hosts with every kind of trouble: the first folder of a path names it, and each host counts."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field

MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(2000)
PAGE = b"<!DOCTYPE html><html>gone</html>"
SLOW_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Reply:
    status: int = 200
    body: bytes = b""
    fields: Mapping[str, str] = field(default_factory=dict)

    def to(self, method: str) -> bytes:
        lines = [f"HTTP/1.1 {self.status} Reason", f"Content-Length: {len(self.body)}"]
        lines += [f"{name}: {value}" for name, value in self.fields.items()]
        body = b"" if method == "HEAD" else self.body
        return "\r\n".join([*lines, "", ""]).encode() + body


MEDIA = Reply(206, MP4[:1024], {"Content-Range": "bytes 0-1023/2012", "Content-Type": "video/mp4"})
REPLIES = {
    "alive": MEDIA,
    "clip": Reply(200, MP4[:16], {"Content-Type": "video/mp4"}),
    "slow": MEDIA,
    "headless": MEDIA,
    "missing": Reply(404),
    "gone": Reply(410),
    "expired": Reply(403),
    "geo": Reply(403),
    "legal": Reply(451),
    "limited": Reply(429, fields={"Retry-After": "3600"}),
    "page": Reply(200, PAGE, {"Content-Type": "text/html"}),
    "broken": Reply(503),
}


@dataclass
class Host:
    """`requests` counts paths; `most` is how many it answered at once, at the worst.

    With `at_once` it answers 429 to whatever comes beyond, with `refuses_all`, the fields of such
    an answer, to everything. What is in `mended` is alive, what is in `removed` a clip, in
    `gone` it is no more.
    `all_say` is the kind of everything, where it is set.
    `before` is called with each path that is asked for. One that is down hangs up.
    """

    address: str = ""
    at_once: int | None = None
    refuses_all: Mapping[str, str] | None = None
    is_down: bool = False
    requests: Counter[str] = field(default_factory=Counter)
    methods: Counter[str] = field(default_factory=Counter)
    all_say: str = ""
    mended: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    before: Callable[[str], object] = str
    delay: float = 0.0
    conversations: dict[asyncio.Task[None], asyncio.StreamWriter] = field(default_factory=dict)
    now: int = 0
    most: int = 0
    refusals: int = 0

    def url(self, path: str) -> str:
        return f"http://{self.address}/{path}"

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.conversations[task] = writer
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                while await self._exchange(reader, writer):
                    await writer.drain()
        finally:
            del self.conversations[task]
            writer.close()

    async def end(self) -> None:
        """Hang up on proxies, which keep a connection for whoever comes next."""
        while self.conversations:
            for writer in self.conversations.values():
                writer.close()
            await asyncio.wait(list(self.conversations))

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        method, path = head.split(b" ", 2)[:2]
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            return await self._answer(method.decode(), path.decode().lstrip("/"), writer)
        finally:
            self.now -= 1

    async def _answer(self, method: str, path: str, writer: asyncio.StreamWriter) -> bool:
        self.requests[path] += 1
        self.methods[method] += 1
        self.before(path)
        kind = "alive" if path in self.mended else path.split("/")[0]
        kind = "clip" if path in self.removed else kind
        kind = "missing" if path in self.gone else self.all_say or kind
        if self.is_down:
            return False
        if self.refuses_all is not None or (self.at_once is not None and self.now > self.at_once):
            self.refusals += 1
            writer.write(Reply(429, fields=self.refuses_all or {}).to(method))
            return True
        await asyncio.sleep(SLOW_SECONDS if kind == "slow" else self.delay)
        if kind == "reset":
            return False
        if kind == "headless" and method == "HEAD":
            writer.write(Reply(405).to(method))
            return True
        writer.write(REPLIES[kind].to(method))
        return True


@asynccontextmanager
async def hosts(*given: Host) -> AsyncIterator[tuple[Host, ...]]:
    """Each on a loopback address of its own."""
    async with AsyncExitStack() as stack:
        for number, host in enumerate(given, 1):
            server = await asyncio.start_server(host.converse, f"127.0.2.{number}", 0)
            stack.push_async_callback(host.end)
            stack.callback(server.close)
            name, port = server.sockets[0].getsockname()
            host.address = f"{name}:{port}"
        yield given
