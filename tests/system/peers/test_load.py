"""Rows 26 and 27: slow players and monstrous playlists, measured on a process of its own."""

import asyncio
import gzip
import os
import time
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from stage import presentation
from stage.proxy import identity
from stage.routes import always, endless, playlist
from stage.show import Resolver, Show
from stage.strmctl import new_strmctl
from stage.upstream import Answer, Route
from stage.viewer import follow, uris_in
from stage.waiting import until
from strmctl.services.keys.playback_urls import signed_url
from strmctl.settings.load import load
from strmctl.settings.model import Settings

MIB = 2**20


@dataclass(frozen=True, slots=True)
class Stage:
    settings: Settings
    process_id: int

    def playback_url(self, show: Show) -> str:
        return signed_url(self.settings, identity(show.slug), extension="")

    def memory(self, field: str = "VmRSS") -> int:
        """The server's resident memory in bytes; `VmHWM` is its highest."""
        status = Path(f"/proc/{self.process_id}/status").read_text(encoding="ascii")
        [line] = [line for line in status.splitlines() if line.startswith(f"{field}:")]
        return int(line.split()[1]) * 1024

    def busy(self) -> float:
        """Seconds of CPU that the server has had."""
        fields = Path(f"/proc/{self.process_id}/stat").read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @contextmanager
    def grows_less_than(self, limit: int) -> Iterator[None]:
        """The server's memory within the block, at its highest."""
        Path(f"/proc/{self.process_id}/clear_refs").write_text("5", encoding="ascii")
        before = self.memory()
        yield
        assert self.memory("VmHWM") - before < limit


@pytest.fixture(scope="module")
def stage(resolver: Resolver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    strmctl = new_strmctl(tmp_path_factory.mktemp("load") / "strmctl", resolver.url)
    with strmctl.serving() as server:
        settings = load(strmctl.folder / "strmctl.toml", environ={}).settings
        yield Stage(settings, server.process.pid)


async def watch_slowly(url: str, seconds: float, enough: int) -> int:
    """A player that takes 200 kB a second, and longer until it has `enough`; what it has got."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=16 * 1024)
    writer.write(f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    received, end = 0, time.monotonic() + seconds
    while time.monotonic() < end or received < enough:
        chunk = await reader.read(20_000)
        if not chunk:
            break
        received += len(chunk)
        await asyncio.sleep(0.1)
    writer.close()
    return received


@pytest.mark.slow
async def test_26_two_hundred_slow_players_of_a_large_file(show: Show, stage: Stage) -> None:
    show.entry = "film.mp4"
    length = {"Content-Length": str(1024 * MIB), "Content-Type": "video/mp4"}
    show.routes["film.mp4"] = endless(b"G" + bytes(65_535), fields=length)
    url = stage.playback_url(show)
    assert await watch_slowly(url, 0.5, enough=20_000) >= 20_000
    with stage.grows_less_than(50 * MIB):
        received = await asyncio.gather(*(watch_slowly(url, 10, 100_000) for _ in range(200)))
    assert min(received) >= 100_000

    def nothing_is_under_way() -> bool:
        return not any(exchange.is_open for exchange in show.exchanges())

    await asyncio.to_thread(until, nothing_is_under_way, "all downloads end")


def slowest_while(stage: Stage, url: str, others: list[str]) -> tuple[float, list[httpx.Response]]:
    """Seconds that the slowest answer at `url` took while `others` were under way.

    Only what the server was busy counts: not that somebody else had the CPU.
    """
    taken = []
    with (
        ThreadPoolExecutor(len(others)) as pool,
        httpx.Client(trust_env=False, verify=False, timeout=60) as client,
    ):
        futures = [pool.submit(client.get, other) for other in others]
        while not all(future.done() for future in futures):
            started, busy = time.monotonic(), stage.busy()
            assert client.get(url).status_code == 200
            taken.append(min(time.monotonic() - started, stage.busy() - busy))
        return max(taken), [future.result() for future in futures]


@pytest.fixture
def small(resolver: Resolver, stage: Stage, client: httpx.Client) -> str:
    """A segment of another show, that a player watches meanwhile."""
    show = resolver.new_show()
    presentation.flat(show, ["a.ts"])
    return follow(client, stage.playback_url(show))[0]


@pytest.mark.slow
def test_27_a_playlist_of_400_000_lines_keeps_nobody_waiting(
    show: Show, stage: Stage, small: str
) -> None:
    lines = "".join(f"#EXTINF:4.0,\ns{number}.ts\n" for number in range(200_000))
    show.routes["index.m3u8"] = playlist(f"#EXTM3U\n{lines}#EXT-X-ENDLIST\n")
    slowest, answers = slowest_while(stage, small, [stage.playback_url(show)] * 3)
    for answer in answers:
        assert len(uris_in(answer.text)) == 200_000
    assert slowest < 1


def attributes() -> str:
    return ",".join(f"A{number}={number}" for number in range(600_000))


def variants() -> str:
    return "".join(
        f'#EXT-X-STREAM-INF:BANDWIDTH={number},NAME="{number}"\n{number}.m3u8\n'
        for number in range(1, 30_000)
    )


@pytest.mark.parametrize(
    ("begin", "piece", "end", "status"),
    [
        pytest.param("#EXT-X-STREAM-INF:", attributes, "\na.m3u8", 502, id="variant's"),
        pytest.param(
            "#EXT-X-KEY:", attributes, "\n#EXTINF:4,\na.ts", 502, id="attributes of a key"
        ),
        pytest.param("#EXTINF:4,\n", lambda: "a" * 5_000_000, ".ts", 502, id="one URI"),
        pytest.param("#EXTINF:4,", lambda: "\u00e9" * 4_000_000, "\na.ts", 502, id="one title"),
        pytest.param(
            "#", lambda: "x" * 10_000_000, "\n#EXTINF:4,\na.ts", 502, id="one comment of 10 MB"
        ),
        pytest.param("#EXTINF:4,\na.ts\n", lambda: " " * 10_000_000, "", 502, id="10 MB of blanks"),
        pytest.param("", variants, "", 200, id="30,000 variants"),
    ],
)
def test_61_a_line_without_end_or_many_variants_keep_nobody_waiting(
    begin: str,
    piece: Callable[[], str],
    end: str,
    status: int,
    show: Show,
    stage: Stage,
    small: str,
) -> None:
    show.routes["index.m3u8"] = playlist(f"#EXTM3U\n{begin}{piece()}{end}\n")
    slowest, [answer] = slowest_while(stage, small, [stage.playback_url(show)])
    assert answer.status_code == status
    assert slowest < 1


@pytest.mark.slow
def test_61_large_playlists_at_once_are_read_one_after_another(
    resolver: Resolver, stage: Stage, small: str
) -> None:
    """Of 8 MiB each; whoever would wait for too long is told when to come again."""
    lines = "".join(
        f"#EXTINF:4.0,\nhttps://cdn.example/films/a-name-as-long-as-usual/{number}.ts\n"
        for number in range(120_000)
    )
    shows = [resolver.new_show() for _ in range(6)]
    for show in shows:
        show.routes["index.m3u8"] = playlist(f"#EXTM3U\n{lines}#EXT-X-ENDLIST\n")
    with stage.grows_less_than(300 * MIB):
        urls = [stage.playback_url(show) for show in shows]
        slowest, answers = slowest_while(stage, small, urls)
    assert {answer.status_code for answer in answers} <= {200, 503}
    assert any(answer.status_code == 200 for answer in answers)
    assert slowest < 1


DRIP = b"#EXTINF:4.0,\na.ts\n"


def dripping(first: bytes) -> Route:
    async def body() -> AsyncIterator[bytes]:
        yield first
        while True:
            for byte in DRIP:
                yield bytes([byte])
                await asyncio.sleep(0.25)

    return always(Answer(200, body, {"Content-Type": "application/vnd.apple.mpegurl"}))


@pytest.mark.slow
@pytest.mark.parametrize("first", [b"#EXTM3U\n", b"#EXTM3U\n" + DRIP * 200])
def test_64_a_playlist_that_drips_ends_by_a_deadline(
    show: Show, stage: Stage, first: bytes
) -> None:
    show.routes["index.m3u8"] = dripping(first)
    answer = httpx.get(stage.playback_url(show), trust_env=False, verify=False, timeout=100)
    assert answer.status_code == 504
    assert answer.elapsed.total_seconds() < 60
    assert len(show.questions) == 2


ENDLESS = b"#EXTINF:4.0,\na.ts\n" * 1000
NOTHING = b"#EXTM3U\n" + b"\n" * (64 * MIB)
BOMB, DEFLATED = gzip.compress(NOTHING), zlib.compress(NOTHING)


@pytest.mark.parametrize(
    "route",
    [
        pytest.param(endless(ENDLESS, first=b"#EXTM3U\n"), id="endless"),
        pytest.param(playlist("#EXTM3U\n" + "#\n" * 600_000), id="too many lines"),
        pytest.param(always(Answer(200, BOMB, {"Content-Encoding": "gzip"})), id="gzip bomb"),
        pytest.param(
            always(Answer(200, DEFLATED, {"Content-Encoding": "deflate"})), id="deflate bomb"
        ),
        pytest.param(playlist(b"#EXTM3U\n" + b"x" * (17 * MIB)), id="one endless line"),
    ],
)
def test_27_a_playlist_without_bounds_is_refused_and_keeps_nobody_waiting(
    route: Route, show: Show, stage: Stage, small: str
) -> None:
    show.routes["index.m3u8"] = route
    with stage.grows_less_than(150 * MIB):
        slowest, [answer] = slowest_while(stage, small, [stage.playback_url(show)])
    assert answer.status_code == 502
    assert "playlist" in answer.json()["detail"]
    assert slowest < 1
    until(
        lambda: not any(exchange.is_open for exchange in show.exchanges()), "the upstream is left"
    )
    assert len(show.exchanges()) == len(show.questions) == 2
