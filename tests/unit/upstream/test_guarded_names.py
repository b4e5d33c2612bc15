"""Names that resolve to private addresses (SECURITY.md, inputs 40 to 46 and 119)."""

import socket

import pytest

from stage.loopback import ALLOWED, REFUSED, Names, canary, client, reply, serving
from strmctl.errors import UpstreamError
from strmctl.upstream.guard import Guard, GuardedResolver, RefusedAddressError

PUBLIC = "93.184.215.14"


@pytest.mark.parametrize(
    "addresses",
    [
        pytest.param([REFUSED], id="private"),
        pytest.param([PUBLIC, REFUSED], id="public, private"),
        pytest.param([REFUSED, PUBLIC], id="private, public"),
        pytest.param([PUBLIC, "::1"], id="public, AAAA ::1"),
        pytest.param([PUBLIC, "::ffff:10.0.0.1"], id="public, IPv4-mapped"),
        pytest.param(["169.254.169.254"], id="cloud metadata"),
        pytest.param(["fe80::1%eth0"], id="link-local with its scope"),
        pytest.param(["100.64.0.1"], id="shared"),
    ],
)
async def test_every_address_of_a_name_is_checked(addresses: list[str]) -> None:
    names = Names(rebind_example=[addresses])
    async with canary() as target, client(allow=[], names=names) as upstream:
        with pytest.raises(UpstreamError, match="not a public one"):
            await upstream.get(target.url(host="rebind.example"), {})
    assert names.asked == ["rebind.example"]


async def test_public_addresses_are_handed_on() -> None:
    resolver = GuardedResolver(Names(cdn_example=[[PUBLIC, "2606:4700::1111"]]), Guard())
    found = await resolver.resolve("cdn.example", 443, socket.AF_UNSPEC)
    assert [each["host"] for each in found] == [PUBLIC, "2606:4700::1111"]


async def test_a_second_look_up_that_answers_otherwise() -> None:
    """44, 45: asked again for another port of the same name."""
    names = Names(rebind_example=[[ALLOWED], [REFUSED]])
    async with canary() as target, serving(lambda request: reply(Connection="close")) as server:
        async with client(names=names) as upstream:
            response = await upstream.get(server.url(host="rebind.example"), {})
            assert response.status == 200
            response.close()
            with pytest.raises(UpstreamError, match="not a public one"):
                await upstream.get(target.url(host="rebind.example"), {})
    assert names.asked == ["rebind.example"] * 2


async def test_a_kept_connection_stays_where_it_is() -> None:
    """46: whatever the name server says by then."""
    names = Names(rebind_example=[[ALLOWED], [REFUSED]])
    async with canary(), serving(lambda request: reply(body=b"a")) as server:
        async with client(names=names) as upstream:
            for _ in range(3):
                response = await upstream.get(server.url(host="rebind.example"), {})
                assert await response.read(10) == b"a"
    assert server.connections == 1


async def test_a_redirect_to_a_name_that_rebinds() -> None:
    names = Names(rebind_example=[[ALLOWED], [REFUSED]])
    async with canary() as target:
        there = target.url(host="rebind.example")
        async with serving(lambda request: reply(302, Location=there)) as server:
            async with client(names=names) as upstream:
                with pytest.raises(UpstreamError, match="not a public one"):
                    await upstream.get(server.url(host="rebind.example"), {})


async def test_an_allowed_name_opens_its_address_to_itself_only() -> None:
    names = Names(nas_lan=[[REFUSED]], evil_example=[[REFUSED]])
    async with serving(lambda request: reply(body=b"a"), REFUSED) as nas:
        async with client(allow=["nas.lan"], names=names) as upstream:
            response = await upstream.get(nas.url(host="nas.lan"), {})
            assert await response.read(10) == b"a"
            for url in (nas.url(host="evil.example"), nas.url(host=REFUSED)):
                with pytest.raises(UpstreamError, match="not a public one"):
                    await upstream.get(url, {})
    assert len(nas.requests) == 1


async def test_an_allowed_name_with_a_root_dot() -> None:
    names = Names(nas_lan=[[REFUSED]])
    async with serving(lambda request: reply(body=b"a"), REFUSED) as nas:
        async with client(allow=["nas.lan"], names=names) as upstream:
            response = await upstream.get(nas.url(host="nas.lan."), {})
            assert await response.read(10) == b"a"


async def test_a_name_of_strmctl_itself() -> None:
    async with canary() as target:
        own = [(REFUSED, target.port)]
        names = Names(alias_example=[[REFUSED]])
        async with client(allow=["127.0.0.0/8"], own=own, names=names) as upstream:
            with pytest.raises(UpstreamError, match="strmctl itself"):
                await upstream.get(target.url(host="alias.example"), {})


async def test_an_unknown_name() -> None:
    async with client(names=Names()) as upstream:
        with pytest.raises(UpstreamError, match="cannot be reached") as caught:
            await upstream.get("http://gone.example/secret", {})
    assert "gone" not in str(caught.value)
    assert caught.value.http_status == 502


def test_every_socket_is_checked_once_more() -> None:
    guard = Guard(["127.0.0.1"], [("127.0.0.1", 8888)])
    guard.check_socket("127.0.0.1", 80)
    guard.check_socket(PUBLIC, 80)
    for host, port in ((REFUSED, 80), ("::1", 80), ("127.0.0.1", 8888), ("fe80::1%1", 80)):
        with pytest.raises(RefusedAddressError):
            guard.check_socket(host, port)
