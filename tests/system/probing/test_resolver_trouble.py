"""A resolver that is down, throttled or talks rubbish says nothing about the links."""

import threading
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from stage.answering import Asked, Reply, Server, answer, answering
from stage.probed_hosts import Host, hosts
from stage.probed_library import EVERYTHING, START, Library, Link, library_in, settings_in
from strmctl.domain.mapping import LinkState
from strmctl.errors import ItemError, SafetyError
from strmctl.services.resolving.refresh import Refreshed, refresh
from strmctl.services.resolving.trouble import ResolverTrouble
from strmctl.settings.model import ResolverSettings
from strmctl.storage.tables.resolver_health import ResolverHealthTable

ALIVE, UNKNOWN = LinkState.ALIVE, LinkState.UNKNOWN
EXPIRED = START - timedelta(hours=1)
MAX_CHANGE = 0.2


class Resolver:
    """Answers with a link that plays, or with what `says` of an episode's number."""

    def __init__(self) -> None:
        self.host: Host | None = None
        self.says: Callable[[int], Reply | None] = lambda _number: None

    def __call__(self, asked: Asked) -> Reply:
        assert self.host is not None
        number = int(asked.question["episode"])
        return self.says(number) or answer(self.host.url(f"alive/new-{number}"))


@pytest.fixture
def resolver() -> Resolver:
    return Resolver()


@pytest.fixture
def server(resolver: Resolver) -> Iterator[Server]:
    with answering(resolver) as server:
        yield server


@pytest.fixture
def library(server: Server, tmp_path: Path) -> Iterator[Library]:
    with library_of(server.url, tmp_path) as made:
        yield made


def library_of(url: str, folder: Path) -> "_Opened":
    table = ResolverSettings(
        "test", ("site.example",), "http", timeout=timedelta(seconds=2), options={"url": url}
    )
    settings = settings_in(folder, resolvers=(table,), max_change=MAX_CHANGE)
    return _Opened(library_in(folder, settings))


class _Opened:
    def __init__(self, library: Library) -> None:
        self._library = library

    def __enter__(self) -> Library:
        return self._library

    def __exit__(self, *_: object) -> None:
        self._library.database.close()


@asynccontextmanager
async def one_host(resolver: Resolver) -> AsyncIterator[Host]:
    async with hosts(Host()) as (host,):
        resolver.host = host
        yield host


TROUBLES = {
    "500": Reply(500),
    "503": Reply(503),
    "429 for an hour": Reply(429, headers={"Retry-After": "3600"}),
    "a login page": Reply(200, b"<html>sign in</html>"),
    "no url in it": Reply(200, b"{}"),
    "redirected": Reply(302, headers={"Location": "http://elsewhere.example/"}),
}


@pytest.mark.parametrize("kind", ["gone", "expired", "missing", "page", "broken", "reset"])
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


@pytest.mark.parametrize("run", ["probe", "refresh"])
async def test_what_it_fails_for_first_does_not_keep_the_others_from_their_turn(
    run: str, library: Library, resolver: Resolver
) -> None:
    """More than end its turn stand next to each other, at the beginning of each run."""
    async with one_host(resolver) as host:
        resolver.says = lambda number: Reply(500) if number <= 12 else None
        library.add(Link(host.url(f"gone/{number}"), EXPIRED) for number in range(200))
        if run == "probe":
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
