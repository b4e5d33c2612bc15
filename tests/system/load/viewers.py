"""Live channels whose every byte is known, and players that watch them to the letter.

A player reads the playlist once a second and each new segment once. What it was sent is compared
with what the channel broadcast under that Media Sequence Number.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urljoin

import aiohttp

from stage.broadcast import PLAYLIST_TYPE, Broadcast, Piece
from stage.presentation import content
from stage.proxy import identity
from stage.strmctl import Strmctl
from strmctl.services.keys.playback_urls import signed_url
from strmctl.settings.load import load

SEGMENT_SECONDS = 2.0
WINDOW = 6
SEGMENT_BYTES = 200_000
TOKEN_SECONDS = 45.0
_POLL = 1.0


@dataclass(frozen=True, slots=True)
class Channel:
    """A segment joins every two seconds; it is called by its number."""

    name: str
    entry: str = "live.m3u8"

    def piece(self, name: str, query: str, now: float) -> Piece | None:
        end = WINDOW + int(now / SEGMENT_SECONDS)
        if name == self.entry:
            return Piece(0, lambda: self.playlist(end), PLAYLIST_TYPE)
        number = int(name.partition(".")[0])
        if not end - 4 * WINDOW <= number < end:
            return None
        return Piece(0, lambda: self.segment(number), "video/mp2t")

    def segment(self, number: int) -> bytes:
        return content(f"{self.name} {number}", SEGMENT_BYTES)

    def playlist(self, end: int) -> bytes:
        first = end - WINDOW
        lines = ["#EXTM3U", f"#EXT-X-TARGETDURATION:{SEGMENT_SECONDS:.0f}"]
        lines.append(f"#EXT-X-MEDIA-SEQUENCE:{first}")
        for number in range(first, end):
            lines += [f"#EXTINF:{SEGMENT_SECONDS:.3f},", f"{number}.ts"]
        return "\n".join([*lines, ""]).encode()


def playback_urls(strmctl: Strmctl, slugs: Sequence[str]) -> list[str]:
    settings = load(strmctl.folder / "strmctl.toml", environ={}).settings
    return [signed_url(settings, identity(slug), extension="") for slug in slugs]


@dataclass(slots=True)
class Seen:
    """What one player met. `answers` in seconds, `behind` those from broadcast to player."""

    segments: int = 0
    errors: list[str] = field(default_factory=list)
    wrong: list[int] = field(default_factory=list)
    missed: list[int] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    behind: list[float] = field(default_factory=list)


@asynccontextmanager
async def watching(strmctl: Strmctl, broadcasts: Sequence[Broadcast]) -> AsyncIterator[list[Seen]]:
    """A player of each broadcast until the end of the block; what they have seen so far."""
    urls = playback_urls(strmctl, [each.slug for each in broadcasts])
    over = asyncio.Event()
    seen = [Seen() for _ in urls]
    limit = aiohttp.TCPConnector(limit=0)
    patience = aiohttp.ClientTimeout(total=120)
    async with aiohttp.ClientSession(connector=limit, timeout=patience) as session:
        players = [
            asyncio.ensure_future(watch(session, broadcast, url, one, over))
            for broadcast, url, one in zip(broadcasts, urls, seen, strict=True)
        ]
        try:
            yield seen
        finally:
            over.set()
            await asyncio.gather(*players)


async def watch(
    session: aiohttp.ClientSession,
    broadcast: Broadcast,
    url: str,
    seen: Seen,
    over: asyncio.Event,
) -> None:
    """From the live edge on, until it is `over`."""
    last: int | None = None
    while not over.is_set():
        began = time.monotonic()
        text = await _ask(session, url, seen)
        numbers = _numbers(text.decode()) if text is not None else []
        for number, uri in numbers[-2:] if last is None else numbers:
            if last is not None and number <= last:
                continue
            if last is not None:
                seen.missed += range(last + 1, number)
            await _segment(session, broadcast, urljoin(url, uri), number, seen)
            last = number
        await asyncio.sleep(max(0.0, began + _POLL - time.monotonic()))


async def _segment(
    session: aiohttp.ClientSession, broadcast: Broadcast, url: str, number: int, seen: Seen
) -> None:
    data = await _ask(session, url, seen)
    if data is None:
        seen.missed.append(number)
        return
    seen.segments += 1
    there_at = (number + 1 - WINDOW) * SEGMENT_SECONDS
    if there_at > 0:
        seen.behind.append(broadcast.now() - there_at)
    assert isinstance(broadcast.program, Channel)
    if data != broadcast.program.segment(number):
        seen.wrong.append(number)


async def _ask(session: aiohttp.ClientSession, url: str, seen: Seen) -> bytes | None:
    began = time.monotonic()
    try:
        async with session.get(url) as response:
            data = await response.read()
    except (aiohttp.ClientError, TimeoutError) as error:
        seen.errors.append(f"{url}: {type(error).__name__} {error}")
        return None
    seen.answers.append(time.monotonic() - began)
    if response.status != 200:
        seen.errors.append(f"{url}: {response.status} {data[:200]!r}")
        return None
    return data


def _numbers(text: str) -> list[tuple[int, str]]:
    lines = text.splitlines()
    [first] = [line for line in lines if line.startswith("#EXT-X-MEDIA-SEQUENCE:")]
    uris = [line for line in lines if line and not line.startswith("#")]
    return list(enumerate(uris, int(first.partition(":")[2])))


def summary(seen: Sequence[Seen]) -> str:
    """In a line: how many segments, the slowest answer, and how far behind the broadcast."""
    answers = sorted(second for each in seen for second in each.answers)
    behind = [second for each in seen for second in each.behind]
    return (
        f"{sum(each.segments for each in seen)} segments, "
        f"answers p50 {answers[len(answers) // 2] * 1000:.0f} ms, "
        f"p99 {answers[len(answers) * 99 // 100] * 1000:.0f} ms, max {answers[-1]:.2f} s, "
        f"at most {max(behind):.2f} s behind the broadcast"
    )


def slowest(seen: Sequence[Seen]) -> float:
    return max(second for each in seen for second in each.answers)


def assert_whole(seen: Sequence[Seen]) -> None:
    """Every byte right, in order, none left out, and nobody heard of an error."""
    assert [error for each in seen for error in each.errors] == []
    assert [number for each in seen for number in each.wrong] == []
    assert [number for each in seen for number in each.missed] == []
    assert all(each.segments for each in seen)
