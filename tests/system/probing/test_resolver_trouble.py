"""A resolver that is down, throttled or talks rubbish says nothing about the links."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from stage.answering import Reply, Server, answering
from stage.probed_hosts import Host, hosts
from stage.probed_library import EVERYTHING, START, Library, Link
from stage.troubled_resolver import Resolver, library_of, one_host
from strmctl.domain.mapping import LinkState
from strmctl.errors import ItemError
from strmctl.services.resolving.refresh import Refreshed, refresh
from strmctl.services.resolving.trouble import ResolverTrouble
from strmctl.storage.tables.resolver_health import ResolverHealthTable

ALIVE, UNKNOWN = LinkState.ALIVE, LinkState.UNKNOWN
EXPIRED = START - timedelta(hours=1)


TROUBLES = {
    "500": Reply(500),
    "503": Reply(503),
    "429 for an hour": Reply(429, headers={"Retry-After": "3600"}),
    "a login page": Reply(200, b"<html>sign in</html>"),
    "no url in it": Reply(200, b"{}"),
    "redirected": Reply(302, headers={"Location": "http://elsewhere.example/"}),
}


# What is asked three times takes 8 s for these links.
@pytest.mark.parametrize(
    "kind",
    [
        *("gone", "expired", "missing", "page"),
        *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("broken", "reset")),
    ],
)
async def test_68_links_keep_their_state_while_their_resolver_is_down(
    kind: str, library: Library, resolver: Resolver
) -> None:
    async with one_host(resolver) as host:
        resolver.says = lambda _number: Reply(500)
        urls = [host.url(f"{kind}/{number}") for number in range(15)]
        library.add(Link(url, EXPIRED) for url in urls)
        host.mended = {f"{kind}/{number}" for number in range(15)}
        library.add([host.url("alive/16")])  # The egress works.
        await library.probe(EVERYTHING)
        assert Counter(library.states()) == {ALIVE: 16}
        host.mended = set()
        for _ in range(4):
            library.later(hours=1)
            await library.probe(EVERYTHING)
            assert Counter(library.states()) == {ALIVE: 16}
            assert library.report.exit_code() == ItemError.exit_code
            lines = [line for line in library.report.lines() if not line.startswith("host ")]
            assert lines == ["resolver 'test': answered HTTP 500: 15 links not renewed"]
    failed = [found for found in library.probed.values() if found.outcome == "failed"]
    assert len(failed) == 15
    assert all((it.reason or "").startswith("expired, not renewed: ") for it in failed)


@pytest.mark.parametrize("reply", TROUBLES.values(), ids=TROUBLES)
async def test_68_whatever_the_resolver_s_trouble_is(
    reply: Reply, library: Library, resolver: Resolver, server: Server
) -> None:
    async with one_host(resolver) as host:
        resolver.says = lambda _number: reply
        library.add(Link(host.url(f"gone/{number}"), EXPIRED) for number in range(40))
        for _ in range(3):
            await library.probe(EVERYTHING)
            library.later(hours=1)
    assert Counter(library.states()) == {UNKNOWN: 40}
    assert [found.links for found in library.troubles] == [40]
    assert library.report.exit_code() == ItemError.exit_code
    assert len(server.asked) <= 3 * 10, "it is given up after a few failures in a row"


async def test_68_a_resolver_that_was_stopped(tmp_path: Path) -> None:
    with answering(lambda _asked: Reply(500)) as stopped:
        url = stopped.url
    async with hosts(Host()) as (host,):
        with library_of(url, tmp_path) as library:
            library.add(Link(host.url(f"gone/{number}"), EXPIRED) for number in range(15))
            for _ in range(3):
                await library.probe(EVERYTHING)
                library.later(hours=1)
            assert Counter(library.states()) == {UNKNOWN: 15}
            [trouble] = library.troubles
    assert "does not answer" in trouble.reason


async def test_68_no_such_episode_counts_against_the_link(
    library: Library, resolver: Resolver
) -> None:
    """Also between failures of the resolver, which it ends: it is an answer."""
    async with one_host(resolver) as host:
        resolver.says = lambda number: Reply(404 if number % 2 else 500)
        library.add(Link(host.url(f"gone/{number}"), EXPIRED) for number in range(1, 21))
        for _ in range(3):
            await library.probe(EVERYTHING)
            library.later(hours=1)
    dead = {each.identity.episode for each in library.mappings() if each.state is LinkState.DEAD}
    assert dead == set(range(1, 21, 2))


@pytest.mark.parametrize(
    "throttled",
    [
        pytest.param(Reply(429, headers={"Retry-After": "3600"}), id="for an hour"),
        pytest.param(Reply(429, headers={"Retry-After": "1"}), id="for a second"),
        pytest.param(Reply(503, headers={"Retry-After": "3600"}), id="503"),
        pytest.param(Reply(429), id="without saying how long"),
    ],
)
async def test_69_links_that_are_put_off_do_not_keep_the_others_from_being_probed(
    throttled: Reply, library: Library, resolver: Resolver
) -> None:
    async with one_host(resolver) as host:
        resolver.says = lambda number: throttled if number <= 4 else None
        library.add(Link(host.url(f"expired/{number}"), EXPIRED) for number in range(104))
        await library.probe()
    assert Counter(library.states()) == {ALIVE: 100, UNKNOWN: 4}
    assert [found.links for found in library.troubles] == [4]
    assert library.report.exit_code() == ItemError.exit_code


async def test_69_a_short_wait_is_waited_for(
    library: Library, resolver: Resolver, server: Server
) -> None:
    async with one_host(resolver) as host:
        resolver.says = lambda _number: (
            Reply(429, headers={"Retry-After": "1"}) if len(server.asked) <= 4 else None
        )
        library.add(Link(host.url(f"expired/{number}"), EXPIRED) for number in range(20))
        await library.probe()
    assert Counter(library.states()) == {ALIVE: 20}
    assert (library.troubles, library.report.exit_code()) == ([], 0)


async def test_70_no_brake_asks_to_force_what_a_resolver_s_failure_is_about(
    library: Library, resolver: Resolver
) -> None:
    async with one_host(resolver) as host:
        resolver.says = lambda _number: Reply(500)
        library.add(Link(host.url(f"gone/{number}"), EXPIRED) for number in range(104))
        for _ in range(3):  # 0.1.0 raised SafetyError in the second one
            await library.probe(EVERYTHING)
            library.later(hours=1)
    assert list(library.report.lines()) == [
        "resolver 'test': answered HTTP 500: 104 links not renewed"
    ]


@pytest.mark.parametrize("reply", TROUBLES.values(), ids=TROUBLES)
async def test_70_refresh_gives_a_resolver_in_trouble_one_line(
    reply: Reply, library: Library, resolver: Resolver, server: Server
) -> None:
    async with one_host(resolver) as host:
        resolver.says = lambda _number: reply
        library.add(Link(host.url(f"gone/{number}"), EXPIRED) for number in range(60))
        found = [it async for it in refresh(library.settings, library.database, EVERYTHING)]
    *links, trouble = found
    assert isinstance(trouble, ResolverTrouble)
    assert (trouble.resolver, trouble.links) == ("test", 60)
    assert all(isinstance(link, Refreshed) and link.is_unrenewed for link in links)
    assert len(server.asked) <= 12
    assert Counter(library.states()) == {UNKNOWN: 60}


@pytest.mark.slow
async def test_69_refresh_goes_on_behind_links_that_are_put_off(
    library: Library, resolver: Resolver
) -> None:
    async with one_host(resolver) as host:
        later = Reply(429, headers={"Retry-After": "1"})
        resolver.says = lambda number: later if number <= 4 else None
        library.add(Link(host.url(f"expired/{number}"), EXPIRED) for number in range(50))
        found = [it async for it in refresh(library.settings, library.database, EVERYTHING)]
    outcomes = Counter(it.outcome for it in found if isinstance(it, Refreshed))
    assert outcomes == {"refreshed": 46, "failed": 4}
    assert [it.links for it in found if isinstance(it, ResolverTrouble)] == [4]


async def test_its_health_is_kept_in_the_database(library: Library, resolver: Resolver) -> None:
    async with one_host(resolver) as host:
        resolver.says = lambda _number: Reply(500)
        library.add(Link(host.url(f"expired/{number}"), EXPIRED) for number in range(30))
        await library.probe()
        [failing] = ResolverHealthTable(library.database).all()
        assert failing.failures >= 6
        assert failing.reason == "resolver 'test': answered HTTP 500"
        assert failing.last_answer_at is None

        resolver.says = lambda number: Reply(404) if number == 1 else None
        library.later(hours=1)
        await library.probe()
    [well] = ResolverHealthTable(library.database).all()
    assert (well.resolver, well.failures, well.failing_since) == ("test", 0, None)
    assert well.last_answer_at is not None
