"""Everything bad at once, in a process of its own: upstreams, names, and clients of strmctl.

Upstreams that accept and never answer (their kernel accepts, nobody ever reads), a name server
that is silent, playlists of 15 MiB, and connections that send their header byte by byte.
"""

import asyncio
import multiprocessing
import os
import resource
import socket
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from urllib.parse import urlsplit

import aiohttp

from stage.routes import PLAYLIST_TYPE
from stage.upstream import Answer, Request, running_upstream

_context = multiprocessing.get_context("spawn")
_SLOW = b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "


@dataclass(frozen=True, slots=True)
class Scale:
    silent: int
    mute_names: int
    playlists: int
    playlist_mib: int
    slow_headers: int


FULL = Scale(silent=500, mute_names=12, playlists=50, playlist_mib=15, slow_headers=1000)
SMALL = Scale(silent=60, mute_names=12, playlists=4, playlist_mib=5, slow_headers=100)


@dataclass(slots=True)
class Nuisances:
    """Where the bad upstreams are; `begin` lets their viewers come, `report` says what they got."""

    silent: list[str]
    mute: list[str]
    playlists: list[str]
    name_server: str
    _pipe: Connection = field(repr=False)

    def begin(self, server: str, urls: Mapping[str, Sequence[str]]) -> None:
        """`urls` by kind; `server` is where slow headers are sent to."""
        self._pipe.send((server, {kind: list(found) for kind, found in urls.items()}))

    def report(self, seconds: float) -> dict[str, Counter[str]]:
        """How often each kind was answered what; waits for the last answer."""
        if not self._pipe.poll(seconds):
            raise TimeoutError(f"not every nuisance has ended within {seconds:g} s")
        found: dict[str, Counter[str]] = self._pipe.recv()
        return found


@contextmanager
def nuisances(scale: Scale) -> Iterator[Nuisances]:
    ours, theirs = _context.Pipe()
    process = _context.Process(target=_main, args=(scale, theirs))
    process.start()
    theirs.close()
    try:
        silent, mute, playlists, name_server = ours.recv()
        yield Nuisances(silent, mute, playlists, name_server, ours)
    finally:
        ours.close()
        process.join(30)
        process.kill()
        process.join()


def _main(scale: Scale, pipe: Connection) -> None:
    # A descriptor for each silent upstream, each slow client, and each of those who ask.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with ExitStack() as stack:
        mute = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        mute.bind(("127.0.0.1", 0))
        port = _silent_listeners(stack, scale.silent)
        upstream = stack.enter_context(running_upstream())
        upstream.sites["large"] = _large(scale.playlist_mib)
        silent = [f"http://{_silent_host(n)}:{port}/film.mp4" for n in range(scale.silent)]
        names = [f"http://mute{n}.example/film.mp4" for n in range(scale.mute_names)]
        playlists = [f"{upstream.url}/large/{n}.m3u8" for n in range(scale.playlists)]
        pipe.send((silent, names, playlists, f"127.0.0.1:{mute.getsockname()[1]}"))
        try:
            server, urls = pipe.recv()
            pipe.send(asyncio.run(_all_at_once(server, urls, scale.slow_headers)))
            pipe.recv()
        except EOFError:
            pass  # The test has ended.
    os._exit(0)


def _silent_host(number: int) -> str:
    return f"127.1.{number // 250}.{number % 250 + 1}"


def _silent_listeners(stack: ExitStack, count: int) -> int:
    """Their common port; each is an address of its own, as hosts are."""
    port = 0
    for number in range(count):
        listener = stack.enter_context(socket.socket())
        listener.bind((_silent_host(number), port))
        listener.listen(8)
        port = listener.getsockname()[1]
    return port


def _large(mib: int) -> Callable[[Request], Answer]:
    line = "#EXTINF:4.0,\nhttps://cdn.example/films/a-name-as-long-as-usual/{:07}.ts\n"
    count = mib * 2**20 // len(line.format(0))
    lines = "".join(map(line.format, range(count)))
    text = f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n{lines}#EXT-X-ENDLIST\n".encode()
    return lambda request: Answer(200, text, {"Content-Type": PLAYLIST_TYPE})


async def _all_at_once(
    server: str, urls: Mapping[str, Sequence[str]], slow: int
) -> dict[str, Counter[str]]:
    kinds = [kind for kind, found in urls.items() for _ in found] + ["slow header"] * slow
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=280)
    ) as session:
        asking = [_ask(session, url) for found in urls.values() for url in found]
        asking += [_slow_header(server) for _ in range(slow)]
        answers = await asyncio.gather(*asking)
    report: dict[str, Counter[str]] = {kind: Counter() for kind in kinds}
    for kind, answer in zip(kinds, answers, strict=True):
        report[kind][answer] += 1
    return report


async def _ask(session: aiohttp.ClientSession, url: str) -> str:
    try:
        async with session.get(url) as response:
            async for _ in response.content.iter_any():
                pass
    except (aiohttp.ClientError, TimeoutError) as error:
        return type(error).__name__
    return str(response.status)


async def _slow_header(server: str) -> str:
    """A byte a second, until the server has had enough; the first word of what it says."""
    parts = urlsplit(server)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    answer = asyncio.ensure_future(reader.read(12))
    try:
        writer.write(_SLOW)
        while not answer.done():
            writer.write(b"x")
            await asyncio.wait({answer}, timeout=1.0)
        return (await answer).decode().removeprefix("HTTP/1.1 ") or "closed"
    except ConnectionError:
        return "reset"
    finally:
        writer.close()
