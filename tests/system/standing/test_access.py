"""Who may play: signatures, an API key or nobody's proof; and redirects below a path."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from stage import presentation
from stage.proxy import Proxy, running_proxy, settings_for
from stage.show import Resolver, Show
from stage.site import running_site
from stage.strmctl import Strmctl, new_strmctl
from strmctl.settings.model import Mode
from system.standing import fronts

pytestmark = pytest.mark.slow

_KEY = "a key that is long enough"


@pytest.fixture
def unserved(tmp_path: Path) -> Strmctl:
    return new_strmctl(tmp_path / "strmctl", "http://127.0.0.1:1/resolve")


def test_auth_none_is_refused_beyond_loopback(unserved: Strmctl) -> None:
    environ = {"STRMCTL_PROXY_AUTH": "none"}
    ended = unserved.run("serve", "--host", "0.0.0.0", "--port", "0", environ=environ)
    assert ended.returncode == 3
    assert ended.stderr.startswith("strmctl: ")
    assert "--insecure" in ended.stderr


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_auth_none_plays_on_loopback_and_says_so(
    host: str, resolver: Resolver, show: Show, client: httpx.Client, tmp_path: Path
) -> None:
    presentation.put(show)
    environ = {"STRMCTL_PROXY_AUTH": "none", "STRMCTL_SERVE_HOST": host}
    with running_site(tmp_path / "strmctl", resolver.url, environ=environ) as site:
        url = site.playback_url(show)
        assert "sig=" not in url
        addresses = presentation.addresses(client, url)
        assert client.get(addresses["init.mp4"]).content == presentation.FILES["init.mp4"]
        assert 'proxy.auth is "none"' in site.log()


def test_an_api_key_plays_and_nothing_without_it_does(
    resolver: Resolver, show: Show, client: httpx.Client, tmp_path: Path
) -> None:
    presentation.put(show)
    environ = {"STRMCTL_PROXY_AUTH": "api_key", "STRMCTL_PROXY_SECRET": _KEY}
    with running_site(tmp_path / "strmctl", resolver.url, environ=environ) as site:
        url = httpx.URL(site.playback_url(show))
        assert url.params["key"] == _KEY
        for wrong in (
            url.copy_remove_param("key"),
            url.copy_set_param("key", _KEY[:-1]),
            url.copy_set_param("key", ""),
            url.copy_add_param("key", _KEY),
            url.copy_set_param("key", _KEY.upper()),
        ):
            assert client.get(wrong).status_code == 403, wrong
        text = client.get(url).text
        assert _KEY not in text, "what is served is passed on by media servers"
        addresses = presentation.addresses(client, str(url))
        assert client.get(addresses["init.mp4"]).content == presentation.FILES["init.mp4"]
        damaged = addresses["init.mp4"].replace("/strm/hls/", "/strm/hls/x")
        assert client.get(damaged).status_code == 403
        assert _KEY not in site.log()


@pytest.mark.parametrize("front", ["nginx", "nginx-strips", "caddy-strips", "haproxy"])
def test_redirects_lead_to_the_upstream_from_below_a_path(
    front: str, resolver: Resolver, show: Show, client: httpx.Client, tmp_path: Path
) -> None:
    presentation.put(show)
    public = fronts.free_address()
    settings = settings_for(tmp_path, resolver.url)
    settings = replace(settings, proxy=replace(settings.proxy, mode=Mode.REDIRECT))
    base_url = f"http://{public}{fronts.PREFIX}"
    with (
        running_proxy(settings, base_url=base_url) as proxy,
        fronts.running(fronts.FRONTS[front], public, proxy.address, tmp_path / "front"),
    ):
        url = proxy.playback_url(show.slug)
        answer = client.get(url)
        assert answer.status_code == 302
        assert answer.headers["Location"] == show.url("index.m3u8")
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert client.get(url.replace("lang=de", "lang=en")).status_code == 403
        assert client.get(url, follow_redirects=True).text == presentation.MASTER


@pytest.fixture(params=["/strm", "/a/b", "/s%C3%A9ries", "/strm/stream", "/healthz"])
def below(
    request: pytest.FixtureRequest, resolver: Resolver, tmp_path: Path
) -> Iterator[tuple[Proxy, str]]:
    """A proxy whose public address is another one and ends in a path, and that path."""
    base_url = f"http://{fronts.free_address()}{request.param}"
    with running_proxy(settings_for(tmp_path, resolver.url), base_url=base_url) as proxy:
        yield proxy, str(request.param)


@pytest.mark.parametrize("is_stripped", [False, True], ids=["left on", "taken off"])
def test_any_path_may_stand_before_it(
    below: tuple[Proxy, str], is_stripped: bool, show: Show, client: httpx.Client
) -> None:
    presentation.put(show)
    proxy, prefix = below
    own = f"http://{proxy.address}{'' if is_stripped else prefix}"
    text = client.get(proxy.playback_url(show.slug).replace(proxy.url, own)).text
    assert f"\n{proxy.url}/strm/hls/" in text
    video = text.splitlines()[-1].replace(proxy.url, own)
    assert client.get(video).text.startswith("#EXTM3U")
    assert client.get(f"{own}/healthz").status_code == 200
    assert client.get(f"{own}/readyz/").status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_players_only_read(
    method: str, below: tuple[Proxy, str], show: Show, client: httpx.Client
) -> None:
    presentation.put(show)
    proxy, prefix = below
    url = proxy.playback_url(show.slug).replace(proxy.url, f"http://{proxy.address}{prefix}")
    child = client.get(url).text.splitlines()[-1].replace(proxy.url, f"http://{proxy.address}")
    for address in (url, child, f"http://{proxy.address}{prefix}/readyz"):
        answer = client.request(method, address)
        assert answer.status_code == 405, address
        assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD"}
        assert answer.headers["Content-Type"] == "application/problem+json"
