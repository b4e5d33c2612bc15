"""An egress that fails by itself says nothing about a link, and is told by its setting's name."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from stage import presentation
from stage.egress_proxies import PASSWORD, PROXIES, USER, microsocks, tinyproxy
from stage.routes import Gate
from stage.show import Resolver, Show
from stage.site import running_site
from stage.waiting import free_port, until
from strmctl.errors import EgressError, UpstreamError
from strmctl.settings.model import UpstreamSettings
from strmctl.upstream.client import UpstreamClient
from strmctl.upstream.guard import Guard
from system.egress.upstreams import SeeingUpstream

pytestmark = pytest.mark.slow

_ALLOW = ("127.0.0.0/8",)
_CLOSED = "127.0.0.1:1"
"""Nobody listens there."""


@asynccontextmanager
async def through(egress: str, *, seconds: float = 5.0) -> AsyncIterator[UpstreamClient]:
    """A client whose settings have this egress; it waits for connections so long."""
    settings = UpstreamSettings(
        egress=egress, allow=_ALLOW, connect_timeout=timedelta(seconds=seconds)
    )
    client = UpstreamClient(settings, Guard(_ALLOW))
    try:
        yield client
    finally:
        await client.aclose()


@pytest.mark.parametrize("url", [f"http://{_CLOSED}/a.ts", f"https://{_CLOSED}/a.ts"])
@pytest.mark.parametrize(
    "egress",
    [
        pytest.param(f"http://{USER}:{PASSWORD}@{_CLOSED}", id="http"),
        pytest.param(f"socks5://{USER}:{PASSWORD}@{_CLOSED}", id="socks5"),
        pytest.param(f"socks5h://{USER}:{PASSWORD}@{_CLOSED}", id="socks5h"),
        pytest.param(f"http://{USER}:{PASSWORD}@gluetun.invalid:8888", id="no such name"),
    ],
)
async def test_one_that_is_down(egress: str, url: str) -> None:
    async with through(egress) as client:
        with pytest.raises(EgressError, match=r"cannot be reached: check upstream\.egress") as told:
            await client.get(url, {})
    assert PASSWORD not in str(told.value)
    assert USER not in str(told.value)
    assert egress.rpartition("@")[2] in str(told.value)


async def test_one_of_a_resolver_is_told_as_such() -> None:
    async with through("") as client:
        with pytest.raises(EgressError, match="check the resolver's egress"):
            await client.get(f"http://{_CLOSED}/a.ts", {}, egress=f"http://{_CLOSED}")


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("kind", PROXIES)
async def test_one_that_does_not_let_strmctl_in(kind: str, scheme: str, tmp_path: Path) -> None:
    with PROXIES[kind](tmp_path) as proxy:
        async with through(f"{proxy.scheme}://{proxy.at}") as client:
            with pytest.raises(EgressError, match=r"check upstream\.egress"):
                await client.get(f"{scheme}://{_CLOSED}/a.ts", {})


async def test_one_that_knows_another_password(tmp_path: Path) -> None:
    with microsocks(tmp_path) as proxy, pytest.raises(EgressError) as told:
        async with through(proxy.url_with("another")) as client:
            await client.get(f"http://{_CLOSED}/a.ts", {})
    assert "another" not in str(told.value)


async def test_one_that_makes_no_tunnel_there(tls: SeeingUpstream, tmp_path: Path) -> None:
    with tinyproxy(tmp_path, connect_port=443) as proxy:
        async with through(proxy.url) as client:
            with pytest.raises(EgressError, match="refuses to connect: it answered 403"):
                await client.get(f"{tls.url}/a.ts", {})


@pytest.mark.parametrize(
    ("kind", "scheme"), [("tinyproxy", "https"), ("microsocks", "http"), ("microsocks", "https")]
)
async def test_what_lies_beyond_it_is_the_upstreams_failure(
    kind: str, scheme: str, tmp_path: Path
) -> None:
    with PROXIES[kind](tmp_path) as proxy, pytest.raises(UpstreamError) as told:
        async with through(proxy.url) as client:
            await client.get(f"{scheme}://{_CLOSED}/a.ts", {})
    assert told.value.http_status == 502


async def test_an_http_proxy_answers_for_an_upstream_without_tls(tmp_path: Path) -> None:
    with tinyproxy(tmp_path) as proxy:
        async with through(proxy.url) as client:
            response = await client.get(f"http://{_CLOSED}/a.ts", {})
            assert response.status == 500
            response.close()


@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_one_that_accepts_and_says_nothing_is_given_up(scheme: str) -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with through(f"{scheme}://127.0.0.1:{port}", seconds=0.2) as client:
            with pytest.raises(UpstreamError, match="in time") as told:
                await asyncio.wait_for(client.get(f"https://{_CLOSED}/a.ts", {}), 5)
    assert told.value.http_status == 504


def test_no_resolver_is_asked_because_of_it_and_then_it_plays_on(
    show: Show, client: httpx.Client, resolver: Resolver, tmp_path: Path
) -> None:
    port = free_port()
    environ = {"STRMCTL_UPSTREAM_EGRESS": f"http://{USER}:{PASSWORD}@127.0.0.1:{port}"}
    with running_site(tmp_path / "strmctl", resolver.url, environ=environ) as site:
        url = site.playback_url(show)
        for _ in range(3):
            answer = client.get(url)
            assert answer.status_code == 502
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert answer.json()["detail"] == "the egress is down"
            assert str(port) not in answer.text
        assert len(show.questions) == 1
        with tinyproxy(tmp_path, port=port):
            assert client.get(url).status_code == 200
        assert len(show.questions) == 1
        until(lambda: site.log().count("WARNING [") >= 3, "each failure is logged")
        said = f"the egress http://***@127.0.0.1:{port} cannot be reached: check upstream.egress"
        assert said in site.log()
        assert PASSWORD not in site.log()
        assert USER not in site.log()


def test_a_film_goes_on_when_the_egress_is_back(
    show: Show, client: httpx.Client, resolver: Resolver, tmp_path: Path
) -> None:
    content = presentation.content("film", 400_000)
    gate = Gate(content, 100_000, {"Content-Type": "video/mp2t"})
    show.entry = "film.ts"
    show.routes[show.entry] = gate
    port = free_port()
    environ = {"STRMCTL_UPSTREAM_EGRESS": f"http://{USER}:{PASSWORD}@127.0.0.1:{port}"}
    with (
        running_site(tmp_path / "strmctl", resolver.url, environ=environ) as site,
        ExitStack() as stack,
    ):
        with tinyproxy(tmp_path, port=port):
            playing = client.stream("GET", site.playback_url(show))
            response = stack.enter_context(playing)
            chunks = response.iter_raw()
            received = next(chunks)
        gate.open()
        with tinyproxy(tmp_path, port=port):
            assert received + b"".join(chunks) == content
    assert len(show.questions) == 1


def test_a_resolver_whose_egress_is_down_says_so(
    show: Show, client: httpx.Client, resolver: Resolver, tmp_path: Path
) -> None:
    egress = f"socks5://{USER}:{PASSWORD}@{_CLOSED}"
    environ = {"STRMCTL_RESOLVERS_MADE_UP_EGRESS": egress}
    with running_site(tmp_path / "strmctl", resolver.url, environ=environ) as site:
        answer = client.get(site.playback_url(show))
        assert answer.status_code == 502
        assert f"resolver 'made_up': its egress socks5://***@{_CLOSED} does not lead" in answer.text
        assert PASSWORD not in site.log() + answer.text
    assert show.questions == []


def test_a_playlist_is_read_again_once_it_is_back(
    show: Show, client: httpx.Client, resolver: Resolver, tmp_path: Path
) -> None:
    """In the middle of a play: what was named before is found again, with no new resolve."""
    port = free_port()
    environ = {"STRMCTL_UPSTREAM_EGRESS": f"http://{USER}:{PASSWORD}@127.0.0.1:{port}"}
    with running_site(tmp_path / "strmctl", resolver.url, environ=environ) as site:
        with tinyproxy(tmp_path, port=port):
            addresses = presentation.addresses(client, site.playback_url(show))
        segment = addresses["video2.m4s"]
        until(lambda: client.get(segment).status_code == 502, "the egress is seen to be down")
        with tinyproxy(tmp_path, port=port):
            assert client.get(segment).content == presentation.FILES["video2.m4s"]
    assert len(show.questions) == 1
