"""Requests to upstreams: what is sent, and what an upstream that gives no answer is told as."""

import asyncio
import socket
import ssl
from contextlib import suppress
from pathlib import Path

import pytest
from aiohttp import ClientConnectorCertificateError
from aiohttp.client_reqrep import ConnectionKey

from stage.certificate import certificate
from stage.loopback import ALLOWED, Names, Reply, Request, client, raw, reply, serving
from strmctl.errors import UpstreamError
from strmctl.upstream.client import UpstreamClient
from strmctl.upstream.egress import certificate_trouble


async def sent(fields: dict[str, str]) -> Request:
    async with serving(lambda request: reply(body=b"a")) as server, client() as upstream:
        (await upstream.get(server.url("/a%2Fb;c?d=%20e&f"), fields)).close()
    return server.requests[0]


async def test_the_request_is_sent_to_the_letter() -> None:
    request = await sent({})
    assert request.target == "/a%2Fb;c?d=%20e&f"
    assert request.fields["host"].startswith(f"{ALLOWED}:")
    assert request.fields["accept-encoding"] == "identity"
    assert request.fields["user-agent"].startswith("Mozilla/5.0 (compatible; strmctl/")
    assert set(request.fields) == {"host", "accept", "accept-encoding", "user-agent"}


@pytest.mark.parametrize("name", ["User-Agent", "user-agent", "USER-AGENT"])
async def test_the_mappings_fields_win(name: str) -> None:
    request = await sent({name: "TV/1.0", "Referer": "https://site.example/", "range": "bytes=5-"})
    assert request.fields["user-agent"] == "TV/1.0"
    assert request.fields["referer"] == "https://site.example/"
    assert request.fields["range"] == "bytes=5-"


async def test_letters_beyond_ascii_are_encoded() -> None:
    async with serving(lambda request: reply()) as server, client() as upstream:
        (await upstream.get(server.url("/é?ü=1"), {})).close()
    assert server.requests[0].target == "/%C3%A9?%C3%BC=1"


async def test_names_stay_in_the_host_field() -> None:
    names = Names(cdn_example=[[ALLOWED]])
    async with serving(lambda request: reply()) as server, client(names=names) as upstream:
        (await upstream.get(server.url(host="CDN.example"), {})).close()
    assert server.requests[0].fields["host"].lower() == f"cdn.example:{server.port}"


async def test_cookies_of_upstreams_are_not_kept() -> None:
    names = Names(cdn_example=[[ALLOWED]])
    async with serving(lambda request: reply(Set_Cookie="session=1; Path=/")) as server:
        async with client(names=names) as upstream:
            for _ in range(2):
                (await upstream.get(server.url(host="cdn.example"), {})).close()
    assert [each.fields.get("cookie") for each in server.requests] == [None, None]


async def test_connections_are_kept() -> None:
    async with serving(lambda request: reply(body=b"abc")) as server, client() as upstream:
        for _ in range(5):
            response = await upstream.get(server.url(), {})
            assert await response.read(10) == b"abc"
            response.close()
    assert (len(server.requests), server.connections) == (5, 1)


async def test_a_body_that_is_not_read_ends_its_connection() -> None:
    async with (
        serving(lambda request: reply(body=bytes(10_000_000))) as server,
        client() as upstream,
    ):
        for _ in range(2):
            (await upstream.get(server.url(), {})).close()
    assert server.connections == 2


@pytest.mark.parametrize("status", [200, 204, 304, 401, 403, 404, 410, 416, 429, 500, 503])
async def test_any_status_is_an_answer(status: int) -> None:
    async with serving(lambda request: reply(status)) as server, client() as upstream:
        response = await upstream.get(server.url(), {})
        assert response.status == status
        response.close()
    assert len(server.requests) == 1, "the client itself asks once"


async def test_nothing_listens() -> None:
    with socket.create_server((ALLOWED, 0)) as taken:
        port = taken.getsockname()[1]
    async with client() as upstream:
        with pytest.raises(UpstreamError, match="cannot be reached") as caught:
            await upstream.get(f"http://{ALLOWED}:{port}/secret", {})
    assert (caught.value.http_status, caught.value.status) == (502, None)
    assert str(port) not in str(caught.value)


async def test_a_certificate_that_nobody_vouches_for_is_named(tmp_path: Path) -> None:
    """Down and refused are two things to do something about."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate(tmp_path))

    def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(hang_up, ALLOWED, 0, ssl=context) as server:
        port = server.sockets[0].getsockname()[1]
        async with client() as upstream:
            with pytest.raises(UpstreamError) as caught:
                await upstream.get(f"https://{ALLOWED}:{port}/film.mp4", {})
    assert str(caught.value) == "the upstream's certificate is signed by itself"
    assert caught.value.unreachable


@pytest.mark.parametrize(
    ("code", "said"),
    [
        pytest.param(9, "is not valid yet: is this machine's clock right?", id="not yet"),
        pytest.param(10, "has expired", id="expired"),
        pytest.param(20, "is signed by nobody who is trusted", id="an intermediate is missing"),
        pytest.param(62, "is of another name", id="another name"),
        pytest.param(23, "is not trusted", id="revoked"),
    ],
)
def test_what_is_wrong_with_a_certificate(code: int, said: str) -> None:
    """OpenSSL's X509_V_ERR_…; its own words would name the host."""
    why = ssl.SSLCertVerificationError("certificate is not valid for 'cdn.example'")
    why.verify_code = code
    key = ConnectionKey("cdn.example", 443, True, True, None, None, None)
    assert certificate_trouble(ClientConnectorCertificateError(key, why)) == said
    assert certificate_trouble(why) is None


async def test_no_answer_in_time() -> None:
    async with serving(lambda request: Reply(b"", hangs=True)) as server:
        async with client(read_timeout=0.2) as upstream:
            with pytest.raises(UpstreamError, match="in time") as caught:
                await upstream.get(server.url(), {})
    assert caught.value.http_status == 504
    assert len(server.requests) == 1


async def test_half_an_answer_in_time() -> None:
    async with serving(lambda request: Reply(b"HTTP/1.1 200 OK\r\nA: b\r\n", hangs=True)) as server:
        async with client(read_timeout=0.2) as upstream:
            with pytest.raises(UpstreamError) as caught:
                await upstream.get(server.url(), {})
    assert caught.value.http_status == 504


async def test_a_head_that_trickles_is_no_answer_in_time() -> None:
    """Each of its bytes comes soon, the last one never."""

    has_ended = asyncio.Event()

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nA: ")
        with suppress(ConnectionError):
            while not reader.at_eof():
                writer.write(b"b")
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.02):
                        await reader.read(1000)
        writer.close()
        has_ended.set()

    async with asyncio.timeout(60), await asyncio.start_server(trickle, ALLOWED, 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with client(read_timeout=60, first_byte_timeout=0.2) as upstream:
            with pytest.raises(UpstreamError, match="in time") as caught:
                await upstream.get(f"http://{ALLOWED}:{port}/", {})
        await has_ended.wait()
    assert caught.value.http_status == 504


async def is_answered(upstream: UpstreamClient, url: str) -> bool:
    try:
        response = await upstream.get(url, {})
        assert await response.read(10) == b"a"
    except UpstreamError:
        return False
    response.close()
    return True


@pytest.mark.parametrize(("read", "first_byte"), [(0.2, 60), (60, 0.2)], ids=["bytes", "head"])
async def test_each_answer_on_a_connection_has_its_time(read: float, first_byte: float) -> None:
    def answer(request: Request) -> Reply:
        return reply(body=b"a") if request.target == "/1" else Reply(b"", hangs=True)

    async with asyncio.timeout(60), serving(answer) as server:
        async with client(read_timeout=read, first_byte_timeout=first_byte) as upstream:
            while not await is_answered(upstream, server.url("/1")):
                pass  # A busy machine may take longer than that.
            connections = server.connections
            with pytest.raises(UpstreamError, match="in time"):
                await upstream.get(server.url("/2"), {})
    assert server.connections == connections


async def test_no_connection_in_time() -> None:
    """A full backlog: the kernel answers no further connection."""
    with socket.socket() as full:
        full.bind((ALLOWED, 0))
        full.listen(0)
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(address)
        async with client(connect_timeout=0.2) as upstream:
            with pytest.raises(UpstreamError) as caught:
                await upstream.get(f"http://{ALLOWED}:{address[1]}/", {})
        for each in waiting:
            each.close()
    assert caught.value.http_status == 504


async def test_closed_without_a_word_is_asked_at_most_once_more() -> None:
    """RFC 9110 section 9.2.2: a kept connection may have been closed just then."""
    async with serving(lambda request: Reply(b"", ends=True)) as server, client() as upstream:
        with pytest.raises(UpstreamError):
            await upstream.get(server.url(), {})
    assert len(server.requests) <= 2


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Reply(b"", ends=True), id="closed without a word"),
        pytest.param(Reply(b"HTTP/1.1 200 OK\r\nA: ", ends=True), id="closed in the head"),
        pytest.param(Reply(b"SSH-2.0-OpenSSH_9.2\r\n", ends=True), id="not HTTP"),
        pytest.param(Reply(b"\x16\x03\x01\x00\x05\x00", ends=True), id="TLS"),
        pytest.param(raw("HTTP/1.1 abc OK"), id="no status"),
        pytest.param(raw("HTTP/1.1 200 OK\nno colon"), id="no field"),
        pytest.param(raw("HTTP/1.1 200 OK\nContent-Length: -5"), id="negative length"),
        pytest.param(raw("HTTP/1.1 200 OK\nContent-Length: 5\nContent-Length: 6"), id="lengths"),
        pytest.param(raw("HTTP/1.1 200 OK\nX: " + "a" * 100_000), id="long field"),
        pytest.param(raw("HTTP/1.1 200 OK" + "\nX: a" * 5_000), id="many fields"),
    ],
)
async def test_no_http_answer(answer: Reply) -> None:
    async with serving(lambda request: answer) as server, client() as upstream:
        with pytest.raises(UpstreamError) as caught:
            await upstream.get(server.url("/secret"), {})
    assert (caught.value.http_status, caught.value.status) == (502, None)
    assert "secret" not in str(caught.value)
    assert str(server.port) not in str(caught.value)


async def test_field_values_cannot_split_the_answer() -> None:
    """127: a bare CR or NUL in a field is no way to another field."""
    answer = Reply(b'HTTP/1.1 200 OK\r\nETag: "a\rSet-Cookie: b"\r\nContent-Length: 0\r\n\r\n')
    async with serving(lambda request: answer) as server, client() as upstream:
        try:
            response = await upstream.get(server.url(), {})
        except UpstreamError:
            return
        assert response.field("Set-Cookie") == ""
        assert "\r" not in response.field("ETag")
        response.close()


async def test_a_leaving_caller_ends_the_request() -> None:
    async with serving(lambda request: Reply(b"", hangs=True)) as server, client() as upstream:
        task = asyncio.create_task(upstream.get(server.url(), {}))
        while not server.requests:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(server.requests) == 1


async def test_names_are_asked_once_for_many_requests() -> None:
    names = Names(cdn_example=[[ALLOWED]])
    async with serving(lambda request: reply(Connection="close")) as server:
        async with client(names=names) as upstream:
            for _ in range(3):
                (await upstream.get(server.url(host="cdn.example"), {})).close()
    assert names.asked == ["cdn.example"]
    assert server.connections == 3
