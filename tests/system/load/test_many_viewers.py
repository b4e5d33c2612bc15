"""Two thousand viewers of a hundred titles at once: every answer comes, whole, in little memory."""

import asyncio
import resource
import sys
from collections import Counter
from collections.abc import Iterator
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

SEGMENTS = 3
SEGMENT_BYTES = 200_000
MOST_MEMORY = 300 * MIB
FEW_DESCRIPTORS = ["sh", "-c", 'ulimit -S -n 256 && exec "$@"', "sh"]
"""What many a system gives a program to begin with, or less."""

PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n{}#EXT-X-ENDLIST\n".format(
    "".join(f"#EXTINF:4.0,\n{number}.ts\n" for number in range(SEGMENTS))
)


def segment(title: str, number: int) -> bytes:
    return content(f"{title} {number}", SEGMENT_BYTES)


def film(request: Request) -> Answer:
    """`/film/TITLE/NAME`."""
    _, _, title, name = request.path.split("/")
    if name == "index.m3u8":
        return Answer(200, PLAYLIST.encode(), {"Content-Type": PLAYLIST_TYPE})
    return Answer(200, segment(title, int(name.partition(".")[0])), {"Content-Type": "video/mp2t"})


@pytest.fixture
def film_url(upstream: Upstream) -> Iterator[str]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    upstream.sites["film"] = film
    yield f"{upstream.url}/film"
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize(
    ("viewers", "count"),
    [
        pytest.param(400, 20, id="400 of 20", marks=pytest.mark.timeout(300)),
        pytest.param(
            2000, 100, id="2,000 of 100", marks=[pytest.mark.long, pytest.mark.timeout(900)]
        ),
    ],
)
async def test_no_answer_is_lost(
    viewers: int, count: int, own_strmctl: Strmctl, resolver: Resolver, film_url: str
) -> None:
    names = [f"film{number}" for number in range(count)]
    slugs = titles(resolver, [f"{film_url}/{name}/index.m3u8" for name in names])
    urls = playback_urls(own_strmctl, slugs)
    with own_strmctl.serving(within=FEW_DESCRIPTORS) as server:
        footprint = Footprint(server.process.pid)
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=800)
        ) as session:
            plays = [
                _play(session, urls[number % count], names[number % count])
                for number in range(viewers)
            ]
            seen = Counter(met for found in await asyncio.gather(*plays) for met in found)
        peak = footprint.peak()
    sys.stdout.write(f"\n{viewers} viewers: {dict(seen)}; RSS at most {peak / MIB:.0f} MiB\n")
    assert seen == {"playlist": viewers, "segment": SEGMENTS * viewers}
    assert peak < MOST_MEMORY


async def _play(session: aiohttp.ClientSession, url: str, title: str) -> list[str]:
    """What came of each request of one player."""
    try:
        async with session.get(url) as response:
            lines = (await response.text()).splitlines()
        if response.status != 200:
            return [f"playlist: {response.status}"]
        met = ["playlist"]
        for number, uri in enumerate(line for line in lines if line and line[0] != "#"):
            async with session.get(urljoin(url, uri)) as response:
                data = await response.read()
            is_right = data == segment(title, number)
            met.append("segment" if is_right else f"segment: {response.status}, {len(data)} bytes")
    except (aiohttp.ClientError, TimeoutError) as error:
        return [type(error).__name__]
    return met
