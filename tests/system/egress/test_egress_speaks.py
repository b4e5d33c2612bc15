"""An egress that answers for itself is the egress: nothing is concluded about a single link."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from stage.probed_hosts import Host, hosts
from stage.probed_library import library_in, settings_in
from strmctl.domain.mapping import LinkState, Resolution
from strmctl.errors import EgressError
from strmctl.services.checking.check import LinkCheck
from strmctl.services.resolving.trial import Trials
from strmctl.settings.model import UpstreamSettings
from strmctl.upstream.client import UpstreamClient
from strmctl.upstream.guard import Guard

_CLOSED = "127.0.0.1:1"


@asynccontextmanager
async def proxy(speaks: Callable[[bytes], bytes], scheme: str = "http") -> AsyncIterator[str]:
    """One that answers by itself, with what it is asked; its URL."""

    talks: set[asyncio.Task[object]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        while data := await reader.read(65536):
            writer.write(speaks(data))
            await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        yield f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await asyncio.gather(*talks)


def says(status: int) -> Callable[[bytes], bytes]:
    return lambda asked: f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode()


def socks(code: int) -> Callable[[bytes], bytes]:
    """RFC 1928: no authentication wanted, and then a reply with this code."""

    def answer(asked: bytes) -> bytes:
        if asked[1:2] != b"\x01" or len(asked) < 5:
            return b"\x05\x00"
        return bytes([5, code, 0, 1, 0, 0, 0, 0, 0, 0])

    return answer


TUNNEL_DOWN = [
    pytest.param(says(500), "http", "https", id="gluetun, 500 to CONNECT"),
    pytest.param(says(503), "http", "https", id="gluetun, 503 to CONNECT"),
    pytest.param(says(502), "http", "https", id="502 to CONNECT"),
    pytest.param(says(504), "http", "https", id="504 to CONNECT"),
    pytest.param(says(503), "http", "http", id="503 without TLS"),
    pytest.param(says(407), "http", "http", id="another password"),
    pytest.param(says(511), "http", "http", id="a captive portal"),
    pytest.param(says(511), "http", "https", id="a captive portal, 511 to CONNECT"),
    pytest.param(says(302), "http", "https", id="a captive portal, a redirect to CONNECT"),
    pytest.param(says(200), "http", "https", id="a captive portal, a page to CONNECT"),
    pytest.param(socks(1), "socks5", "https", id="socks: general failure"),
    pytest.param(socks(2), "socks5", "https", id="socks: not allowed"),
    pytest.param(socks(3), "socks5", "http", id="socks: network unreachable"),
    pytest.param(socks(4), "socks5h", "https", id="socks: host unreachable"),
]


@pytest.mark.parametrize(("speaks", "scheme", "link"), TUNNEL_DOWN)
async def test_95_one_host_and_no_canaries(
    tmp_path: Path, speaks: Callable[[bytes], bytes], scheme: str, link: str
) -> None:
    async with proxy(speaks, scheme) as egress:
        library = library_in(tmp_path, settings_in(tmp_path, egress=egress))
        with library.database:
            library.add(f"{link}://{_CLOSED}/{number}.mp4" for number in range(5))
            with pytest.raises(EgressError):
                await library.probe()
            assert set(library.states()) == {LinkState.UNKNOWN}
            assert library.events() == []


@pytest.mark.parametrize(("speaks", "scheme", "link"), TUNNEL_DOWN)
async def test_95_a_new_link_is_not_refused_for_it(
    speaks: Callable[[bytes], bytes], scheme: str, link: str
) -> None:
    """`refresh` ends with 13, not with a failure of the link."""
    async with proxy(speaks, scheme) as egress:
        client = UpstreamClient(UpstreamSettings(egress=egress), Guard(("127.0.0.0/8",)))
        trials = Trials(LinkCheck(client), per_host=4, guarded=True)
        try:
            with pytest.raises(EgressError):
                await trials.result(Resolution(f"{link}://{_CLOSED}/a.mp4"), None)
        finally:
            await client.aclose()


async def test_95_one_dead_host_beside_one_that_answers(tmp_path: Path) -> None:
    """The same egress led to another host, so this one's failure is its own."""
    async with hosts(Host()) as [host], relaying(host) as egress:
        library = library_in(tmp_path, settings_in(tmp_path, egress=egress))
        with library.database:
            library.add([host.url("alive/1.mp4"), f"http://{_CLOSED}/2.mp4"])
            await library.probe()
            assert library.states() == [LinkState.ALIVE, LinkState.SUSPECT]


@asynccontextmanager
async def relaying(host: Host) -> AsyncIterator[str]:
    """A proxy without TLS that reaches this host alone, and says 503 for all others."""
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
