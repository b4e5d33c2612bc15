"""An egress that answers for itself is the egress: nothing is concluded about a single link."""

import ssl
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientConnectorCertificateError
from aiohttp.client_reqrep import ConnectionKey
from msgspec.structs import replace

from stage.certificate import certificate
from stage.probed_hosts import Host, hosts
from stage.probed_library import library_in, settings_in
from stage.scripted_egress import CLOSED, Says, portal, proxy, relaying, says, socks
from strmctl.domain.mapping import LinkState, Resolution
from strmctl.errors import EgressError
from strmctl.services.checking.check import LinkCheck
from strmctl.services.resolving.trial import Trials
from strmctl.settings.model import UpstreamSettings
from strmctl.upstream.client import UpstreamClient
from strmctl.upstream.egress import spoke
from strmctl.upstream.guard import Guard

TUNNEL_DOWN = [
    pytest.param(says(500), "http", "https", id="gluetun, 500 to CONNECT"),
    pytest.param(says(503), "http", "https", id="gluetun, 503 to CONNECT"),
    pytest.param(says(502), "http", "https", id="502 to CONNECT"),
    pytest.param(says(504), "http", "https", id="504 to CONNECT"),
    pytest.param(says(503), "http", "http", id="503 without TLS"),
    pytest.param(says(407), "http", "http", id="another password"),
    pytest.param(says(511), "http", "http", id="a captive portal"),
    pytest.param(says(511), "http", "https", id="a captive portal, 511 to CONNECT"),
    pytest.param(says(302), "http", "https", id="a captive portal, a redirect to CONNECT"),
    pytest.param(says(200), "http", "https", id="a captive portal, a page to CONNECT"),
    pytest.param(socks(1), "socks5", "https", id="socks: general failure"),
    pytest.param(socks(2), "socks5", "https", id="socks: not allowed"),
    pytest.param(socks(3), "socks5", "http", id="socks: network unreachable"),
    pytest.param(socks(4), "socks5h", "https", id="socks: host unreachable"),
]


@pytest.mark.parametrize(("speaks", "scheme", "link"), TUNNEL_DOWN)
async def test_95_one_host_and_no_canaries(
    tmp_path: Path, speaks: Says, scheme: str, link: str
) -> None:
    async with proxy(speaks, scheme) as egress:
        library = library_in(tmp_path, settings_in(tmp_path, egress=egress))
        with library.database:
            library.add(f"{link}://{CLOSED}/{number}.mp4" for number in range(5))
            with pytest.raises(EgressError):
                await library.probe()
            assert set(library.states()) == {LinkState.UNKNOWN}
            assert library.events() == []


@pytest.mark.parametrize("code", [*range(1, 9), 255], ids=lambda code: f"socks {code}")
async def test_95_each_code_of_socks(tmp_path: Path, code: int) -> None:
    """RFC 1928 section 6, and what it does not know."""
    async with proxy(socks(code), "socks5") as egress:
        library = library_in(tmp_path, settings_in(tmp_path, egress=egress))
        with library.database:
            library.add([f"https://{CLOSED}/1.mp4", f"https://{CLOSED}/2.mp4"])
            with pytest.raises(EgressError):
                await library.probe()
            assert set(library.states()) == {LinkState.UNKNOWN}


REFUSES = [
    pytest.param(lambda asked: b"\x05\xff", "socks5", id="socks wants a way to sign in"),
    pytest.param(
        lambda asked: b"\x05\x02" if asked[:1] == b"\x05" else b"\x01\x01",
        "socks5",
        id="socks refuses the password",
    ),
    pytest.param(lambda asked: b"HTTP/1.1 400 Bad\r\n\r\n", "socks5", id="no socks but HTTP"),
    pytest.param(says(407), "http", id="407 to CONNECT"),
    pytest.param(lambda asked: b"\x05\xff", "http", id="no HTTP but socks"),
]


async def test_95_a_portal_s_certificate(tmp_path: Path) -> None:
    async with portal(certificate(tmp_path)) as egress:
        library = library_in(tmp_path, settings_in(tmp_path, egress=egress))
        with library.database:
            library.add(["https://cdn.example/1.mp4"])
            with pytest.raises(EgressError):
                await library.probe()
            assert set(library.states()) == {LinkState.UNKNOWN}


@pytest.mark.parametrize(
    ("code", "is_portal"),
    [
        pytest.param(18, True, id="self-signed"),
        pytest.param(62, True, id="of another name"),
        pytest.param(10, False, id="expired"),
        pytest.param(20, False, id="an intermediate is missing"),
    ],
)
def test_95_which_certificates_are_a_portal_s(code: int, is_portal: bool) -> None:
    """OpenSSL's X509_V_ERR_…"""
    why = ssl.SSLCertVerificationError()
    why.verify_code = code
    key = ConnectionKey("cdn.example", 443, True, True, None, None, None)
    assert spoke(ClientConnectorCertificateError(key, why)) is is_portal


@pytest.mark.parametrize(("speaks", "scheme"), REFUSES)
async def test_95_one_that_does_not_let_strmctl_in(
    tmp_path: Path, speaks: Says, scheme: str
) -> None:
    async with proxy(speaks, scheme) as egress:
        user = egress.replace("://", "://traveller:secret@")
        library = library_in(tmp_path, settings_in(tmp_path, egress=user))
        with library.database:
            library.add([f"https://{CLOSED}/1.mp4"])
            with pytest.raises(EgressError) as said:
                await library.probe()
            assert set(library.states()) == {LinkState.UNKNOWN}
        assert "secret" not in str(said.value)


@pytest.mark.parametrize(
    "egress",
    [
        pytest.param("http://gluetun.invalid:8888", id="an HTTP proxy's unknown name"),
        pytest.param("socks5://vpn.invalid:1080", id="a SOCKS proxy's unknown name"),
        pytest.param(f"http://{CLOSED}", id="nobody listens"),
        pytest.param(f"socks5h://{CLOSED}", id="nobody listens, SOCKS"),
    ],
)
async def test_95_one_that_is_not_there(tmp_path: Path, egress: str) -> None:
    library = library_in(tmp_path, settings_in(tmp_path, egress=egress))
    with library.database:
        library.add(["https://cdn.example/1.mp4", "http://cdn.example/2.mp4"])
        with pytest.raises(EgressError, match="cannot be reached"):
            await library.probe()
        assert set(library.states()) == {LinkState.UNKNOWN}


@pytest.mark.parametrize("link", ["http", "https"])
@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_95_one_that_accepts_and_says_nothing(tmp_path: Path, scheme: str, link: str) -> None:
    async with proxy(lambda asked: b"", scheme) as egress:
        settings = settings_in(tmp_path, egress=egress)
        quick = replace(settings.upstream, connect_timeout=timedelta(seconds=0.2))
        probing = replace(settings.probe, timeout=timedelta(seconds=1))
        library = library_in(tmp_path, replace(settings, upstream=quick, probe=probing))
        with library.database:
            library.add([f"{link}://a.example/1.mp4", f"{link}://b.example/2.mp4"])
            with pytest.raises(EgressError):
                await library.probe()
            assert set(library.states()) == {LinkState.UNKNOWN}


@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_95_one_host_behind_one_that_is_silent_and_a_canary(
    tmp_path: Path, scheme: str
) -> None:
    """Silence of one host may be its own; the canary is asked through the same egress."""
    async with proxy(lambda asked: b"", scheme) as egress:
        settings = settings_in(tmp_path, egress=egress)
        quick = replace(settings.upstream, connect_timeout=timedelta(seconds=0.2))
        probing = replace(
            settings.probe, timeout=timedelta(seconds=1), canaries=("https://canary.example/",)
        )
        library = library_in(tmp_path, replace(settings, upstream=quick, probe=probing))
        with library.database:
            library.add(f"https://a.example/{number}.mp4" for number in range(3))
            with pytest.raises(EgressError, match="canary 1"):
                await library.probe()
            assert set(library.states()) == {LinkState.UNKNOWN}


@pytest.mark.parametrize(("speaks", "scheme", "link"), TUNNEL_DOWN)
async def test_95_a_new_link_is_not_refused_for_it(speaks: Says, scheme: str, link: str) -> None:
    """`refresh` ends with 13, not with a failure of the link."""
    async with proxy(speaks, scheme) as egress:
        client = UpstreamClient(UpstreamSettings(egress=egress), Guard(("127.0.0.0/8",)))
        trials = Trials(LinkCheck(client), per_host=4, guarded=True)
        try:
            with pytest.raises(EgressError):
                await trials.result(Resolution(f"{link}://{CLOSED}/a.mp4"), None)
        finally:
            await client.aclose()


async def test_95_one_dead_host_beside_one_that_answers(tmp_path: Path) -> None:
    """The same egress led to another host, so this one's failure is its own."""
    async with hosts(Host()) as [host], relaying(host) as egress:
        library = library_in(tmp_path, settings_in(tmp_path, egress=egress))
        with library.database:
            library.add([host.url("alive/1.mp4"), f"http://{CLOSED}/2.mp4"])
            await library.probe()
            assert library.states() == [LinkState.ALIVE, LinkState.SUSPECT]
