"""Row 67: thousands of titles in turn cost memory, within its bound, and no request twice."""

import asyncio
import sys
from collections import Counter
from collections.abc import Sequence
from urllib.parse import urljoin

import aiohttp
import pytest

from stage.footprint import MIB, Footprint
from stage.presentation import content
from stage.routes import PLAYLIST_TYPE
from stage.strmctl import Strmctl
from stage.upstream import Answer, Request, Upstream
from system.load.stage import Resolver, titles
from system.load.viewers import playback_urls

pytestmark = pytest.mark.slow

AT_ONCE = 16
ROUNDS = 2
SEGMENT = content("segment", 2000)
PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n{}#EXT-X-ENDLIST\n".format(
    "".join(f"#EXTINF:4.0,\nsegment-{number}.ts\n" for number in range(ROUNDS))
).encode()
MOST_GROWTH = 250 * MIB
"""The bound of all that is remembered of titles (160 MiB as counted), and what surrounds it."""


@pytest.mark.parametrize(
    "count",
    [
        pytest.param(1500, id="1,500", marks=pytest.mark.timeout(300)),
        pytest.param(10_000, id="10,000", marks=[pytest.mark.long, pytest.mark.timeout(1200)]),
    ],
)
async def test_67_thousands_of_titles_in_turn_are_each_asked_for_once(
    count: int, own_strmctl: Strmctl, resolver: Resolver, upstream: Upstream
) -> None:
    asked: Counter[str] = Counter()

    def title(request: Request) -> Answer:
        asked[request.path.rpartition("/")[2]] += 1
        if request.path.endswith(".m3u8"):
            return Answer(200, PLAYLIST, {"Content-Type": PLAYLIST_TYPE})
        return Answer(200, SEGMENT, {"Content-Type": "video/mp2t"})

    upstream.sites["title"] = title
    with own_strmctl.serving() as server:
        slugs = titles(resolver, [f"{upstream.url}/title/{n}/i.m3u8" for n in range(count)])
        footprint = Footprint(server.process.pid)
        before = footprint.memory()
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=600)) as session:
            playlists = await _each(session, playback_urls(own_strmctl, slugs))
            listed = [[line for line in text.split() if line[:1] != b"#"] for text in playlists]
            for number in range(ROUNDS):
                urls = [urljoin(own_strmctl.base_url, uris[number].decode()) for uris in listed]
                assert set(await _each(session, urls)) == {SEGMENT}
        growth = footprint.peak() - before
    sys.stdout.write(f"\n{count} titles: RSS {before / MIB:.0f} + {growth / MIB:.0f} MiB\n")
    assert asked == {"i.m3u8": count, "segment-0.ts": count, "segment-1.ts": count}
    assert growth < MOST_GROWTH


async def _each(session: aiohttp.ClientSession, urls: Sequence[str]) -> list[bytes]:
    """The bodies at these URLs, a few at once, in their order."""
    places = asyncio.Semaphore(AT_ONCE)

    async def get(url: str) -> bytes:
        async with places, session.get(url) as response:
            data = await response.read()
            assert response.status == 200, data
            return data

    return await asyncio.gather(*map(get, urls))
