"""Whole runs: what is asked, how often, and what is recorded."""

import json
import random
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from stage.probed_hosts import Host, hosts
from stage.probed_library import EVERYTHING, START, Library, Link, library_in, settings_in
from strmctl.domain.mapping import LinkState, Resolution
from strmctl.errors import SafetyError
from strmctl.settings.model import ProbeSettings
from strmctl.storage.tables.mappings import Mappings, StoredResolution

ALIVE, SUSPECT, DEAD = LinkState.ALIVE, LinkState.SUSPECT, LinkState.DEAD
BLOCKED, THROTTLED, UNKNOWN = LinkState.BLOCKED, LinkState.THROTTLED, LinkState.UNKNOWN


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    made = library_in(tmp_path)
    with made.database:
        yield made


@pytest.mark.parametrize(
    ("kind", "states", "requests"),
    [
        pytest.param("alive", [ALIVE], ["HEAD"], id="alive"),
        pytest.param("slow", [ALIVE], ["HEAD"], id="slow"),
        pytest.param("headless", [ALIVE], ["HEAD", "GET"], id="refuses HEAD"),
        pytest.param("missing", [SUSPECT, SUSPECT, DEAD], ["HEAD", "GET"], id="404"),
        pytest.param("gone", [SUSPECT, DEAD], ["HEAD", "GET"], id="410"),
        pytest.param("geo", [BLOCKED] * 4, ["HEAD", "GET"], id="403"),
        pytest.param("expired", [SUSPECT, SUSPECT, DEAD], ["HEAD", "GET"], id="403 past its end"),
        pytest.param("legal", [BLOCKED] * 4, ["HEAD", "GET"], id="451"),
        pytest.param("limited", [THROTTLED], ["HEAD"], id="429 with Retry-After"),
        pytest.param("page", [SUSPECT, SUSPECT, DEAD], ["HEAD", "GET"], id="a page with 200"),
        pytest.param("broken", [SUSPECT, SUSPECT, DEAD], ["HEAD", "GET"] * 3, id="503"),
    ],
)
async def test_one_link(
    kind: str, states: list[LinkState], requests: list[str], library: Library
) -> None:
    async with hosts(Host()) as (host,):
        end = START - timedelta(hours=1) if kind == "expired" else None
        library.add([Link(host.url(f"{kind}/1"), end)])
        for number, state in enumerate(states):
            await library.probe(EVERYTHING)
            assert library.states() == [state]
            if number == 0:
                assert host.methods == Counter(requests)
            library.later(minutes=5)


async def test_what_is_recorded(library: Library) -> None:
    async with hosts(Host()) as (host,):
        library.add([host.url("alive/1"), host.url("missing/1")])
        await library.probe()
    alive, missing = library.mappings()
    assert (alive.fail_count, alive.last_probed_at, alive.next_probe_at) == (0, START, None)
    assert (missing.fail_count, missing.first_failed_at, missing.last_failed_at) == (
        1,
        START,
        START,
    )
    assert missing.next_probe_at == START + timedelta(minutes=5)
    [(first, _), (second, detail)] = library.events()
    assert {first, second} == {alive.id, missing.id}
    details = {number: json.loads(text) for number, text in library.events()}
    assert details[missing.id] == {
        "from": "unknown",
        "to": "suspect",
        "status": 404,
        "reason": "the upstream answered 404",
    }
    assert host.address not in detail


async def test_only_what_is_due_is_asked_again(library: Library) -> None:
    async with hosts(Host()) as (host,):
        library.add(host.url(f"{kind}/1") for kind in ("alive", "missing", "limited"))
        await library.probe()
        host.requests.clear()
        await library.probe()
        assert host.requests == {}
        library.later(minutes=5)
        await library.probe()
        assert set(host.requests) == {"missing/1"}
        library.later(minutes=54)
        host.requests.clear()
        await library.probe()
        assert set(host.requests) == {"missing/1"}, "429 said an hour"
        library.later(minutes=2)
        host.requests.clear()
        await library.probe()
        assert "limited/1" in host.requests
        library.later(hours=7)
        host.requests.clear()
        await library.probe()
        assert set(host.requests) == {"alive/1", "missing/1", "limited/1"}


async def test_what_expires_soonest_is_asked_first(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, probe=ProbeSettings(concurrency=1))
    library = library_in(tmp_path, settings)
    with library.database:
        async with hosts(Host()) as (host,):
            hours = [5, 1, 3, None, 2]
            library.add(
                Link(host.url(f"alive/{each}"), START + timedelta(hours=each) if each else None)
                for each in hours
            )
            await library.probe()
    assert list(host.requests) == [f"alive/{each}" for each in (1, 2, 3, 5, None)]


async def test_a_link_that_comes_back_is_alive_at_once(library: Library) -> None:
    async with hosts(Host()) as (host,):
        library.add([host.url("missing/1")])
        for _ in range(3):
            await library.probe(EVERYTHING)
            library.later(minutes=5)
        assert library.states() == [DEAD]
        host.mended.add("missing/1")
        await library.probe(EVERYTHING)
    [mapping] = library.mappings()
    assert (mapping.state, mapping.fail_count, mapping.first_failed_at) == (ALIVE, 0, None)


async def test_what_is_renewed_meanwhile_is_not_judged_by_its_old_url(library: Library) -> None:
    async with hosts(Host()) as (host,):
        library.add([host.url("missing/1")])
        [mapping] = library.mappings()
        other = Resolution(host.url("alive/new"), resolved_at=START)
        host.before = lambda path: Mappings(library.database).store_resolutions(
            [StoredResolution(mapping.identity, other)]
        )
        await library.probe()
    [found] = library.probed.values()
    assert (found.outcome, found.reason) == ("skipped", "its URL was renewed meanwhile")
    [mapping] = library.mappings()
    assert (mapping.state, mapping.fail_count, mapping.last_probed_at) == (UNKNOWN, 0, None)


async def test_without_url_and_resolver_there_is_nothing_to_probe(library: Library) -> None:
    library.add([""])
    await library.probe()
    [found] = library.probed.values()
    assert (found.outcome, found.state) == ("skipped", UNKNOWN)


async def test_an_address_that_the_guard_refuses_is_not_judged(library: Library) -> None:
    library.add(["http://10.0.0.1/film.mp4"])
    await library.probe()
    [found] = library.probed.values()
    assert (found.outcome, found.state) == ("failed", UNKNOWN)
    assert "upstream.allow" in (found.reason or "")


async def test_the_brake_keeps_them_suspect(tmp_path: Path) -> None:
    library = library_in(tmp_path, settings_in(tmp_path, max_change=0.2))
    with library.database:
        async with hosts(Host()) as (host,):
            library.add(host.url(f"missing/{number}") for number in range(30))
            library.add(host.url(f"alive/{number}") for number in range(70))
            for _ in range(2):
                await library.probe()
                library.later(minutes=5)
            with pytest.raises(SafetyError, match="30 of 100 links would be marked dead"):
                await library.probe()
            assert library.state_of("missing") == {SUSPECT: 30}
            assert Counter(found.state for found in library.probed.values())[DEAD] == 0
            library.later(hours=1)
            await library.probe(force=True)
            assert library.state_of("missing") == {DEAD: 30}


async def test_twenty_may_always_die(tmp_path: Path) -> None:
    library = library_in(tmp_path, settings_in(tmp_path, max_change=0.0))
    with library.database:
        async with hosts(Host()) as (host,):
            library.add(host.url(f"gone/{number}") for number in range(20))
            await library.probe()
            library.later(minutes=5)
            await library.probe()
        assert library.state_of("gone") == {DEAD: 20}
    assert {found.state for found in library.probed.values()} == {DEAD}
    assert {found.mapping.state for found in library.probed.values()} == {SUSPECT}


async def test_a_broken_host_is_one_finding(library: Library) -> None:
    async with hosts(Host()) as (host,):
        library.add(host.url(f"alive/{number}") for number in range(5))
        library.add(f"http://nowhere.invalid/{number}.mp4" for number in range(200))
        await library.probe()
        [broken] = library.broken
        assert (broken.host, broken.links) == ("nowhere.invalid:80", 200)
        assert Counter(library.states()) == {ALIVE: 5, SUSPECT: 200}
        for _ in range(2):
            library.later(minutes=5)
            await library.probe()
    assert Counter(library.states()) == {ALIVE: 5, DEAD: 200}


@pytest.mark.parametrize(
    "count",
    [
        120,
        pytest.param(2_000, marks=[pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(600)]),
        pytest.param(20_000, marks=[pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(1800)]),
    ],
)
async def test_twelve_kinds_of_trouble_on_three_hosts(count: int, tmp_path: Path) -> None:
    kinds = "alive missing gone expired geo legal limited slow headless page reset dns".split()
    right = {
        "alive": ALIVE,
        "slow": ALIVE,
        "headless": ALIVE,
        "geo": BLOCKED,
        "legal": BLOCKED,
        "limited": THROTTLED,
    }
    library = library_in(tmp_path)
    with library.database:
        async with hosts(Host(), Host(), Host()) as three:
            links: list[Link] = []
            for number in range(count):
                kind = kinds[number % len(kinds)]
                host = random.Random(number).choice(three)
                url = host.url(f"{kind}/{number}")
                if kind == "dns":
                    url = f"http://nowhere.invalid/dns/{number}"
                end = START - timedelta(hours=1) if kind == "expired" else None
                links.append(Link(url, end))
            links.sort(key=lambda link: link.url)
            library.add(links)
            for _ in range(3):
                await library.probe()
                library.later(minutes=5)
        found = {kind: library.state_of(kind) for kind in kinds}
        each = {kind: len(range(number, count, 12)) for number, kind in enumerate(kinds)}
        assert found == {kind: {right.get(kind, DEAD): each[kind]} for kind in kinds}
        assert [host.most for host in three] == [library.settings.probe.per_host] * 3
        assert sum(found.state is DEAD for found in library.probed.values()) > 0
