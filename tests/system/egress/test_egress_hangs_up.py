"""An egress that hangs up has not led to the upstream; its password may have any letters."""

import gc
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import pytest

from stage.probed_library import library_in, settings_in
from stage.scripted_egress import CLOSED, hanging_up, proxy, says
from strmctl.domain.mapping import LinkState
from strmctl.errors import EgressError, ResolverError, UpstreamError
from strmctl.resolvers.endpoint import Endpoint
from strmctl.settings.model import ResolverSettings, UpstreamSettings
from strmctl.upstream.client import UpstreamClient
from strmctl.upstream.guard import Guard

_LED = b"\x05\x00", bytes([5, 0, 0, 1, *6 * [0]])
"""SOCKS' answers when all is well."""

HANGS_UP = [
    pytest.param("http", "https", (), False, id="at CONNECT"),
    pytest.param("http", "https", (), True, id="at CONNECT, by a reset"),
    pytest.param("http", "https", (b"HTTP/1.1 20",), False, id="in its answer to CONNECT"),
    pytest.param("socks5", "http", (), False, id="at SOCKS' greeting"),
    pytest.param("socks5h", "https", (), True, id="at SOCKS' greeting, by a reset"),
    pytest.param("socks5", "https", (b"\x05",), False, id="in its answer to the greeting"),
    pytest.param("socks5", "http", (b"\x05\x00",), False, id="at SOCKS' request"),
    pytest.param("socks5", "https", (b"\x05\x00", b"\x05\x00\x00"), False, id="in its reply"),
    pytest.param("socks5", "https", (*_LED, b"<html>"), False, id="a page where TLS was to begin"),
]


@pytest.mark.parametrize(("scheme", "link", "replies", "by_reset"), HANGS_UP)
async def test_95_one_that_hangs_up(
    scheme: str, link: str, replies: Sequence[bytes], by_reset: bool
) -> None:
    """Before it leads to the upstream, which was not asked."""
    async with hanging_up(scheme, *replies, by_reset=by_reset) as egress:
        client = UpstreamClient(UpstreamSettings(egress=egress), Guard(("127.0.0.0/8",)))
        with pytest.raises(UpstreamError) as said:
            await client.get(f"{link}://{CLOSED}/1.mp4", {})
        await client.aclose()
    assert said.value.by_egress


async def test_95_a_probe_behind_one_that_hangs_up(tmp_path: Path) -> None:
    async with hanging_up("socks5", b"\x05\x00") as egress:
        library = library_in(tmp_path, settings_in(tmp_path, egress=egress))
        with library.database:
            library.add([f"https://{CLOSED}/1.mp4"])
            with pytest.raises(EgressError):
                await library.probe()
            assert library.states() == [LinkState.UNKNOWN]
            assert library.events() == []


# httpcore leaves the socket to the collector then.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("link", ["http", "https"])
@pytest.mark.parametrize(
    "replies", [(), (b"\x05\x00",), (b"HTTP/1.1 400 Bad\r\n\r\n",)], ids=["at once", "late", "HTTP"]
)
async def test_95_a_resolver_s_socks_proxy_hangs_up(link: str, replies: Sequence[bytes]) -> None:
    async with hanging_up("socks5", *replies) as egress:
        endpoint = Endpoint(ResolverSettings("a", ["a"], "http", egress=egress), {})
        with pytest.raises(ResolverError, match="does not lead to resolver") as said:
            await endpoint.ask("GET", f"{link}://resolver.example/")
        await endpoint.aclose()
    assert said.value.by_egress
    # Here, or another test would hear of it.
    del said
    gc.collect()


@pytest.mark.parametrize(
    ("user", "password"),
    [
        pytest.param("traveller", "a b:c/d?e#f%g@h", id="what parts a URL"),
        pytest.param("müller", "geheim", id="Latin-1"),
        pytest.param("traveller", "пароль €", id="beyond Latin-1"),
        pytest.param("traveller", "", id="no password"),
    ],
)
@pytest.mark.parametrize("link", ["http", "https"])
async def test_95_an_http_proxy_s_password_in_any_letters(
    user: str, password: str, link: str
) -> None:
    """What a link's request says is what a resolver's says: a link is not dead for a letter."""
    asked: list[bytes] = []

    def refuses(request: bytes) -> bytes:
        asked.append(request)
        return says(407)(request)

    async with proxy(refuses) as egress:
        egress = egress.replace("://", f"://{quote(user, safe='')}:{quote(password, safe='')}@")
        client = UpstreamClient(UpstreamSettings(egress=egress), Guard(("127.0.0.0/8",)))
        with pytest.raises(EgressError, match="does not accept the user name and password"):
            await client.get(f"{link}://{CLOSED}/1.mp4", {})
        await client.aclose()
        endpoint = Endpoint(ResolverSettings("a", ["a"], "http", egress=egress), {})
        with pytest.raises(ResolverError):
            await endpoint.ask("GET", f"{link}://resolver.example/")
        await endpoint.aclose()
    proof = b"basic " + b64encode(f"{user}:{password}".encode())
    said = [line for it in asked for line in it.split(b"\r\n") if b"authorization" in line.lower()]
    assert {line.partition(b": ")[2].replace(b"Basic", b"basic") for line in said} == {proof}
    assert len(said) == 2
