"""What has expired is resolved again at once, politely, and judged by what it resolves to then."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from stage.answering import Asked, Reply, Server, answer, answering
from stage.probed_hosts import Host, hosts
from stage.probed_library import EVERYTHING, START, Library, Link, library_in, settings_in
from strmctl.domain.mapping import LinkState
from strmctl.settings.model import ResolverSettings

ALIVE, SUSPECT, BLOCKED, UNKNOWN = (
    LinkState.ALIVE,
    LinkState.SUSPECT,
    LinkState.BLOCKED,
    LinkState.UNKNOWN,
)
EXPIRED = START - timedelta(hours=1)


class Resolving:
    """Answers with links of one kind at a host, or with what `fails`."""

    def __init__(self) -> None:
        self.host: Host | None = None
        self.kind = "alive"
        self.fails: Reply | None = None

    def __call__(self, asked: Asked) -> Reply:
        assert self.host is not None
        number = asked.question["episode"]
        return self.fails or answer(self.host.url(f"{self.kind}/new-{number}"))


@pytest.fixture
def resolving() -> Resolving:
    return Resolving()


@pytest.fixture
def resolver(resolving: Resolving) -> Iterator[Server]:
    with answering(resolving) as server:
        yield server


@pytest.fixture
def library(resolver: Server, tmp_path: Path) -> Iterator[Library]:
    table = ResolverSettings("test", ("site.example",), "http", options={"url": resolver.url})
    made = library_in(tmp_path, settings_in(tmp_path, resolvers=(table,)))
    with made.database:
        yield made


@asynccontextmanager
async def one_host(resolving: Resolving) -> AsyncIterator[Host]:
    async with hosts(Host()) as (host,):
        resolving.host = host
        yield host


async def test_a_link_past_its_end_is_renewed(
    library: Library, resolving: Resolving, resolver: Server
) -> None:
    async with one_host(resolving) as host:
        library.add([Link(host.url("expired/1"), EXPIRED)])
        await library.probe()
    [asked] = resolver.asked
    assert asked.question["reason"] == "probe"
    assert asked.question["last_status"] == 403
    assert asked.question["avoid_urls"] == [host.url("expired/1")]
    [mapping] = library.mappings()
    assert (mapping.state, mapping.fail_count) == (ALIVE, 0)
    assert mapping.resolution is not None
    assert mapping.resolution.url == host.url("alive/new-1")


SIGNED_UNTIL_YESTERDAY = f"?md5=x&expires={START.timestamp() - 86_400:.0f}"


async def test_a_link_that_had_ended_before_it_came_is_renewed(
    library: Library, resolving: Resolving, resolver: Server
) -> None:
    async with one_host(resolving) as host:
        library.add([host.url(f"expired/1{SIGNED_UNTIL_YESTERDAY}")])
        await library.probe()
    assert len(resolver.asked) == 1
    assert library.states() == [ALIVE]


async def test_a_link_that_has_worked_beyond_its_end_is_blocked(
    library: Library, resolving: Resolving, resolver: Server
) -> None:
    async with one_host(resolving) as host:
        host.mended = {path := f"geo/1{SIGNED_UNTIL_YESTERDAY}"}
        library.add([host.url(path)])
        await library.probe(EVERYTHING)
        assert library.states() == [ALIVE]
        host.mended = set()
        await library.probe(EVERYTHING)
    assert library.states() == [BLOCKED]
    assert resolver.asked == []


async def test_what_is_blocked_is_not_renewed(
    library: Library, resolving: Resolving, resolver: Server
) -> None:
    async with one_host(resolving) as host:
        library.add([Link(host.url("geo/1"), START + timedelta(hours=1)), host.url("geo/2")])
        await library.probe()
    assert Counter(library.states()) == {BLOCKED: 2}
    assert resolver.asked == []


async def test_90_what_is_refused_again_is_renewed(
    library: Library, resolving: Resolving, resolver: Server
) -> None:
    """In mode proxy too: a play would renew it, and its viewer wait for that."""
    async with one_host(resolving) as host:
        library.add([host.url("geo/1"), host.url("legal/2")])
        await library.probe(EVERYTHING)
        assert library.states() == [BLOCKED, BLOCKED]
        assert resolver.asked == []
        await library.probe(EVERYTHING)
        await library.probe(EVERYTHING)
    assert library.states() == [ALIVE, BLOCKED], "what the law forbids is not asked for again"
    assert len(resolver.asked) == 1


@pytest.mark.parametrize(
    "bound", ["?i=84.170&asn=3320", "?ip=84.170.1.2", "?asn=AS3320&t=x"], ids=str
)
async def test_95_a_url_of_another_address_is_renewed_at_once(
    library: Library, resolving: Resolving, resolver: Server, bound: str
) -> None:
    """A VPN that has reconnected leaves by another address: no second look is needed."""
    async with one_host(resolving) as host:
        library.add([host.url(f"geo/1{bound}")])
        await library.probe(EVERYTHING)
    assert library.states() == [ALIVE]
    assert len(resolver.asked) == 1


async def test_a_link_without_url_is_resolved(library: Library, resolving: Resolving) -> None:
    async with one_host(resolving):
        library.add([""])
        await library.probe()
    assert library.states() == [ALIVE]


@pytest.mark.parametrize(
    ("kind", "state"), [("missing", SUSPECT), ("geo", BLOCKED), ("expired", BLOCKED)]
)
async def test_it_is_judged_by_the_new_url_and_not_resolved_twice(
    kind: str, state: LinkState, library: Library, resolving: Resolving, resolver: Server
) -> None:
    async with one_host(resolving) as host:
        resolving.kind = kind
        library.add([Link(host.url("expired/1"), EXPIRED)])
        await library.probe()
    assert library.states() == [state]
    assert len(resolver.asked) == 1


async def test_without_an_answer_it_is_expired(
    library: Library, resolving: Resolving, resolver: Server
) -> None:
    async with one_host(resolving) as host:
        resolving.fails = Reply(404)
        library.add([Link(host.url("expired/1"), EXPIRED)])
        await library.probe()
    [found] = library.probed.values()
    assert found.state is SUSPECT
    assert (found.reason or "").startswith("expired: the upstream answered 403; not renewed: ")


async def test_an_unresolvable_one_without_url_stays_unknown_and_is_left_for_a_while(
    library: Library, resolving: Resolving, resolver: Server
) -> None:
    async with one_host(resolving):
        resolving.fails = Reply(404)
        library.add([""])
        await library.probe()
        assert [found.outcome for found in library.probed.values()] == ["failed"]
        await library.probe()
        assert len(resolver.asked) == 1
        library.later(minutes=10)
        await library.probe()
        assert len(resolver.asked) == 2, "it was not probed: six hours would be too long"
    assert library.states() == [UNKNOWN]


async def test_a_resolver_that_is_down_is_not_asked_for_all(
    library: Library, resolving: Resolving, resolver: Server
) -> None:
    async with one_host(resolving) as host:
        resolving.fails = Reply(500)
        library.add(Link(host.url(f"expired/{number}"), EXPIRED) for number in range(100))
        await library.probe()
    assert Counter(library.states()) == {UNKNOWN: 100}, "nothing is concluded"
    assert len(resolver.asked) <= 8


async def test_52_a_clip_where_a_film_was_is_resolved_again(
    library: Library, resolving: Resolving, resolver: Server
) -> None:
    async with one_host(resolving) as host:
        library.add([host.url("alive/1")])
        await library.probe(EVERYTHING)
        assert library.states() == [ALIVE]
        host.removed = {"alive/1"}
        await library.probe(EVERYTHING)
    assert len(resolver.asked) == 1
    [mapping] = library.mappings()
    assert (mapping.state, mapping.fail_count) == (ALIVE, 0)
    assert mapping.resolution is not None
    assert mapping.resolution.url == host.url("alive/new-1")


async def test_52_a_clip_that_stays_makes_a_link_suspect(
    library: Library, resolving: Resolving, resolver: Server
) -> None:
    async with one_host(resolving) as host:
        library.add([host.url("alive/1")])
        await library.probe(EVERYTHING)
        host.removed, resolving.kind = {"alive/1"}, "clip"
        await library.probe(EVERYTHING)
    assert len(resolver.asked) == 1
    assert library.states() == [SUSPECT]
    [found] = library.probed.values()
    assert found.reason == "other content: 16 bytes where there were 1.02 kB"
