"""uvloop keeps as much memory for TLS as it has read at once: of that, slow readers get little."""

import asyncio
import random
import socket
import ssl
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
import trustme
import uvloop

from stage.loopback import ALLOWED, client, reply
from strmctl.errors import UpstreamError
from strmctl.upstream import small_reads
from strmctl.upstream.small_reads import Decoder, SmallReads

KIB, MIB = 2**10, 2**20
LOOPS = (asyncio.new_event_loop, uvloop.new_event_loop)
PAUSE = -1
OK = reply(body=b"film").data


class Tls(asyncio.BufferedProtocol):
    """Its own buffer is not to be used."""

    def __init__(self) -> None:
        self.seen: list[object] = []

    def get_buffer(self, sizehint: int) -> bytearray:
        raise AssertionError

    def buffer_updated(self, nbytes: int) -> None:
        self.seen.append(nbytes)

    def eof_received(self) -> None:
        self.seen.append("eof")

    def connection_lost(self, exc: Exception | None) -> None:
        self.seen.append(exc)

    def pause_writing(self) -> None:
        self.seen.append("pause")

    def resume_writing(self) -> None:
        self.seen.append("resume")


class Tcp(asyncio.Transport):
    def __init__(self, protocol: asyncio.BaseProtocol) -> None:
        super().__init__()
        self._protocol = protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol


def reading(transport: Tcp) -> asyncio.BufferedProtocol:
    protocol = transport.get_protocol()
    assert isinstance(protocol, asyncio.BufferedProtocol)
    return protocol


@pytest.mark.parametrize(
    ("steps", "size"),
    [
        pytest.param([], 64 * KIB, id="nothing yet"),
        pytest.param([6 * MIB - 1], 64 * KIB, id="a byte less than a quick reader takes"),
        pytest.param([6 * MIB - 1, 1], 256 * KIB, id="a quick reader"),
        pytest.param([MIB // 2, PAUSE] * 100, 64 * KIB, id="a slow reader, for long"),
        pytest.param([5_800_000, *[PAUSE, MIB] * 9], 64 * KIB, id="what a kernel keeps at first"),
        pytest.param([4_200_000, *[PAUSE, 4_200_000] * 2], 256 * KIB, id="quick, with pauses"),
        pytest.param([6 * MIB, *[PAUSE, MIB] * 9], 256 * KIB, id="once quick: it holds the memory"),
    ],
)
def test_reads_are_small_until_the_reader_is_quick(steps: Sequence[int], size: int) -> None:
    tls = Tls()
    transport = Tcp(tls)
    small = SmallReads(transport, ssl.MemoryBIO())
    for step in steps:
        if step == PAUSE:
            small.paused()
        else:
            reading(transport).buffer_updated(step)
    assert len(memoryview(reading(transport).get_buffer(-1))) == size
    assert tls.seen == [0 for step in steps if step != PAUSE]


def test_what_was_read_is_there_when_tls_is_told() -> None:
    incoming = ssl.MemoryBIO()

    class Reading(Tls):
        def buffer_updated(self, nbytes: int) -> None:
            self.seen.append(incoming.read())

    tls = Reading()
    small = SmallReads(Tcp(tls), incoming)
    for piece in (b"first", b"and second"):
        small.get_buffer(-1)[: len(piece)] = piece
        small.buffer_updated(len(piece))
    assert tls.seen == [b"first", b"and second"]


def test_whatever_else_happens_reaches_tls() -> None:
    tls, lost = Tls(), ConnectionResetError()
    small = SmallReads(Tcp(tls), ssl.MemoryBIO())
    small.pause_writing()
    small.resume_writing()
    small.eof_received()
    small.connection_lost(lost)
    assert tls.seen == ["pause", "resume", "eof", lost]


def test_the_version_at_hand_has_been_seen_to_work() -> None:
    """With others it costs more memory: see small_reads.py before you add one."""
    assert small_reads.IS_KNOWN, f"run tests/system/relay, then add to {small_reads.SEEN_TO_WORK}"


@pytest.mark.parametrize(
    ("version", "is_known"), [("3.14.5", True), ("3.15.0", False), ("3.140", False), ("4.0", False)]
)
def test_only_known_versions_are_reached_into(version: str, is_known: bool) -> None:
    assert small_reads.is_known(version) is is_known


def test_what_does_not_read_into_buffers_is_left_alone() -> None:
    context = ssl.create_default_context()
    context.sslobject_class = Decoder
    decoder = context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="a.example")
    plain = Tcp(asyncio.Protocol())
    assert small_reads.begun(plain, decoder) is None
    assert type(plain.get_protocol()) is asyncio.Protocol


def test_a_decoder_of_another_kind_is_left_alone() -> None:
    tls = Tls()
    other = ssl.create_default_context().wrap_bio(
        ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="a.example"
    )
    transport = Tcp(tls)
    assert small_reads.begun(transport, other) is None
    assert small_reads.begun(transport, None) is None
    assert transport.get_protocol() is tls


class Viewer(asyncio.Protocol):
    def __init__(self) -> None:
        self.body = bytearray()
        self.ended = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        self.body += data

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set_result(exc)


@pytest.mark.parametrize("new_loop", LOOPS)
def test_two_connections_at_once_keep_their_bytes_apart(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    authority = trustme.CA()
    theirs, ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("a.example").configure_cert(theirs)
    authority.configure_trust(ours)
    ours.sslobject_class = Decoder
    films = [random.Random(seed).randbytes(9 * MIB) for seed in (1, 2)]

    async def play() -> list[bytes]:
        coming = iter(films)

        async def send(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(next(coming))
            writer.close()

        loop = asyncio.get_running_loop()
        async with await asyncio.start_server(send, ALLOWED, 0, ssl=theirs) as server:
            port = server.sockets[0].getsockname()[1]
            viewers = [Viewer() for _ in films]
            for viewer in viewers:
                tcp, _ = await loop.create_connection(asyncio.Protocol, ALLOWED, port)
                made = await loop.start_tls(tcp, viewer, ours, server_hostname="a.example")
                assert made is not None
                assert small_reads.begun(tcp, made.get_extra_info("ssl_object")) is not None
            assert await asyncio.gather(*(viewer.ended for viewer in viewers)) == [None, None]
        return [bytes(viewer.body) for viewer in viewers]

    with asyncio.Runner(loop_factory=new_loop) as runner:
        assert runner.run(play()) == films


@pytest.mark.parametrize("new_loop", LOOPS)
@pytest.mark.parametrize(
    ("said", "waits", "statuses"),
    [
        pytest.param(OK, True, {502}, id="answers in plain text before TLS begins"),
        pytest.param(b"", True, {504}, id="says nothing"),
        pytest.param(b"", False, {502}, id="hangs up"),
    ],
)
def test_no_answer_is_taken_from_who_does_not_begin_tls(
    said: bytes,
    waits: bool,
    statuses: set[int],
    new_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def ask(port: int) -> UpstreamError:
        async with client(connect_timeout=0.5) as upstream:
            with pytest.raises(UpstreamError) as caught:
                await upstream.get(f"https://{ALLOWED}:{port}/film.mp4", {})
        return caught.value

    def converse(listener: socket.socket) -> None:
        with listener.accept()[0] as connection, suppress(ConnectionResetError):
            connection.sendall(said)
            while waits and connection.recv(KIB):
                pass

    with (
        socket.create_server((ALLOWED, 0)) as listener,
        ThreadPoolExecutor(1) as pool,
        asyncio.Runner(loop_factory=new_loop) as runner,
    ):
        talk = pool.submit(converse, listener)
        error = runner.run(ask(listener.getsockname()[1]))
        talk.result()
    assert error.http_status in statuses
    assert error.unreachable is (error.http_status == 502)
