"""Row 60 on a machine whose name server does not answer for some: the others notice nothing."""

import asyncio
import json
import sys
import time
from pathlib import Path

import aiohttp
import pytest

from stage.name_server import name_server
from stage.strmctl import Strmctl
from stage.upstream import Answer, Request, Upstream
from system.load.stage import Resolver, silent_names, titles
from system.load.viewers import playback_urls

pytestmark = pytest.mark.slow

MUTE = 60
FEW_MUTE = 9
"""So few that the egress is not blamed for them."""

HOSTS = 20
FILM = b"\0\0\0\x18ftypmp42" + bytes(4000)


def film(request: Request) -> Answer:
    return Answer(200, FILM, {"Content-Type": "video/mp4"})


@pytest.fixture
def port(upstream: Upstream) -> str:
    """Of films at every name."""
    upstream.sites["film.mp4"] = film
    return upstream.address.rpartition(":")[2]


async def test_60_plays_of_other_names_end_before_those_of_silent_ones(
    own_strmctl: Strmctl, resolver: Resolver, tmp_path: Path, port: str
) -> None:
    async with name_server() as names:
        with own_strmctl.serving(within=silent_names(tmp_path, names.address)):
            mute = [f"http://mute{n}.example:{port}/film.mp4" for n in range(MUTE)]
            good = [f"http://cdn{n}.example:{port}/film.mp4" for n in range(HOSTS)]
            urls = [playback_urls(own_strmctl, titles(resolver, each)) for each in (mute, good)]
            limit, patience = aiohttp.TCPConnector(limit=0), aiohttp.ClientTimeout(total=120)
            async with aiohttp.ClientSession(connector=limit, timeout=patience) as session:
                waiting = [asyncio.ensure_future(_play(session, url)) for url in urls[0]]
                # Each is asked for several times, for A and for AAAA: names count.
                while len({name for name in names.asked if name.startswith("mute")}) < MUTE:
                    await asyncio.sleep(0.01)
                began = time.monotonic()
                plays = await asyncio.gather(*(_play(session, url) for url in urls[1]))
                seconds = time.monotonic() - began
                still_waiting = sum(not task.done() for task in waiting)
                answers = await asyncio.gather(*waiting)
    sys.stdout.write(f"\n{HOSTS} plays took {seconds:.2f} s beside {still_waiting} silent names\n")
    assert plays == [(200, FILM)] * HOSTS
    # With four look-ups at a time seven of them were left, and the plays took a minute.
    assert still_waiting > MUTE / 2, "they did not wait side by side"
    assert {status for status, _ in answers} == {504}


async def test_60_a_probe_reaches_every_other_host(
    own_strmctl: Strmctl, tmp_path: Path, port: str
) -> None:
    async with name_server() as names:
        within = silent_names(tmp_path, names.address)
        hosts = [*(f"mute{n}" for n in range(FEW_MUTE)), *(f"cdn{n}" for n in range(HOSTS))]
        rows = [
            {
                "site": "made.up",
                "language": "de",
                "season": 1,
                "episode": 2,
                "slug": host,
                "url": f"http://{host}.example:{port}/film.mp4",
            }
            for host in hosts
        ]
        batch = tmp_path / "batch.ndjson"
        batch.write_text("\n".join(map(json.dumps, rows)))
        written = await asyncio.to_thread(own_strmctl.run, "write", "--from", str(batch))
        assert written.returncode == 0, written.stderr
        run = await asyncio.to_thread(own_strmctl.run, "probe", "--all", "--json", within=within)
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    states = [line["state"] for line in lines if line["type"] == "probe"]
    assert states.count("alive") == HOSTS, (run.stdout, run.stderr)
    assert len(states) == len(hosts)


async def _play(session: aiohttp.ClientSession, url: str) -> tuple[int, bytes]:
    async with session.get(url) as response:
        return response.status, await response.read()
