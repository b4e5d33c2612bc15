"""Which egress a resolver is asked through."""

import pytest

from strmctl.resolvers.registry import leaving
from strmctl.settings.model import ResolverSettings, Settings, UpstreamSettings

VPN, OWN = "socks5://vpn:1080", "http://own:8888"
SETTINGS = Settings(upstream=UpstreamSettings(egress=VPN, allow=("here.example", "10.0.0.0/8")))


def table(url: object = None, *, kind: str = "http", egress: str = "") -> ResolverSettings:
    options = {} if url is None else {"url": url}
    return ResolverSettings("a", ["a"], kind, egress=egress, options=options)


@pytest.mark.parametrize(
    ("asked", "egress"),
    [
        pytest.param(table("https://addon.example/manifest.json"), VPN, id="a public name"),
        pytest.param(table("https://1.1.1.1/resolve"), VPN, id="a public address"),
        pytest.param(table("https://[2606:4700::1111]/"), VPN, id="a public IPv6 address"),
        pytest.param(table("https://site.example/{slug}", kind="ytdlp"), VPN, id="a page"),
        pytest.param(table(kind="command"), VPN, id="a program"),
        pytest.param(table(kind="mine"), VPN, id="a plug-in"),
        pytest.param(table(["no", "text"]), VPN, id="a URL of another type"),
        pytest.param(table("http://[::1"), VPN, id="no URL"),
        pytest.param(table("http://127.0.0.1:9000/resolve"), "", id="this machine"),
        pytest.param(table("http://[::1]:9000/resolve"), "", id="this machine, IPv6"),
        pytest.param(table("http://LocalHost.:9000/"), "", id="this machine by name"),
        pytest.param(table("http://192.168.1.9/resolve"), "", id="this network"),
        pytest.param(table("http://resolver:9000/resolve"), "", id="a container's name"),
        pytest.param(table("http://nas.lan/resolve"), "", id="a router's name"),
        pytest.param(table("http://nas.home.arpa/resolve"), "", id="RFC 8375"),
        pytest.param(table("http://here.example/resolve"), "", id="upstream.allow"),
        pytest.param(table("http://127.0.0.1/", egress=OWN), OWN, id="its own, for this machine"),
        pytest.param(table("https://addon.example/", egress=OWN), OWN, id="its own"),
    ],
)
def test_89_a_resolver_leaves_as_its_links_do(asked: ResolverSettings, egress: str) -> None:
    assert leaving(asked, SETTINGS).egress == egress


def test_89_without_an_egress_it_is_asked_directly() -> None:
    assert leaving(table("https://addon.example/"), Settings()).egress == ""
