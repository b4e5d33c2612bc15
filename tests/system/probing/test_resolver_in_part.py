"""A resolver that fails for a part, cannot be reached, or knows nothing any more."""

import threading
from collections import Counter
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from stage.answering import Reply, Server, answer
from stage.probed_hosts import Host, hosts
from stage.probed_library import EVERYTHING, START, Library, Link
from stage.troubled_resolver import Resolver, library_of, one_host
from strmctl.domain.mapping import LinkState
from strmctl.errors import ItemError, SafetyError
from strmctl.services.resolving.refresh import Refreshed, refresh
from strmctl.services.resolving.trouble import ResolverTrouble
from strmctl.settings.model import ProbeSettings

ALIVE, UNKNOWN = LinkState.ALIVE, LinkState.UNKNOWN
EXPIRED = START - timedelta(hours=1)


PARTIAL = {
    "rubbish": Reply(200, b"<html>sign in</html>"),
    "an empty body": Reply(200, b""),
    "half of its JSON": Reply(200, b'{"url": "https://cdn.exa'),
    "a list": Reply(200, b"[]"),
    "502": Reply(502, b"Bad Gateway"),
}


@pytest.mark.parametrize("reply", PARTIAL.values(), ids=PARTIAL)
async def test_rubbish_for_half_of_the_links_is_about_that_half(
    reply: Reply, library: Library, resolver: Resolver
) -> None:
    """Five of ten: fewer than end its turn, wherever they stand."""
    async with one_host(resolver) as host:
        resolver.says = lambda number: reply if number % 2 else None
        library.add(Link(host.url(f"gone/{number}"), EXPIRED) for number in range(10))
        for _ in range(4):
            await library.probe(EVERYTHING)
            library.later(hours=1)
            assert Counter(library.states()) == {ALIVE: 5, UNKNOWN: 5}
            assert [found.links for found in library.troubles] == [5]
            assert library.report.exit_code() == ItemError.exit_code


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        pytest.param("https://127.0.0.1:{port}/resolve", "", id="it speaks no TLS"),
        pytest.param("http://resolver.invalid:{port}/resolve", "", id="its name is unknown"),
        pytest.param("http://127.0.0.1:1/resolve", "does not answer", id="nobody listens"),
    ],
)
@pytest.mark.parametrize("run", ["probe", "refresh"])
async def test_a_resolver_that_cannot_be_reached_concludes_nothing(
    run: str, url: str, reason: str, server: Server, tmp_path: Path
) -> None:
    async with hosts(Host()) as (host,):
        with library_of(url.format(port=server.port), tmp_path) as library:
            library.add(Link(host.url(f"gone/{number}"), EXPIRED) for number in range(30))
            for _ in range(3):
                if run == "probe":
                    await library.probe(EVERYTHING)
                    [trouble] = library.troubles
                    assert library.report.exit_code() == ItemError.exit_code
                else:
                    *_, last = [it async for it in refreshed(library)]
                    assert isinstance(last, ResolverTrouble)
                    trouble = last
                library.later(hours=1)
            assert Counter(library.states()) == {UNKNOWN: 30}
    assert trouble.links == 30
    assert trouble.reason.startswith("resolver 'test': ")
    assert reason in trouble.reason
    assert "\n" not in trouble.reason


async def test_silence_for_one_provider_is_about_its_links(
    library: Library, resolver: Resolver
) -> None:
    """Each costs the resolver's deadline; the others are renewed meanwhile."""
    over = threading.Event()

    def says(number: int) -> Reply | None:
        if number <= 5:
            over.wait(60)
        return None

    async with one_host(resolver) as host:
        resolver.says = says
        library.add(Link(host.url(f"gone/{number}"), EXPIRED) for number in range(60))
        try:
            await library.probe(EVERYTHING)
        finally:
            over.set()
    assert Counter(library.states()) == {ALIVE: 55, UNKNOWN: 5}
    [trouble] = library.troubles
    assert (trouble.links, trouble.reason) == (5, "resolver 'test': no answer within 2 s")


@pytest.mark.parametrize("run", ["probe", "probe, one by one", "refresh"])
async def test_what_it_fails_for_first_does_not_keep_the_others_from_their_turn(
    run: str, library: Library, resolver: Resolver
) -> None:
    """More than end its turn stand next to each other, at the beginning of each run."""
    async with one_host(resolver) as host:
        resolver.says = lambda number: Reply(500) if number <= 12 else None
        library.add(Link(host.url(f"gone/{number}"), EXPIRED) for number in range(200))
        if run.startswith("probe"):
            if run.endswith("one by one"):  # The resolver then has no others to choose from.
                one = ProbeSettings(timeout=timedelta(seconds=30), concurrency=1)
                library.settings = replace(library.settings, probe=one)
            await library.probe(EVERYTHING)
            assert library.state_of("alive") == {ALIVE: 188}
        else:
            found = [it async for it in refreshed(library)]
            outcomes = Counter(it.outcome for it in found if isinstance(it, Refreshed))
            assert outcomes == {"refreshed": 188, "failed": 12}


async def test_no_such_episode_for_everything_at_once_is_held_by_the_brake(
    library: Library, resolver: Resolver
) -> None:
    """A resolver whose site has changed its pages: "not found" for all of a library that plays."""
    async with one_host(resolver) as host:

        def well(number: int) -> Reply:
            ends_at = library.clock + timedelta(minutes=30)
            return answer(host.url(f"alive/new-{number}"), expires_at=ends_at.timestamp())

        resolver.says = well
        library.add(Link(host.url(f"expired/{number}"), EXPIRED) for number in range(100))
        await library.probe(EVERYTHING)
        assert Counter(library.states()) == {ALIVE: 100}
        resolver.says = lambda _number: Reply(404)
        for link in library.mappings():
            assert link.resolution is not None
            host.gone.add(link.resolution.url.partition(f"{host.address}/")[2])
        for _ in range(2):
            library.later(hours=1)
            await library.probe(EVERYTHING)
        library.later(hours=1)
        with pytest.raises(SafetyError, match=r"100 of 100 links would be marked dead") as held:
            await library.probe(EVERYTHING)
        assert "no such episode" in str(held.value)
        assert Counter(library.states()) == {LinkState.SUSPECT: 100}
        resolver.says, host.gone = well, set()
        library.later(hours=1)
        await library.probe(EVERYTHING)
    assert Counter(library.states()) == {ALIVE: 100}


def refreshed(library: Library) -> AsyncGenerator[Refreshed | ResolverTrouble, None]:
    return refresh(library.settings, library.database, EVERYTHING)
