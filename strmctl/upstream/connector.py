"""What is not read to its end is ended at once, and the head of an answer is bounded.

A TLS connection that is merely closed goes on to read what comes until the other side has
agreed; with a film under way that are 30 seconds at full speed, for nobody.
"""

import asyncio
import functools
from typing import Any

from aiohttp import BaseConnector, ClientPayloadError, SocketTimeoutError, TCPConnector
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.http import RawResponseMessage
from aiohttp.streams import StreamReader
from aiohttp_socks import ProxyConnector

MAX_INTERIM = 32
"""Interim answers (RFC 9110 section 15.2) before the real one; servers send one or two."""

_HEAD_PIECE = 4096


class BoundedHandler(ResponseHandler):
    """Ends a connection that sends nothing but interim answers, or what is no HTTP.

    What may be interim is read in small pieces: a flood is seen before all of it is parsed.
    """

    _interim = 0
    _has_head = True
    _is_new = False
    _deadline: asyncio.TimerHandle | None = None

    def set_response_params(self, **options: Any) -> None:
        self._interim, self._has_head, self._is_new = 0, False, True
        super().set_response_params(**options)

    def expect_head(self, seconds: float) -> None:
        """Of an answer that is not interim, from now on; like a read that takes too long."""
        self._end_deadline()
        self._deadline = self._loop.call_later(seconds, self._give_up)

    def _give_up(self) -> None:
        self._deadline = None
        # A viewer who has left has ended the connection.
        if self.transport is not None:
            self.set_exception(SocketTimeoutError("no head of an answer in time"))

    def _end_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def data_received(self, data: bytes) -> None:
        if self._is_new:
            self._is_new, self._has_head = False, _is_final(data)
        while len(data) > _HEAD_PIECE and not self._has_head and self._interim <= MAX_INTERIM:
            piece, data = data[:_HEAD_PIECE], data[_HEAD_PIECE:]
            super().data_received(piece)
        if self._interim <= MAX_INTERIM:
            super().data_received(data)

    def feed_data(self, data: tuple[RawResponseMessage, StreamReader], size: int = 0) -> None:
        code = data[0].code
        # 101 ends the HTTP (RFC 9110 section 15.2.2): nothing interim follows it.
        if not 100 <= code < 200 or code == 101:
            self._has_head = True
            self._end_deadline()
        else:
            self._interim += 1
            # A flood of 103 answers held the event loop for two seconds.
            if self._interim > MAX_INTERIM:
                self.set_exception(ClientPayloadError("interim answers without end"))
                if self.transport is not None:
                    self.transport.abort()
                return
        super().feed_data(data, size)

    def set_exception(self, exc: BaseException, exc_cause: BaseException | None = None) -> None:
        super().set_exception(exc, exc_cause or exc)
        payload = self._payload
        if payload is None or payload.is_eof() or payload.exception() is not None:
            return
        # aiohttp 3.14 does not pass it on to who reads a body whose next chunk is none, and that
        # one would wait for ever: the read timeout has been ended, too.
        if not isinstance(exc, TimeoutError):
            payload.set_exception(ClientPayloadError(type(exc).__name__))


def _is_final(data: bytes) -> bool:
    """Whether an answer that begins with this is not interim: its status is 200 or more."""
    return data.startswith(b"HTTP/1.") and data[9:10] in (b"2", b"3", b"4", b"5")


class _Aborting(BaseConnector):
    def _release(
        self, key: ConnectionKey, protocol: ResponseHandler, *, should_close: bool = False
    ) -> None:
        if should_close:  # Not read to its end.
            protocol.abort()
        super()._release(key, protocol, should_close=should_close)


class Connector(_Aborting, TCPConnector):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        loop = asyncio.get_running_loop()
        handler: type[ResponseHandler] = BoundedHandler
        self._factory = functools.partial(handler, loop=loop)


class SocksConnector(_Aborting, ProxyConnector):
    async def _connect_via_proxy(
        self, *args: Any, **options: Any
    ) -> tuple[asyncio.Transport, ResponseHandler]:
        transport, theirs = await super()._connect_via_proxy(*args, **options)
        handler = _BehindSocks(asyncio.get_running_loop())
        handler.theirs = theirs
        # aiohttp_socks makes aiohttp's own handler, which bounds nothing.
        transport.set_protocol(handler)
        handler.connection_made(transport)
        return transport, handler


class _BehindSocks(BoundedHandler):
    """`theirs` keeps the stream alive that the transport belongs to."""

    theirs: ResponseHandler
