"""Real processes: what cron hears, and what is left when a run is killed or interrupted."""

import asyncio
import json
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from stage.probed_hosts import Host, hosts
from stage.probed_library import Library, configuration, library_in
from strmctl.domain.mapping import LinkState

pytestmark = pytest.mark.slow

_STRMCTL = (sys.executable, "-m", "strmctl", "probe")


@dataclass(frozen=True, slots=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


@asynccontextmanager
async def started(library: Library, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *_STRMCTL,
        *arguments,
        cwd=library.settings.database.parent,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def run(library: Library, *arguments: str) -> Ended:
    async with started(library, *arguments) as process:
        out, err = await process.communicate()
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


async def until_some_are_saved(library: Library) -> int:
    async with asyncio.timeout(60):
        while not (number := saved(library)):
            await asyncio.sleep(0.02)
    return number


def saved(library: Library) -> int:
    [row] = library.database.query(
        "SELECT count(*) AS number FROM strm_mapping WHERE last_probed_at IS NOT NULL"
    )
    return int(row["number"])


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    made = library_in(tmp_path)
    (tmp_path / "strmctl.toml").write_text(configuration(made.settings) + "window = '0s'\n")
    with made.database:
        yield made


async def test_quiet_unless_there_is_something_to_say(library: Library) -> None:
    async with hosts(Host()) as (host,):
        library.add(host.url(f"{kind}/1") for kind in ("alive", "slow", "headless"))
        first = await run(library, "-q")
        assert (first.code, first.out, first.err) == (0, "", "")
        nothing = await run(library)
        assert (nothing.code, nothing.out, nothing.err) == (0, "", "nothing is due\n")


async def test_newly_blocked_is_told_once(library: Library) -> None:
    async with hosts(Host()) as (host,):
        library.add([host.url("geo/1?i=84.170&asn=3320&sig=1")])
        first = await run(library, "--all")
        assert first.code == 0
        [line] = first.out.splitlines()
        assert line.startswith("blocked site.example/show S01E01")
        assert "bound to 84.170.x.x, AS3320" in line
        assert host.address not in first.out + first.err
        assert (await run(library, "--all")).out == ""
        assert (await run(library, "--all", "--fail-on", "dead,blocked")).code == 10


async def test_dead_is_told_and_exits_10(library: Library) -> None:
    async with hosts(Host()) as (host,):
        library.add([host.url("gone/1"), host.url("alive/1")])
        assert (await run(library, "--all")).code == 0
        second = await run(library, "--all")
        assert second.code == 10
        assert second.out == (
            "dead site.example/show S01E01 (German Dub): the upstream answered 410\n"
        )
        assert second.err == "1 alive, 1 dead\n"


async def test_a_probe_is_a_line_of_json_and_the_summary_the_last(library: Library) -> None:
    async with hosts(Host()) as (host,):
        library.add([host.url("gone/1"), host.url("alive/1")])
        await run(library, "--all")
        ended = await run(library, "--all", "--json")
    *links, summary = ended.records
    dead = next(record for record in links if record["id"] == 1)
    assert {key: dead[key] for key in ("type", "state", "previous_state", "status", "reason")} == {
        "type": "probe",
        "state": "dead",
        "previous_state": "suspect",
        "status": 410,
        "reason": "the upstream answered 410",
    }
    assert dead["strm_path"] == "1.strm"
    assert (dead["site"], dead["season"], dead["episode"]) == ("site.example", 1, 1)
    assert summary["type"] == "summary"
    assert (summary["alive"], summary["dead"], summary["suspect"]) == (1, 1, 0)


async def test_a_broken_host_is_one_line(library: Library) -> None:
    library.add(f"http://nowhere.invalid/{number}.mp4" for number in range(60))
    for _ in range(2):
        ended = await run(library, "--all")
        assert ended.code == 0
    ended = await run(library, "--all", "--force")
    assert ended.code == 10
    assert ended.out == "host nowhere.invalid:80: it cannot be reached: 60 links\n"


async def test_too_many_dead_exit_25(library: Library) -> None:
    async with hosts(Host()) as (host,):
        library.add(host.url(f"gone/{number}") for number in range(30))
        assert (await run(library, "--all")).code == 0
        braked = await run(library, "--all")
        assert (braked.code, braked.out) == (25, "")
        assert "30 of 30 links would be marked dead" in braked.err
        assert Counter(library.states()) == {LinkState.SUSPECT: 30}


async def test_what_cannot_be_asked_exits_12(library: Library) -> None:
    library.add(["http://10.0.0.1/film.mp4"])
    ended = await run(library)
    assert ended.code == 12
    assert ended.out.startswith("failed site.example/show S01E01")


async def test_what_is_dead_is_not_hidden_behind_what_cannot_be_asked(library: Library) -> None:
    async with hosts(Host()) as (host,):
        library.add([host.url("gone/1"), "http://10.0.0.1/film.mp4"])
        assert (await run(library, "--all")).code == 12
        second = await run(library, "--all")
    assert second.code == 10
    assert second.err == "1 dead, 1 failed\n"


async def test_an_unknown_state_is_a_usage_error(library: Library) -> None:
    ended = await run(library, "--fail-on", "dying")
    assert ended.code == 2
    assert "--fail-on 'dying'" in ended.err


async def test_killed_in_the_middle_the_next_run_goes_on(library: Library) -> None:
    async with hosts(Host(delay=0.005), Host(delay=0.005)) as two:
        library.add(host.url(f"alive/{number}") for number in range(1000) for host in two)
        async with started(library) as process:
            await until_some_are_saved(library)
            process.kill()
            await process.wait()
        kept = saved(library)
        assert 0 < kept < 2000
        for host in two:
            host.requests.clear()
        assert (await run(library, "-q")).code == 0
        asked = sum(len(host.requests) for host in two)
    assert asked == 2000 - kept
    assert Counter(library.states()) == {LinkState.ALIVE: 2000}


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"]
)
async def test_interrupted_it_keeps_what_it_has_found(
    number: signal.Signals, code: int, library: Library
) -> None:
    async with hosts(Host(delay=0.005), Host(delay=0.005)) as two:
        library.add(host.url(f"alive/{n}") for n in range(1000) for host in two)
        async with started(library) as process:
            await until_some_are_saved(library)
            process.send_signal(number)
            async with asyncio.timeout(30):
                _, err = await process.communicate()
        assert process.returncode == code, err
        asked = sum(len(host.requests) for host in two)
        assert err.decode().count("\n") <= 1
    # Up to concurrency and what the hosts' own answers were still on the way for.
    assert asked - 8 <= saved(library) <= asked
