"""`serve.peers`: nothing is fetched from another node, however its address is written."""

import pytest

from stage.loopback import Names, client, raw, reply, serving
from strmctl.errors import SettingsError, UpstreamError
from strmctl.settings.load import load
from strmctl.settings.model import ServeSettings, Settings, UpstreamSettings
from strmctl.upstream.client import UpstreamClient
from strmctl.upstream.guard import Guard, guard


def peers_of(text: str) -> tuple[str, ...]:
    return tuple(load(environ={"STRMCTL_SERVE_PEERS": text}).settings.serve.peers)


def guarded(peers: str, allow: str = "10.0.0.0/8") -> Guard:
    serve = ServeSettings(peers=peers_of(peers))
    return guard(Settings(serve=serve, upstream=UpstreamSettings(allow=[allow, "node2"])))


@pytest.mark.parametrize(
    ("peers", "url"),
    [
        pytest.param("http://10.0.0.2:8888", "http://10.0.0.2:8888/strm/stream?x", id="base-url"),
        pytest.param("10.0.0.2:8888", "http://10.0.0.2:8888/", id="with-port"),
        pytest.param("10.0.0.2", "http://10.0.0.2:8888/", id="same-port"),
        pytest.param("10.0.0.3,10.0.0.2", "http://10.0.0.2:8888/", id="second"),
        pytest.param("http://10.0.0.2", "http://10.0.0.2/", id="port-80"),
        pytest.param("https://node2/strm", "https://node2/strm/stream", id="port-443"),
        pytest.param("node2", "http://NODE2:8888/", id="name"),
        pytest.param("node2.", "http://node2.:8888/", id="absolute-name"),
        pytest.param("10.0.0.2", "http://[::ffff:10.0.0.2]:8888/", id="mapped"),
        pytest.param("fd00::2", "http://[fd00:0::2]:8888/", id="ipv6"),
        pytest.param("[fd00::2]:8888", "http://[fd00::2]:8888/", id="ipv6-with-port"),
        pytest.param("::ffff:10.0.0.2", "http://10.0.0.2:8888/", id="mapped-peer"),
    ],
)
def test_a_peer_is_refused_where_its_network_is_allowed(peers: str, url: str) -> None:
    with pytest.raises(UpstreamError, match="leads to strmctl itself"):
        guarded(peers, "fd00::/8" if "fd00" in url else "10.0.0.0/8").check_url(url)


@pytest.mark.parametrize(
    "url", ["http://10.0.0.2:9000/nas.mkv", "http://10.0.0.4:8888/", "http://node2:80/"]
)
def test_others_are_not(url: str) -> None:
    guarded("10.0.0.2,node2").check_url(url)


def test_a_name_that_leads_to_a_peer() -> None:
    with pytest.raises(UpstreamError, match="leads to strmctl itself"):
        guarded("10.0.0.2").check_resolved("film.example", [("9.9.9.9", 8888), ("10.0.0.2", 8888)])


NO_PEERS = ["ftp://10.0.0.2", "http://", "10.0.0.2:99999", "a b", "user@node2", "node2/path", ":1"]
NO_PEERS += ["*", "http://*.example:8888", "10.0.0.2:0", "2130706433", "0x7f.1:8888", "10.0.0.0/24"]
NO_PEERS += ["http://10.0.0", "nöde", "-node2", "node2..", "[fe80::1%eth0]:8888"]


@pytest.mark.parametrize("text", NO_PEERS)
def test_what_is_no_peer_is_said(text: str) -> None:
    with pytest.raises(SettingsError, match="a list of URLs or addresses"):
        peers_of(text)


async def test_a_redirect_to_a_peer_is_not_followed() -> None:
    async with serving(lambda request: reply(body=b"#EXTM3U\n"), "127.0.0.3") as peer:
        location = f"Location: {peer.url('/strm/stream')}"
        to_peer = raw(f"HTTP/1.1 302 Found\n{location}\nContent-Length: 0")
        async with serving(lambda request: to_peer) as upstream:
            async with client(["127.0.0.0/8"], own=[("127.0.0.3", peer.port)]) as asking:
                with pytest.raises(UpstreamError, match="leads to strmctl itself"):
                    await asking.get(upstream.url(), {})
        assert peer.connections == 0


async def test_where_a_peer_s_name_leads_is_a_peer_too() -> None:
    now = [0.0]
    names = Names(node2=[["10.0.0.2", "fd00::2"], ["10.0.0.9"]])
    guarding = Guard(["10.0.0.0/8", "fd00::/8"], (), [("node2", 8888)], monotonic=lambda: now[0])
    assert guarding.wants_peers
    await guarding.learn_peers(names)
    for url in ("http://10.0.0.2:8888/", "http://[fd00::2]:8888/", "http://node2:8888/"):
        with pytest.raises(UpstreamError, match="leads to strmctl itself"):
            guarding.check_url(url)
    with pytest.raises(UpstreamError, match="leads to strmctl itself"):
        guarding.check_resolved("film.example", [("10.0.0.2", 8888)])
    guarding.check_url("http://10.0.0.2:9000/nas.mkv")
    assert not guarding.wants_peers
    now[0] = 61.0
    assert guarding.wants_peers
    await guarding.learn_peers(names)
    guarding.check_url("http://10.0.0.2:8888/")
    with pytest.raises(UpstreamError, match="leads to strmctl itself"):
        guarding.check_url("http://10.0.0.9:8888/")


async def test_a_peer_that_is_not_found_stays_where_it_was() -> None:
    guarding = Guard(["10.0.0.0/8"], (), [("node2", 8888)], monotonic=lambda: 0.0)
    await guarding.learn_peers(Names(node2=[["10.0.0.2"]]))
    await guarding.learn_peers(Names())
    with pytest.raises(UpstreamError, match="leads to strmctl itself"):
        guarding.check_url("http://10.0.0.2:8888/")


@pytest.mark.parametrize("own", [(), [("strm.example", 443)]])
async def test_names_of_peers_alone_are_looked_up(own: list[tuple[str, int]]) -> None:
    """Behind a CDN the base URL's address is that of others too."""
    assert not Guard((), own, [("10.0.0.2", 8888), ("fd00::2", 8888)]).wants_peers


async def test_a_request_learns_them_first() -> None:
    names = Names(node2=[["127.0.0.3"]])
    async with serving(lambda request: reply(body=b"#EXTM3U\n"), "127.0.0.3") as peer:
        guarding = Guard(["127.0.0.0/8"], (), [("node2", peer.port)])
        asking = UpstreamClient(UpstreamSettings(), guarding, names)
        with pytest.raises(UpstreamError, match="leads to strmctl itself"):
            await asking.get(peer.url("/strm/stream"), {})
        await asking.aclose()
    assert (peer.connections, names.asked) == (0, ["node2"])
