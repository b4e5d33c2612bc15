"""The header of a request is short and comes soon, else its connection ends; no chunks in HTTP/1.0.

uvicorn bounds no header; an endless one would cost every other client of the process.
"""

import asyncio
from http import HTTPStatus

from uvicorn._types import (
    ASGI3Application,
    ASGIReceiveCallable,
    ASGISendCallable,
    ASGISendEvent,
    Scope,
)
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

MAX_HEADER_BYTES = 64 * 1024
_HEADER_END = b"\r\n\r\n"


class BoundedProtocol(HttpToolsProtocol):
    """431 (RFC 6585 section 5) for a header that is too long, 408 for one that does not end."""

    header_seconds = 20.0
    _header_bytes = 0
    _header_tail = b""
    _reads_header = True
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_header()

    def connection_lost(self, exc: Exception | None) -> None:
        self._header_has_ended()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """What streams events for as long as somebody listens hears of the end here first."""
        stopping = self.app_state.get("stopping")
        if stopping is not None:
            stopping.set()
        super().shutdown()

    def data_received(self, data: bytes) -> None:
        if self._reads_header:
            self._header_bytes += self._header_part(data)
            if self._header_bytes > MAX_HEADER_BYTES:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
                return
            if self._deadline is None:
                self._await_header()
        super().data_received(data)

    def _header_part(self, data: bytes) -> int:
        """How many of the bytes stand before a content that comes with them."""
        before, self._header_tail = self._header_tail, data[-3:]
        end = (before + data).find(_HEADER_END)
        return len(data) if end < 0 else end + len(_HEADER_END) - len(before)

    def on_message_begin(self) -> None:
        self._reads_header = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._header_has_ended()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._reads_header = True

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        is_old = cycle.scope["http_version"] == "1.0"
        super()._start_asgi_task(cycle, _close_delimited(app, cycle) if is_old else app)

    def _await_header(self) -> None:
        self._deadline = self.loop.call_later(
            self.header_seconds, self._refuse, HTTPStatus.REQUEST_TIMEOUT
        )

    def _header_has_ended(self) -> None:
        self._reads_header, self._header_bytes, self._header_tail = False, 0, b""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self, status: HTTPStatus) -> None:
        if not self.transport.is_closing():
            line = f"HTTP/1.1 {status.value} {status.phrase}\r\n"
            self.transport.write(f"{line}connection: close\r\ncontent-length: 0\r\n\r\n".encode())
            self.transport.close()


def _close_delimited(app: ASGI3Application, cycle: RequestResponseCycle) -> ASGI3Application:
    """`app` for a client that knows no chunks (RFC 9112 section 6.1).

    A body without Content-Length ends with the connection. uvicorn does not put it into chunks
    where it has been told that it need not, but counts what comes against the length.
    """

    async def answer(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        is_counted = False

        async def sent(event: ASGISendEvent) -> None:
            nonlocal is_counted
            if event["type"] == "http.response.start":
                names = {name.lower() for name, _ in event.get("headers", ())}
                is_counted = b"content-length" in names
                cycle.chunked_encoding = None if is_counted else False
            elif event["type"] == "http.response.body" and not is_counted:
                cycle.expected_content_length += len(event.get("body", b""))
            await send(event)

        await app(scope, receive, sent)

    return answer
