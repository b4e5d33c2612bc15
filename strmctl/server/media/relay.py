"""Bytes go from the upstream's transport to the client's where nothing has to be looked at.

aiohttp reads the head of an answer. Then its transport gets another protocol, which reads into one
buffer and writes to the client's transport; at the end of the body aiohttp gets it back. The
relay's code that relies on the inside of aiohttp and uvicorn is in this file. With other versions
than those below each body goes through ASGI.
"""

import asyncio
import os
import socket
import struct
from collections.abc import Callable
from contextlib import closing
from importlib.metadata import version
from typing import Any, cast

from aiohttp import ClientConnectionError, ClientResponse, SocketTimeoutError
from aiohttp.client_proto import ResponseHandler
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

SEEN_TO_WORK = {"aiohttp": ("3.14.",), "uvicorn": ("0.54.",)}
"""Beginnings of the versions that tests/system/relay has passed with."""

LEAST = 64 * 1024
"""Bytes of a body for which the change of protocols pays."""

# One for all bodies: what is read is handed on before the next read. With 256 KiB a film costs half
# as much again, because the two kernels hand it over in smaller pieces.
_BUFFER = memoryview(bytearray(1024 * 1024))

# Bytes. What the kernel does not take of a read is kept, for each of hundreds of slow clients. Not
# to read at all would not do: then nothing would say when there is room again. A kernel that is
# short of memory takes less than it says, so reads are small until a client has shown to be quick.
_LEAST_READ, _SMALL_READ = 16 * 1024, 256 * 1024

_QUICK = 4 * 1024 * 1024
"""Bytes taken lately that show a quick client: Linux keeps fewer for one that does not read."""

_SO_MEMINFO, _MEMINFO = 55, struct.Struct("12xI4xI12x")
"""Two of its nine numbers (linux/sock_diag.h): bytes that a socket may hold, and those it does."""


def is_known(installed: Callable[[str], str] = version) -> bool:
    """Whether the installed versions are among these."""
    return all(installed(name).startswith(begins) for name, begins in SEEN_TO_WORK.items())


IS_KNOWN = is_known()


class Flow(FlowControl):
    """Pauses the upstream of a body that is relayed, as uvicorn pauses an application."""

    source: "_Source | None" = None
    taken = 0
    """Bytes that the client's kernel took lately; half as many each time that it had no room."""

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__(transport)
        self.descriptor: int = transport.get_extra_info("socket").fileno()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self.source is not None:
            self.source.pause()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.source is not None:
            self.source.resume()


class Relay:
    """The client's end of one answer; `sent` bytes went past ASGI."""

    def __init__(self, cycle: RequestResponseCycle, flow: Flow) -> None:
        self._cycle = cycle
        self._flow = flow
        self._transport = cycle.transport
        self._descriptor = flow.descriptor
        self.sent = 0

    @property
    def is_held_back(self) -> bool:
        """Whether the client does not read what it has been sent."""
        return self._flow.write_paused

    async def room(self) -> None:
        """Wait until the client has read, or has left."""
        if not self._cycle.disconnected:
            await self._flow.drain()

    def can_take(self, response: ClientResponse, rest: int) -> bool:
        """Whether exactly `rest` bytes of the response are unread, and can be sent unchanged."""
        fields, length = response.headers, response.headers.get("Content-Length", "")
        handler = response.connection and response.connection.protocol
        return (
            rest >= LEAST
            and self._cycle.chunked_encoding is False
            and rest <= self._cycle.expected_content_length
            # RFC 9112 section 6.3: with Transfer-Encoding the length says nothing.
            and "Transfer-Encoding" not in fields
            and length.isdecimal()
            and not response.content.is_eof()
            and response.content.exception() is None
            and isinstance(handler, ResponseHandler)
            and handler.is_connected()
            and int(length) - response.content.total_bytes + _waiting(response) == rest
        )

    async def pour(self, response: ClientResponse, rest: int) -> None:
        """Send the rest of the body. Raises what aiohttp would raise for a body that is cut off."""
        before = self.sent
        try:
            while _waiting(response):
                # In a loop: aiohttp's parser may hold back more, and a read makes room for that.
                self._write(response.content.read_nowait())
            rest -= self.sent - before
            if rest:
                await self._take_over(response, rest)
        finally:
            self._cycle.expected_content_length -= self.sent - before

    async def _take_over(self, response: ClientResponse, rest: int) -> None:
        assert response.connection is not None
        handler = cast("ResponseHandler", response.connection.protocol)
        with closing(_Kernel(self._transport, self._flow)) as kernel:
            source = _Source(response, handler, rest, self._write, kernel.room)
            try:
                # The upstream has to pause as soon as anything is kept here, not from 64 KiB on.
                self._transport.set_write_buffer_limits(0)
                self._flow.source = source
                source.begin(is_paused=self._flow.write_paused)
                await source.done
            finally:
                self._flow.source = None
                source.end()
                if not self._transport.is_closing():
                    self._transport.set_write_buffer_limits()
                if source.done.done() and not source.done.cancelled():
                    # Else asyncio logs it, if the viewer has left at the same moment.
                    source.done.exception()

    def _write(self, data: bytes | memoryview) -> None:
        transport = self._transport
        # The client has left; its task is about to be cancelled.
        if transport.is_closing():
            return
        self.sent += len(data)
        taken = 0
        if not transport.get_write_buffer_size():
            # Nothing waits to be sent: straight to the kernel, without a copy.
            try:
                taken = os.write(self._descriptor, data)
            except OSError:
                taken = 0  # A full window, or an end that the transport will find.
        if taken == len(data):
            self._flow.taken += taken
        else:
            self._flow.taken //= 2
            # A copy: uvloop keeps what it is given, and the buffer is used again.
            transport.write(bytes(data[taken:]))


class _Kernel:
    """The kernel's buffer for a client."""

    def __init__(self, transport: asyncio.Transport, flow: Flow) -> None:
        self._transport = transport
        self._flow = flow
        # Not the transport's own socket, which copies its descriptor with each call.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0, flow.descriptor)

    def room(self) -> int:
        """Bytes to read for it now: those that it has room for, which only Linux says."""
        most = len(_BUFFER) if self._flow.taken >= _QUICK else _SMALL_READ
        if self._transport.is_closing():
            return most
        try:
            found = self._socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size)
            may_keep, keeps = _MEMINFO.unpack(found)
        except (OSError, struct.error):
            return most
        return min(most, int(may_keep - keeps))

    def close(self) -> None:
        """Leave the descriptor to the transport: else it would be closed with this socket."""
        self._socket.detach()


def _waiting(response: ClientResponse) -> int:
    """Bytes that aiohttp has read and not given out."""
    content: Any = response.content
    return int(content._size)


class _Source(asyncio.BufferedProtocol):
    """What the upstream's transport talks to in place of `handler`, for `rest` bytes."""

    def __init__(
        self,
        response: ClientResponse,
        handler: ResponseHandler,
        rest: int,
        write: Callable[[memoryview], None],
        room: Callable[[], int],
    ) -> None:
        self._content = response.content
        self._handler = handler
        self._rest = rest
        self._write = write
        self._room = room
        self._loop = loop = asyncio.get_running_loop()
        assert handler.transport is not None
        self._transport = handler.transport
        self._is_attached = self._is_paused = False
        self._heard_at = loop.time()
        self._deadline: asyncio.TimerHandle | None = None
        self.done: asyncio.Future[None] = loop.create_future()

    def begin(self, *, is_paused: bool) -> None:
        self._handler._drop_timeout()
        self._transport.set_protocol(self)
        self._is_attached = True
        self._watch(self._handler.read_timeout)
        if is_paused:
            self.pause()

    def end(self) -> None:
        """Give the transport back to aiohttp."""
        if self._is_attached:
            self._is_attached = False
            self._transport.set_protocol(self._handler)
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def pause(self) -> None:
        if self._is_attached and not self._is_paused:
            self._is_paused = True
            self._handler._pause_transport_reading()

    def resume(self) -> None:
        if self._is_attached and self._is_paused:
            self._is_paused = False
            self._heard_at = self._loop.time()
            self._handler._resume_transport_reading()

    def get_buffer(self, sizehint: int) -> memoryview:
        # Never a byte of what may follow this body: aiohttp has to judge that.
        return _BUFFER[: min(self._rest, max(_LEAST_READ, self._room()))]

    def buffer_updated(self, nbytes: int) -> None:
        self._rest -= nbytes
        self._heard_at = self._loop.time()
        self._write(_BUFFER[:nbytes])
        if not self._rest:
            self._complete()

    def eof_received(self) -> None:
        self._handler.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_attached = False
        self._handler.connection_lost(exc)
        self._fail(exc or ClientConnectionError("the connection was closed"))

    def _complete(self) -> None:
        """Do what aiohttp's parser does after the last byte."""
        self.end()
        handler: Any = self._handler
        handler._parser = _Ended()
        self._content.feed_eof()
        if not self.done.done():
            self.done.set_result(None)

    def _fail(self, error: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(error)

    def _watch(self, seconds: float | None) -> None:
        if seconds:
            self._deadline = self._loop.call_later(seconds, self._look, seconds)

    def _look(self, limit: float) -> None:
        """The one timer: a timer for each piece would cost more than the piece."""
        idle = self._loop.time() - self._heard_at
        if self._is_paused:
            self._watch(limit)
        elif idle >= limit:
            self._fail(SocketTimeoutError("Timeout on reading data from socket"))
        else:
            self._watch(limit - idle)


class _Ended:
    """Replaces aiohttp's parser until the next request: bytes that come before it are no HTTP.

    aiohttp closes the connection then. If it kept it, they would answer the next request.
    """

    def feed_data(self, data: bytes) -> tuple[tuple[()], bool, bytes]:
        if data:
            raise ValueError("bytes after the end of the body")
        return (), False, b""

    def feed_eof(self) -> None:
        return None

    def pause_reading(self) -> None:
        return None
