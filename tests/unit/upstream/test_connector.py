"""What is no answer does not hold its reader, nor anybody else."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from socket import SO_LINGER, SOL_SOCKET

import pytest

from stage.loopback import ALLOWED, Reply, Request, client, raw, reply, serving
from strmctl.errors import UpstreamError
from strmctl.upstream.connector import MAX_INTERIM


@asynccontextmanager
async def in_two_parts(first: bytes, second: bytes) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """Answers with `first`, and with `second` once the event is set."""
    go_on = asyncio.Event()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(first)
        await go_on.wait()
        writer.write(second)
        await reader.read()
        writer.close()

    async with await asyncio.start_server(converse, ALLOWED, 0) as server:
        yield f"http://{ALLOWED}:{server.sockets[0].getsockname()[1]}/", go_on


@asynccontextmanager
async def ended(data: bytes, *, is_reset: bool) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """Answers with `data`, and ends the connection once the event is set."""
    end = asyncio.Event()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(data)
        await end.wait()
        if is_reset:
            # Closed without lingering, a socket sends RST (RFC 9293 section 3.10.4).
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, linger)
            writer.transport.abort()
        writer.close()

    async with await asyncio.start_server(converse, ALLOWED, 0) as server:
        yield f"http://{ALLOWED}:{server.sockets[0].getsockname()[1]}/", end


EARLY_HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"
OK = reply(body=b"film").data


@pytest.mark.parametrize("interim", [b"HTTP/1.1 100 Continue\r\n\r\n", EARLY_HINTS])
@pytest.mark.parametrize("count", [1, MAX_INTERIM])
async def test_interim_answers_before_the_real_one(interim: bytes, count: int) -> None:
    async with serving(lambda request: Reply(interim * count + OK)) as server:
        async with client() as upstream:
            for _ in range(2):  # On the same connection.
                response = await upstream.get(server.url(), {})
                assert await response.read(10) == b"film"
                response.close()
    assert server.connections == 1


@pytest.mark.parametrize("ends", [True, False], ids=["and closes", "and waits"])
async def test_a_flood_of_interim_answers_is_cut_off_before_it_is_read(ends: bool) -> None:
    """Of two megabytes, which would be parsed for seconds, little is taken."""
    flood = EARLY_HINTS * 40_000
    async with serving(lambda request: Reply(flood, ends)) as server, client() as upstream:
        with pytest.raises(UpstreamError) as caught:
            await upstream.get(server.url(), {})
    assert caught.value.http_status == 502


@pytest.mark.parametrize("count", [MAX_INTERIM + 1, MAX_INTERIM + 20])
async def test_an_answer_in_the_packet_of_a_flood_is_none(count: int) -> None:
    """It was begun and cut off: the player had a head and no film."""
    answer = EARLY_HINTS * count + reply(body=bytes(20_000)).data
    async with serving(lambda request: Reply(answer)) as server, client() as upstream:
        with pytest.raises(UpstreamError) as caught:
            await upstream.get(server.url(), {})
    assert caught.value.http_status == 502


async def test_a_chunk_that_is_none_ends_the_body() -> None:
    async with asyncio.timeout(60):
        first = raw("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"5\r\nfirst\r\n", ends=False)
        async with in_two_parts(first.data, b"zz\r\n\r\n") as (url, go_on), client() as upstream:
            response = await upstream.get(url, {})
            chunks = response.chunks()
            assert await anext(chunks) == b"first"
            go_on.set()
            with pytest.raises(UpstreamError) as caught:
                await anext(chunks)
    assert caught.value.http_status == 502


@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1"])
@pytest.mark.parametrize(
    ("is_reset", "data", "is_whole"),
    [
        pytest.param(False, b"film", True, id="closed"),
        pytest.param(True, b"film", False, id="reset"),
        pytest.param(True, b"", False, id="reset before the first byte"),
    ],
)
async def test_an_error_is_not_the_end_of_a_body_that_ends_with_its_connection(
    is_reset: bool, data: bytes, is_whole: bool, version: str
) -> None:
    """RFC 9112 section 8. A film that is cut off would be sent as a whole one."""
    head = f"{version} 200 OK\nConnection: close"
    async with asyncio.timeout(60), ended(raw(head, data).data, is_reset=is_reset) as (url, end):
        async with client() as upstream:
            response = await upstream.get(url, {})
            chunks = response.chunks()
            if data:
                assert await anext(chunks) == data
            end.set()
            if is_whole:
                assert [chunk async for chunk in chunks] == [b""]
                return
            with pytest.raises(UpstreamError, match="cut the body off") as caught:
                await anext(chunks)
    assert caught.value.http_status == 502


@pytest.mark.parametrize(
    "late",
    [
        pytest.param(b"film", id="text"),
        pytest.param(b"G@\x00\x10" + bytes(184), id="a transport stream packet"),
        pytest.param(b"HTTP is a protocol\r\n\r\n", id="nearly an answer"),
        pytest.param(b"\x00" * 10_000, id="more than a head may be"),
    ],
)
async def test_a_late_body_behind_the_answer_to_head_is_no_answer(late: bytes) -> None:
    """The next request on that connection is made anew on another one."""
    asked: list[str] = []

    def answer(request: Request) -> Reply:
        asked.append(request.target)
        if request.target == "/head":
            return raw("HTTP/1.1 200 OK\nContent-Length: 4", ends=False)
        return Reply(late + OK if len(asked) == 2 else OK)

    async with serving(answer) as server, client() as upstream:
        (await upstream.get(server.url("/head"), {}, method="HEAD")).close()
        response = await upstream.get(server.url("/film"), {})
        assert await response.read(10) == b"film"
        response.close()
    assert (asked, server.connections) == (["/head", "/film", "/film"], 2)


@pytest.mark.parametrize(
    "behind",
    [
        pytest.param(b"\n", id="the end of a line"),
        pytest.param(b"x", id="a letter"),
        pytest.param(b"<html>" * 5000, id="a page"),
        pytest.param(reply(body=b"another film").data, id="another answer"),
    ],
)
async def test_what_stands_behind_a_body_belongs_to_no_answer(behind: bytes) -> None:
    """In the packet of the head as well: a script sends a key and ends its line."""
    async with serving(lambda request: Reply(OK + behind)) as server, client() as upstream:
        for _ in range(3):
            response = await upstream.get(server.url(), {})
            assert await response.read(100) == b"film"
            response.close()
    assert len(server.requests) == 3


async def test_what_is_no_answer_on_a_new_connection_is_asked_for_once() -> None:
    async with serving(lambda request: Reply(b"film")) as server, client() as upstream:
        with pytest.raises(UpstreamError, match="no HTTP answer"):
            await upstream.get(server.url(), {})
    assert len(server.requests) == 1
