"""`strmctl serve` whose way out is a real proxy: what plays, who sees it, what is refused."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from stage import presentation
from stage.egress_proxies import PASSWORD, Proxy
from stage.show import Resolver, Show
from stage.site import Site, running_site
from system.egress import upstreams
from system.egress.upstreams import SeeingUpstream

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(
    proxy: Proxy,
    authority: Path,
    resolver: Resolver,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    environ = {
        "STRMCTL_UPSTREAM_EGRESS": proxy.url,
        "STRMCTL_UPSTREAM_ALLOW": "127.0.0.0/8,localhost",
        "SSL_CERT_FILE": str(authority),
    }
    folder = tmp_path_factory.mktemp("egress") / "strmctl"
    with running_site(folder, resolver.url, environ=environ) as site:
        yield site


@pytest.fixture(params=["plain", "tls"])
def upstream(request: pytest.FixtureRequest) -> SeeingUpstream:
    upstream: SeeingUpstream = request.getfixturevalue(request.param)
    return upstream


@pytest.fixture
def show(upstream: SeeingUpstream, resolver: Resolver) -> Show:
    """At an upstream without TLS, then at one with it."""
    return upstreams.show_at(upstream, resolver)


def test_every_byte_arrives_and_only_the_proxy_is_seen(
    site: Site, proxy: Proxy, upstream: SeeingUpstream, client: httpx.Client, show: Show
) -> None:
    upstream.seen.clear()
    addresses = presentation.addresses(client, site.playback_url(show))
    for name, content in presentation.FILES.items():
        if name in addresses:
            assert client.get(addresses[name]).content == content
    assert len(show.asked()) > 6
    assert set(upstream.seen) <= {proxy.source}
    assert f"{upstream.address}" in proxy.log()


def test_an_expired_link_is_healed_through_it(site: Site, client: httpx.Client, show: Show) -> None:
    addresses = presentation.addresses(client, site.playback_url(show))
    show.expire()
    answer = client.get(addresses["video2.m4s"])
    assert answer.content == presentation.FILES["video2.m4s"]
    assert len(show.questions) == 2


def test_names_are_resolved_by_the_proxy(
    site: Site, proxy: Proxy, upstream: SeeingUpstream, client: httpx.Client, show: Show
) -> None:
    name = f"localhost:{upstream.address.rpartition(':')[2]}"
    show.elsewhere = f"{upstream.scheme}://{name}/{show.slug}/token1/index.m3u8"
    assert client.get(site.playback_url(show)).status_code == 200
    assert name in proxy.log()


@pytest.mark.parametrize(
    "host",
    ["10.0.0.1", "169.254.169.254", "[::1]", "2130706433", "metadata.google.internal", "nas.local"],
)
def test_the_guard_refuses_before_the_proxy_is_asked(
    site: Site, proxy: Proxy, client: httpx.Client, resolver: Resolver, host: str
) -> None:
    show = resolver.new_show()
    show.elsewhere = f"http://{host}/index.m3u8"
    answer = client.get(site.playback_url(show))
    assert answer.status_code == 502
    assert host.strip("[]") not in proxy.log()


def test_the_password_is_told_to_nobody(site: Site, client: httpx.Client, show: Show) -> None:
    client.get(site.playback_url(show))
    assert site.lines_of(show)
    assert PASSWORD not in site.log()
    assert not any(
        PASSWORD in value or name == "proxy-authorization"
        for request in show.asked()
        for name, value in request.fields.items()
    )


def test_a_resolver_has_an_egress_of_its_own(
    proxy: Proxy,
    plain: SeeingUpstream,
    asked: SeeingUpstream,
    resolver: Resolver,
    client: httpx.Client,
    tmp_path: Path,
) -> None:
    environ = {
        "STRMCTL_UPSTREAM_EGRESS": "http://127.0.0.1:1",
        "STRMCTL_RESOLVERS_MADE_UP_EGRESS": proxy.url,
    }
    show = upstreams.show_at(plain, resolver)
    asked.seen.clear()
    plain.seen.clear()
    with running_site(tmp_path / "strmctl", resolver.url, environ=environ) as site:
        addresses = presentation.addresses(client, site.playback_url(show))
        assert client.get(addresses["init.mp4"]).content == presentation.FILES["init.mp4"]
    assert len(show.questions) == 1
    assert set(asked.seen) == {proxy.source}
    assert set(plain.seen) == {proxy.source}
