"""Proxies to go out by that answer for themselves, hang up, or lead to one host alone."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from stage.probed_hosts import Host

CLOSED = "127.0.0.1:1"
"""A host behind them at which nobody listens."""

LOGIN = b"<!DOCTYPE html><html><title>Hotel Wi-Fi</title><form action=/login></form></html>"

Says = Callable[[bytes], bytes]
"""From what a proxy has read, what it answers."""

_Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def _listening(talk: _Talk, scheme: str = "http") -> AsyncIterator[str]:
    """Its URL; `talk` holds each connection, and has ended when this ends."""
    talks: set[asyncio.Task[object]] = set()

    async def held(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        await talk(reader, writer)

    async with await asyncio.start_server(held, "127.0.0.1", 0) as server:
        yield f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await asyncio.gather(*talks)


@asynccontextmanager
async def proxy(speaks: Says, scheme: str = "http") -> AsyncIterator[str]:
    """One that answers by itself, with what it is asked."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # strmctl aborts what it does not read to its end.
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(speaks(data))
                await writer.drain()
            writer.close()
            await writer.wait_closed()

    async with _listening(talk, scheme) as url:
        yield url


@asynccontextmanager
async def hanging_up(scheme: str, *replies: bytes, by_reset: bool = False) -> AsyncIterator[str]:
    """One that ends each connection after these replies."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            for reply in replies:
                await reader.read(65536)
                writer.write(reply)
            if not by_reset and not replies:
                await reader.read(65536)
        # What lies unread is answered by a reset (RFC 9293 section 3.6.1).
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async with _listening(talk, scheme) as url:
        yield url


@asynccontextmanager
async def relaying(host: Host) -> AsyncIterator[str]:
    """One without TLS that reaches this host alone, and says 503 for all others."""
    name, _, port = host.address.partition(":")

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if f"//{name}:{port}/".encode() not in head:
            writer.write(says(503)(head))
        else:
            upstream, to = await asyncio.open_connection(name, int(port))
            to.write(head.replace(host.url("").rstrip("/").encode(), b"", 1))
            to.write_eof()
            writer.write(await upstream.read())
            to.close()
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@asynccontextmanager
async def portal(certificate: Path) -> AsyncIterator[str]:
    """One that says 200 to CONNECT, and shows a certificate of its own then."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with suppress(OSError, ssl.SSLError):
            await writer.start_tls(context)
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def says(status: int) -> Says:
    return lambda asked: f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode()


def socks(code: int) -> Says:
    """RFC 1928: no authentication wanted, and then a reply with this code."""

    def answer(asked: bytes) -> bytes:
        if asked[1:2] != b"\x01" or len(asked) < 5:
            return b"\x05\x00"
        return bytes([5, code, 0, 1, 0, 0, 0, 0, 0, 0])

    return answer


def login_page(asked: bytes) -> bytes:
    """What a captive portal says in place of everything."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(LOGIN)}\r\n\r\n"
    return head.encode() + (b"" if asked.startswith(b"HEAD") else LOGIN)
