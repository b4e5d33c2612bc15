"""A request has to be short and to come soon, else its connection ends, but never a response.

uvicorn bounds no header, and waits for content for ever. What comes while a response is under way
(RFC 9112 section 9.3.2) is kept until that response is complete: whatever it turns out to be, its
answer cannot end up inside a film. Clients of HTTP/1.0 get no chunks.
"""

import asyncio
import re
from collections.abc import MutableMapping
from http import HTTPStatus
from typing import Any, cast

from aiohttp.tcp_helpers import tcp_nodelay
from uvicorn._types import (
    ASGI3Application,
    ASGIReceiveCallable,
    ASGISendCallable,
    ASGISendEvent,
    Scope,
)
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from strmctl.server.media import relay
from strmctl.server.media.leaving import Leaving
from strmctl.server.media.relay import Flow, Relay
from strmctl.server.media.responses import problem

MAX_HEADER_BYTES = 64 * 1024
_HEADER_END = b"\r\n\r\n"
_HOST = re.compile(rb"[A-Za-z0-9._~!$&'()*+,;=%:\[\]-]*")


class BoundedProtocol(HttpToolsProtocol):
    """Answers 431 (RFC 6585 section 5) to a header that is too long, 408 to a header or a content
    that does not end."""

    header_seconds = 20.0
    content_seconds = 30.0
    _header_bytes = 0
    _header_tail = b""
    _reads_header = True
    _in_request = False
    _early = b""
    _answering: RequestResponseCycle | None = None
    _leaving: Leaving
    _late_refusal: HTTPStatus | None = None
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.flow = Flow(transport)
        # A head and a short body are two writes: Nagle's rule would hold the second one for 40 ms.
        tcp_nodelay(transport, True)
        self._await(self.header_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_deadline()
        answering = self._answering
        if answering is not None and not answering.response_complete:
            # uvicorn tells only the newest request, and that one may wait behind this one.
            answering.disconnected = True
            answering.message_event.set()
            self._leaving.left()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Tell those who stream events first: they go on for as long as somebody listens."""
        stopping = self.app_state.get("stopping")
        if stopping is not None:
            stopping.set()
        super().shutdown()

    def data_received(self, data: bytes) -> None:
        if self._late_refusal is not None:
            return
        if not self._in_request:
            # RFC 9112 section 9.3.2: a pipelined request waits, or its 408 would land in the film.
            if self._is_answering():
                self._keep(data)
                return
            # Empty lines before a request are skipped (RFC 9112 section 2.2).
            data = data.lstrip(b"\r\n")
            if not data:
                return
        if self._reads_header:
            self._header_bytes += self._header_part(data)
            # RFC 6585 section 5; uvicorn itself would keep whatever comes.
            if self._header_bytes > MAX_HEADER_BYTES:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
                return
        super().data_received(data)
        # Only if it has not come whole: a timer for each request would cost as much as its head.
        if self._deadline is None and self._in_request and not self.transport.is_closing():
            if not self._reads_header:
                self._await(self.content_seconds)
            elif not self._is_answering():
                self._await(self.header_seconds)

    def send_400_response(self, msg: str) -> None:
        self._refuse(HTTPStatus.BAD_REQUEST)

    def on_message_begin(self) -> None:
        self._reads_header = self._in_request = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        if self._deadline is not None:
            self._end_deadline()
        self._reads_header, self._header_bytes, self._header_tail = False, 0, b""
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        if self._deadline is not None:
            self._end_deadline()
        self._reads_header, self._in_request = True, False

    def on_response_complete(self) -> None:
        super().on_response_complete()
        answering = self._answering
        if self.transport.is_closing() or answering is None:
            return
        is_next_whole = not answering.response_complete and not answering.more_body
        if self._late_refusal is not None and not is_next_whole:
            self._write_refusal(self._late_refusal)
        elif not answering.response_complete:
            return
        elif self._early:
            early, self._early = self._early, b""
            self.data_received(early)
        elif self._in_request and self._deadline is None:
            self._await(self.header_seconds)

    # RFC 9112 section 3.2: two Host fields are how requests are smuggled past a front.
    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._answering = cycle
        if not _names_one_host(cycle):
            app = _without_host
        # While this node stops, a front has to go elsewhere with its next request.
        stopping = self.app_state.get("stopping")
        if stopping is not None and stopping.is_set():
            cycle.keep_alive = False
        is_old = cycle.scope["http_version"] == "1.0"
        scope = cast("MutableMapping[str, Any]", cycle.scope)
        self._leaving = scope["strmctl.leaving"] = Leaving(cycle)
        if not is_old and relay.IS_KNOWN and isinstance(self.flow, Flow):
            scope["strmctl.relay"] = Relay(cycle, self.flow)
        super()._start_asgi_task(cycle, _close_delimited(app, cycle) if is_old else app)

    def _is_answering(self) -> bool:
        return self._answering is not None and not self._answering.response_complete

    def _keep(self, data: bytes) -> None:
        self._early += data
        if len(self._early) > MAX_HEADER_BYTES:
            # A client that pipelines without end fills TCP's window, not this process's memory.
            self.flow.pause_reading()

    def _header_part(self, data: bytes) -> int:
        """How many of the bytes belong to the header, not to the content behind it."""
        # The end of the header may come in two packets.
        before, self._header_tail = self._header_tail, data[-3:]
        end = (before + data).find(_HEADER_END)
        return len(data) if end < 0 else end + len(_HEADER_END) - len(before)

    def _await(self, seconds: float) -> None:
        self._deadline = self.loop.call_later(seconds, self._refuse, HTTPStatus.REQUEST_TIMEOUT)

    def _end_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self, status: HTTPStatus) -> None:
        """Refuse at once, or when the response that is under way is complete."""
        self._end_deadline()
        answering = self._answering
        if answering is None or (self._reads_header and answering.response_complete):
            self._write_refusal(status)
        elif answering.response_complete:
            # RFC 9112 section 9.6: what follows on this connection cannot be told apart any more.
            self.transport.close()  # The content of a request that has had its answer already.
        elif answering.more_body and not answering.response_started:
            self._write_refusal(status)  # Its application still waits for the content.
        else:
            self._late_refusal = status

    def _write_refusal(self, status: HTTPStatus) -> None:
        if not self.transport.is_closing():
            line = f"HTTP/1.1 {status.value} {status.phrase}\r\n"
            # Written here, since no application runs where no request was read.
            self.transport.write(f"{line}connection: close\r\ncontent-length: 0\r\n\r\n".encode())
            self.transport.close()


# RFC 1945 knows no Host field.
def _names_one_host(cycle: RequestResponseCycle) -> bool:
    """Exactly one valid Host field (RFC 9112 section 3.2); HTTP/1.0 may do without."""
    found: bytes | None = None
    for name, value in cycle.scope["headers"]:
        if name == b"host":
            if found is not None:
                return False
            found = value
    if found is None:
        return cycle.scope["http_version"] == "1.0"
    return _HOST.fullmatch(found) is not None


async def _without_host(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    refusal = problem(400, "a request has exactly one valid Host field (RFC 9112 section 3.2)")
    refusal.headers["Connection"] = "close"
    await refusal(scope, receive, send)  # type: ignore[arg-type]


def _close_delimited(app: ASGI3Application, cycle: RequestResponseCycle) -> ASGI3Application:
    """`app` for a client that knows no chunks (RFC 9112 section 6.1).

    A body without Content-Length ends with the connection. uvicorn can be kept from making chunks,
    but it counts each byte against an expected length, which therefore grows with the body.
    """

    async def answer(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        is_counted = False

        async def sent(event: ASGISendEvent) -> None:
            nonlocal is_counted
            if event["type"] == "http.response.start":
                names = {name.lower() for name, _ in event.get("headers", ())}
                is_counted = b"content-length" in names
                # RFC 9112 section 6.1: no chunks for HTTP/1.0.
                cycle.chunked_encoding = None if is_counted else False
            elif event["type"] == "http.response.body" and not is_counted:
                cycle.expected_content_length += len(event.get("body", b""))
            await send(event)

        await app(scope, receive, sent)

    return answer
