"""Bodies of upstreams: whole, decoded, cut off, stalled, and bounded."""

import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from stage.loopback import Reply, client, raw, reply, serving
from strmctl.domain.http.ranges import ContentRange
from strmctl.errors import UpstreamError
from strmctl.upstream.response import UpstreamResponse

BODY = bytes(range(256)) * 40


@asynccontextmanager
async def answered(answer: Reply, read_timeout: float = 5) -> AsyncIterator[UpstreamResponse]:
    async with serving(lambda request: answer) as server:
        async with client(read_timeout=read_timeout) as upstream:
            response = await upstream.get(server.url("/secret"), {})
            try:
                yield response
            finally:
                response.close()


def chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + end


CHUNKED = "HTTP/1.1 200 OK\nTransfer-Encoding: chunked"


@pytest.mark.parametrize(
    ("answer", "length"),
    [
        pytest.param(reply(200, BODY), len(BODY), id="with its length"),
        pytest.param(raw(CHUNKED, chunked(BODY[:1], BODY[1:])), None, id="chunked"),
        pytest.param(raw("HTTP/1.1 200 OK", BODY), None, id="until the connection ends"),
        pytest.param(raw("HTTP/1.0 200 OK", BODY), None, id="HTTP/1.0"),
        pytest.param(
            reply(200, gzip.compress(BODY), Content_Encoding="gzip"), None, id="gzip, unasked"
        ),
        pytest.param(
            reply(200, zlib.compress(BODY), Content_Encoding="deflate"), None, id="deflate, unasked"
        ),
        pytest.param(
            raw(f"{CHUNKED}\nContent-Encoding: gzip", chunked(gzip.compress(BODY))),
            None,
            id="gzip, chunked",
        ),
        pytest.param(
            reply(200, gzip.compress(BODY), Content_Encoding="GZip"), None, id="gzip, in capitals"
        ),
        pytest.param(
            reply(200, BODY, Content_Encoding="identity"), len(BODY), id="identity, named"
        ),
        pytest.param(
            reply(200, BODY, Content_Encoding="aws-chunked"), len(BODY), id="a coding that is none"
        ),
        pytest.param(
            reply(200, gzip.compress(BODY), Content_Encoding="x-gzip"), None, id="x-gzip, unasked"
        ),
        pytest.param(
            reply(200, gzip.compress(gzip.compress(BODY)), Content_Encoding="gzip, gzip"),
            None,
            id="gzip twice",
        ),
        pytest.param(reply(200, b""), 0, id="empty"),
    ],
)
async def test_whole(answer: Reply, length: int | None) -> None:
    async with answered(answer) as response:
        assert (response.status, response.length, response.total) == (200, length, length)
        wanted = b"" if length == 0 else BODY
        assert await response.read(len(BODY)) == wanted
        assert await response.read(10) == b"", "it is read once"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(raw("HTTP/1.1 200 OK\nContent-Length: 20000", BODY), id="too short"),
        pytest.param(raw(CHUNKED, chunked(BODY, end=b"")), id="chunked, no end"),
        pytest.param(raw(CHUNKED, chunked(BODY, end=b"40\r\nabc")), id="chunk cut off"),
        pytest.param(raw(CHUNKED, chunked(BODY, end=b"zz\r\n\r\n")), id="chunk without a size"),
        pytest.param(
            raw(
                "HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: 9999",
                gzip.compress(BODY),
            ),
            id="gzip, too short",
        ),
        pytest.param(reply(200, BODY, Content_Encoding="gzip"), id="not gzip"),
        pytest.param(
            reply(200, gzip.compress(BODY)[:-9], Content_Encoding="gzip"), id="half of a gzip"
        ),
        pytest.param(reply(200, BODY, Content_Encoding="br"), id="Brotli, unasked"),
        pytest.param(reply(200, BODY, Content_Encoding="zstd, gzip"), id="Zstandard below gzip"),
    ],
)
async def test_cut_off(answer: Reply) -> None:
    with pytest.raises(UpstreamError) as caught:
        async with answered(answer) as response:
            await response.read(100_000)
    assert caught.value.http_status == 502
    assert "secret" not in str(caught.value)


async def test_a_part_of_a_coded_body_ends_anywhere() -> None:
    """The probe asks for the first bytes, and looks at what they begin with."""
    packed = gzip.compress(BODY)[:-9]
    part = {"Content_Encoding": "gzip", "Content_Range": f"bytes 0-{len(packed) - 1}/9999"}
    async with answered(reply(206, packed, **part)) as response:
        assert BODY.startswith((await response.peek(len(BODY)))[:100])
        assert len(await response.read(len(BODY))) >= 100


async def test_stalled() -> None:
    answer = raw("HTTP/1.1 200 OK\nContent-Length: 20000", BODY, ends=False, hangs=True)
    async with answered(answer, read_timeout=1) as response:
        chunks = response.chunks()
        assert (await anext(chunks)) == BODY[: len(BODY)]
        with pytest.raises(UpstreamError, match="stalled") as caught:
            await anext(chunks)
    assert caught.value.http_status == 504


@pytest.mark.parametrize("limit", [0, 1, len(BODY) - 1])
async def test_longer_than_the_limit(limit: int) -> None:
    async with answered(reply(200, BODY)) as response:
        with pytest.raises(UpstreamError, match=f"longer than {limit} bytes"):
            await response.read(limit)


def bomb(size: int) -> bytes:
    """`size` MiB of zeros that gzip makes a thousandth of."""
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(size)) + packer.flush()


async def test_a_gzip_bomb_is_bounded_by_what_it_becomes() -> None:
    data = bomb(256)
    assert len(data) < 1 << 20
    async with answered(reply(200, data, Content_Encoding="gzip")) as response:
        tracemalloc.start()
        with pytest.raises(UpstreamError):
            await response.read(1 << 20)
        grown = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert grown < 100 << 20


async def test_peeked_bytes_stay_in_the_body() -> None:
    async with answered(reply(200, BODY)) as response:
        head = await response.peek(10)
        assert BODY.startswith(head)
        assert len(head) >= 10
        assert await response.peek(10) == head
        assert await response.read(len(BODY)) == BODY


async def test_peek_waits_for_enough_bytes() -> None:
    async with answered(raw(CHUNKED, chunked(*(bytes([each]) for each in b"abcdef")))) as response:
        assert (await response.peek(5)).startswith(b"abcde")
        assert await response.read(10) == b"abcdef"


async def test_peek_of_a_shorter_body() -> None:
    async with answered(reply(200, b"abc")) as response:
        assert await response.peek(100) == b"abc"
        assert await response.read(10) == b"abc"


async def test_peek_stops_where_nothing_is_undecided() -> None:
    answer = raw("HTTP/1.1 200 OK\nContent-Length: 20000", b"abc", ends=False, hangs=True)
    async with answered(answer) as response:
        assert await response.peek(100, lambda head: not head) == b"abc"


@pytest.mark.parametrize(
    ("answer", "part", "total"),
    [
        pytest.param(
            reply(206, b"bc", Content_Range="bytes 1-2/9"), ContentRange(1, 2, 9), 9, id="part"
        ),
        pytest.param(
            reply(206, b"bc", Content_Range="bytes 1-2/*"), ContentRange(1, 2, None), None, id="*"
        ),
        pytest.param(reply(206, b"bc"), None, 2, id="206 without its field"),
        pytest.param(
            reply(206, b"bc", Content_Type="multipart/byteranges; boundary=a"),
            None,
            None,
            id="several parts",
        ),
        pytest.param(reply(206, b"bc", Content_Range="bytes 1/2"), None, None, id="unreadable"),
        pytest.param(reply(200, b"bc", Content_Range="bytes 1-2/9"), None, 2, id="200 with one"),
        pytest.param(reply(416, b"", Content_Range="bytes */9"), None, 0, id="416"),
    ],
)
async def test_ranges(answer: Reply, part: ContentRange | None, total: int | None) -> None:
    async with answered(answer) as response:
        assert (response.content_range, response.total) == (part, total)


@pytest.mark.parametrize(
    ("etag", "strong"), [('"a"', '"a"'), ('W/"a"', None)], ids=["strong", "weak"]
)
async def test_validator(etag: str, strong: str | None) -> None:
    async with answered(reply(200, BODY, ETag=etag, Content_Type="video/mp2t")) as response:
        assert (response.representation.etag, response.content_type) == (strong, "video/mp2t")
        assert response.field("X-None") == ""
        assert repr(response) == "UpstreamResponse(200)"
