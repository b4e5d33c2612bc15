"""A connection is aborted if its body is not read to the end, and the head of an answer is bounded.

A TLS connection that is merely closed goes on reading until the other side has agreed. With a film
under way that is 30 seconds at full speed, for nobody.
"""

import asyncio
import functools
import math
import ssl
from typing import Any, cast

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientOSError,
    ClientPayloadError,
    ClientRequest,
    ClientTimeout,
    ServerDisconnectedError,
    SocketTimeoutError,
    TCPConnector,
)
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.http import HttpProcessingError, RawResponseMessage
from aiohttp.streams import StreamReader
from aiohttp_socks import ProxyConnector

from strmctl.upstream import small_reads
from strmctl.upstream.egress import HungUpError
from strmctl.upstream.small_reads import Decoder, SmallReads

MAX_INTERIM = 32
"""Interim answers (RFC 9110 section 15.2) before the real one; servers send one or two."""

_HEAD_PIECE = 4096

_UNDECODED = 64 * 1024
"""Bytes; a record is shorter (RFC 8446 section 5.2), or none would ever be whole."""


class BoundedHandler(ResponseHandler):
    """Ends a connection that sends nothing but interim answers, or that speaks no HTTP.

    What may be interim is parsed in small pieces, so that a flood is noticed early.
    """

    _requests = 0
    _interim = 0
    _has_head = True
    _is_new = False
    _is_until_the_end = False
    _head_by: float | None = None
    _bytes_by: float | None = None
    _look_at = math.inf
    _looking: asyncio.TimerHandle | None = None
    reads: SmallReads | None = None

    def set_response_params(self, **options: Any) -> None:
        self._requests += 1
        self._interim, self._has_head, self._is_new = 0, False, True
        super().set_response_params(**options)

    def expect_head(self, seconds: float) -> None:
        """Fail, as a slow read does, unless a final answer's head comes within `seconds`."""
        self._head_by = self._loop.time() + seconds
        self._look_by(self._head_by)

    # aiohttp would make a timer for each request and for each piece of its answer.
    def _reschedule_timeout(self) -> None:
        self._bytes_by = self._loop.time() + self._read_timeout if self._read_timeout else None
        if self._bytes_by is not None:
            self._look_by(self._bytes_by)

    def _drop_timeout(self) -> None:
        self._bytes_by = None

    def eof_received(self) -> None:
        # The upstream has ended in good order: what becomes of our own end says nothing.
        self._is_until_the_end = False
        super().eof_received()

    def connection_lost(self, exc: BaseException | None) -> None:
        payload = self._payload
        # RFC 9112 section 8: an error ends no body. aiohttp takes a reset for the end of one that
        # has neither a length nor chunks, and half a film would be sent as a whole one.
        if exc is not None and payload is not None and self._is_until_the_end:
            payload.set_exception(ClientPayloadError(type(exc).__name__))
        super().connection_lost(exc)
        if self._looking is not None:
            self._looking.cancel()

    def _look_by(self, due: float) -> None:
        """Set the connection's one timer, unless it is due earlier and will find this as well."""
        if due < self._look_at:
            if self._looking is not None:
                self._looking.cancel()
            self._look_at = due
            self._looking = self._loop.call_later(due - self._loop.time(), self._look)

    def _look(self) -> None:
        now, self._looking, self._look_at = self._look_at, None, math.inf
        due = [each for each in (self._head_by, self._bytes_by) if each is not None]
        if due and min(due) > now:
            self._look_by(min(due))
        elif self._head_by is not None and self._head_by <= now:
            self._head_by = None
            self.set_exception(SocketTimeoutError("no head of an answer in time"))
        elif due:
            self._on_read_timeout()

    def data_received(self, data: bytes) -> None:
        if self._is_new:
            self._is_new, self._has_head = False, _is_final(data)
            if self._has_head:
                data = self._behind_the_head(data)
        while len(data) > _HEAD_PIECE and not self._has_head and self._interim <= MAX_INTERIM:
            piece, data = data[:_HEAD_PIECE], data[_HEAD_PIECE:]
            super().data_received(piece)
        if self._interim <= MAX_INTERIM:
            super().data_received(data)

    def _behind_the_head(self, data: bytes) -> bytes:
        """Pass the head on before the rest: aiohttp gives no answer to whoever finds more bytes
        behind its body, as some scripts send (a key and the end of its line)."""
        end = data.find(b"\r\n\r\n") + 4
        if not 4 <= end < len(data):
            return data
        super().data_received(data[:end])
        return data[end:]

    def feed_data(self, data: tuple[RawResponseMessage, StreamReader], size: int = 0) -> None:
        if self._interim > MAX_INTERIM:
            return  # What came in the same packet as the flood would be a body without its end.
        code = data[0].code
        # 101 ends the HTTP (RFC 9110 section 15.2.2): nothing interim follows it.
        if not 100 <= code < 200 or code == 101:
            self._has_head = True
            self._head_by = None
            head = data[0]
            self._is_until_the_end = not (head.chunked or "Content-Length" in head.headers)
        else:
            self._interim += 1
            # A flood of 103 answers held the event loop for two seconds.
            if self._interim > MAX_INTERIM:
                self.set_exception(ClientPayloadError("interim answers without end"))
                if self.transport is not None:
                    self.transport.abort()
                return
        super().feed_data(data, size)

    # A TLS transport that is paused reads on until so many bytes wait to be decoded: 512 KiB for
    # each slow player, were it not for these.
    def _pause_transport_reading(self) -> None:
        super()._pause_transport_reading()
        _keep_undecoded(self.transport, 0)
        if self.reads is not None:
            self.reads.paused()

    def _resume_transport_reading(self) -> None:
        _keep_undecoded(self.transport, _UNDECODED)
        super()._resume_transport_reading()

    def set_exception(self, exc: BaseException, exc_cause: BaseException | None = None) -> None:
        # Some send a body behind the answer to HEAD (RFC 9110 section 9.3.2 forbids it), so late
        # that it stands before the next answer. aiohttp asks again where a kept connection ends.
        if isinstance(exc, HttpProcessingError) and self._requests > 1 and not self._has_head:
            exc = ServerDisconnectedError("what follows the answer before is no answer")
        super().set_exception(exc, exc_cause or exc)
        payload = self._payload
        if payload is None or payload.is_eof() or payload.exception() is not None:
            return
        # aiohttp 3.14 does not pass it on to the reader of a body whose next chunk is none. That
        # reader would wait for ever: the read timeout has been ended, too.
        if not isinstance(exc, TimeoutError):
            payload.set_exception(ClientPayloadError(type(exc).__name__))


def _keep_undecoded(transport: asyncio.Transport | None, count: int) -> None:
    set_limits = getattr(transport, "set_read_buffer_limits", None)
    if set_limits is not None:
        set_limits(count, count)


def _is_final(data: bytes) -> bool:
    """Whether an answer that begins with this is not interim: its status is 200 or more."""
    return data.startswith(b"HTTP/1.") and data[9:10] in (b"2", b"3", b"4", b"5")


class _Bounded(TCPConnector):
    def _get_ssl_context(self, req: ClientRequest) -> ssl.SSLContext | None:
        context = super()._get_ssl_context(req)
        if context is not None and small_reads.IS_KNOWN:
            context.sslobject_class = Decoder
        return context

    def _release(
        self, key: ConnectionKey, protocol: ResponseHandler, *, should_close: bool = False
    ) -> None:
        if should_close:  # It was not read to its end.
            protocol.abort()
        super()._release(key, protocol, should_close=should_close)


class _BeforeTls(asyncio.Protocol):
    """Hears only whether anything comes, which is then no TLS: there the client speaks first."""

    has_spoken = False

    def data_received(self, data: bytes) -> None:
        self.has_spoken = True

    def eof_received(self) -> bool:
        return True  # The end is left for TLS.


class Connector(_Bounded):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        loop = asyncio.get_running_loop()
        handler: type[ResponseHandler] = BoundedHandler
        self._factory = functools.partial(handler, loop=loop)

    # A transport that is made with TLS does not show what is below it: so TLS begins afterwards.
    async def _wrap_create_connection(
        self,
        *args: Any,
        req: ClientRequest,
        timeout: ClientTimeout,
        client_error: type[Exception] = ClientConnectorError,
        **options: Any,
    ) -> tuple[asyncio.Transport, ResponseHandler]:
        options |= {"req": req, "timeout": timeout, "client_error": client_error}
        if options.get("ssl") is None or not small_reads.IS_KNOWN:
            return await super()._wrap_create_connection(*args, **options)
        context, name = options.pop("ssl"), options.pop("server_hostname", None)
        async with asyncio.timeout(timeout.sock_connect):
            before = _BeforeTls()
            transport, _ = await super()._wrap_create_connection(lambda: before, **options)
            handler = cast("BoundedHandler", self._factory())
            try:
                if before.has_spoken:
                    transport.abort()
                    raise ssl.SSLError("what it sends is no TLS")
                made = await _encrypted(transport, handler, context, name)
            except ssl.SSLCertVerificationError as error:
                raise ClientConnectorCertificateError(req.connection_key, error) from error
            except ssl.SSLError as error:
                raise ClientConnectorSSLError(req.connection_key, error) from error
            except OSError as error:
                raise client_error(req.connection_key, error) from error
        handler.connection_made(made)
        return made, handler

    async def _start_tls_connection(
        self, underlying_transport: asyncio.Transport, *args: Any, **options: Any
    ) -> tuple[asyncio.BaseTransport, ResponseHandler]:
        made, handler = await super()._start_tls_connection(underlying_transport, *args, **options)
        cast("BoundedHandler", handler).reads = small_reads.begun(
            underlying_transport, made.get_extra_info("ssl_object")
        )
        return made, handler

    async def _create_proxy_connection(
        self, *args: Any, **options: Any
    ) -> tuple[asyncio.BaseTransport, ResponseHandler]:
        try:
            return await super()._create_proxy_connection(*args, **options)
        except ClientConnectorError:
            # The proxy is not there, or the tunnel is and the upstream's TLS failed.
            raise
        except (ServerDisconnectedError, ClientOSError) as error:
            raise HungUpError from error


class SocksConnector(_Bounded, ProxyConnector):
    async def _connect_via_proxy(
        self,
        host: str,
        port: int,
        ssl: ssl.SSLContext | None = None,
        timeout: float | None = None,
    ) -> tuple[asyncio.Transport, ResponseHandler]:
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + timeout if timeout else None
        try:
            # Without TLS: what fails here the proxy has not let through, or has hung up on.
            transport, theirs = await super()._connect_via_proxy(host, port, None, timeout)
        except (EOFError, ConnectionError) as error:
            raise HungUpError from error
        handler = _BehindSocks(loop)
        handler.theirs = theirs
        # aiohttp_socks makes aiohttp's own handler, which bounds nothing.
        transport.set_protocol(handler)
        if ssl is not None:
            async with asyncio.timeout_at(ends_at):
                transport = await _encrypted(transport, handler, ssl, host)
        handler.connection_made(transport)
        return transport, handler


async def _encrypted(
    transport: asyncio.Transport, handler: BoundedHandler, context: ssl.SSLContext, host: str
) -> asyncio.Transport:
    loop = asyncio.get_running_loop()
    try:
        made = await loop.start_tls(transport, handler, context, server_hostname=host)
    except BaseException:
        transport.abort()
        raise
    # Only a transport that is being closed gives none.
    assert made is not None
    # uvloop takes a connection that ended before its handshake for one that has begun TLS.
    if transport.is_closing():
        raise ConnectionResetError
    handler.reads = small_reads.begun(transport, made.get_extra_info("ssl_object"))
    return made


class _BehindSocks(BoundedHandler):
    """`theirs` keeps alive the stream to which the transport belongs."""

    theirs: ResponseHandler
