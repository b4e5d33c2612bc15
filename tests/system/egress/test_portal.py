"""A captive portal's page stands in place of media; which page it is tells it from soft 404s."""

from pathlib import Path

import pytest

from stage.probed_hosts import Host, hosts
from stage.probed_library import library_in, settings_in
from stage.scripted_egress import LOGIN, Says, login_page, proxy
from strmctl.domain.mapping import LinkState, Resolution
from strmctl.errors import EgressError
from strmctl.services.checking.check import LinkCheck
from strmctl.services.resolving.trial import Trials
from strmctl.settings.model import UpstreamSettings
from strmctl.upstream.client import UpstreamClient
from strmctl.upstream.guard import Guard


def page_with_what_was_asked(asked: bytes) -> bytes:
    """By a redirect to its own server, whose page says where people wanted to go."""
    url = asked.split(b" ")[1]
    if url.startswith(b"http://portal.test/"):
        body = LOGIN.replace(b"login", url)
        return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    location = b"http://portal.test/?from=" + url.rpartition(b"/")[2]
    return b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location + b"\r\n\r\n"


@pytest.mark.parametrize(
    "speaks",
    [pytest.param(login_page, id="its page"), pytest.param(page_with_what_was_asked, id="302")],
)
@pytest.mark.parametrize("number", [1, 30])
async def test_95_a_portal_s_page_in_place_of_two_sites_media(
    tmp_path: Path, speaks: Says, number: int
) -> None:
    """Without canaries: which page it is tells it from soft 404s."""
    async with proxy(speaks) as egress:
        library = library_in(tmp_path, settings_in(tmp_path, egress=egress))
        with library.database:
            hosts = ("http://one.example", "http://two.test")
            library.add(f"{host}/{film}.mp4" for film in range(number) for host in hosts)
            with pytest.raises(EgressError, match="captive portal"):
                await library.probe()
            assert set(library.states()) == {LinkState.UNKNOWN}
            assert library.events() == []


@pytest.mark.parametrize(
    "links",
    [
        pytest.param(["http://one.example/1", "http://one.example/2"], id="one host"),
        pytest.param(["http://a.one.example/1", "http://b.one.example/2"], id="one site"),
    ],
)
async def test_95_a_page_of_one_site_is_its_own(tmp_path: Path, links: list[str]) -> None:
    async with proxy(login_page) as egress:
        library = library_in(tmp_path, settings_in(tmp_path, egress=egress))
        with library.database:
            library.add(links)
            await library.probe()
            assert set(library.states()) == {LinkState.SUSPECT}


async def test_95_a_portal_that_begins_in_mid_run(tmp_path: Path) -> None:
    """Both sites have answered before, and nothing of that stays either."""
    async with hosts(Host(), Host()) as (one, two):
        library = library_in(tmp_path)

        def begin(path: str) -> None:
            if one.requests.total() + two.requests.total() >= 30:
                one.all_say = two.all_say = "page"

        one.before = two.before = begin
        with library.database:
            library.add(host.url(f"alive/{film}") for film in range(60) for host in (one, two))
            with pytest.raises(EgressError, match="captive portal"):
                await library.probe()
            assert set(library.states()) == {LinkState.UNKNOWN}


async def test_95_soft_404s_of_one_hoster_s_program(tmp_path: Path) -> None:
    """Two sites run it and say the same of a removed file, while others play."""
    async with hosts(Host(), Host()) as (one, two):
        library = library_in(tmp_path)
        with library.database:
            kinds = ("alive", "page")
            library.add(host.url(f"{kind}/1") for kind in kinds for host in (one, two))
            await library.probe()
            assert library.state_of("page") == {LinkState.SUSPECT: 2}
            assert library.state_of("alive") == {LinkState.ALIVE: 2}


async def test_95_a_portal_s_page_in_place_of_new_links() -> None:
    async with proxy(login_page) as egress:
        client = UpstreamClient(UpstreamSettings(egress=egress), Guard(("127.0.0.0/8",)))
        trials = Trials(LinkCheck(client), per_host=4, guarded=True)
        try:
            for url in ("http://a.one.example/1", "http://b.one.example/2"):
                assert not (await trials.result(Resolution(url), None)).is_alive
            with pytest.raises(EgressError, match="captive portal"):
                await trials.result(Resolution("http://two.test/3"), None)
        finally:
            await client.aclose()
