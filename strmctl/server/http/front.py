"""What every request meets between uvicorn and the routes, in one layer.

Its id, count and log line, CORS, the bound of streams, a client that leaves, and what becomes of a
defect. Players' routes are found here too: six middlewares and a router around a segment of 64 KiB
cost more than its bytes.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Collection, Mapping
from http import HTTPStatus

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from strmctl.errors import StrmctlError
from strmctl.server.context import StoppingError
from strmctl.server.http.answered import Answered, log_answer
from strmctl.server.media.leaving import Leaving
from strmctl.server.media.responses import problem, problem_of
from strmctl.server.media.routes import Asked, asked_by, is_media
from strmctl.server.metrics.metrics import Metrics
from strmctl.tracing import REQUEST_ID_FIELD, is_request_id, request_id

log = logging.getLogger(__name__)

Field = tuple[bytes, bytes]

_ID = REQUEST_ID_FIELD.lower().encode()
_OF_MEDIA = {
    b"access-control-allow-origin": b"*",
    # A player's script on another origin sees no other fields than these.
    b"access-control-expose-headers": b"Content-Length, Content-Range, Accept-Ranges",
    # An upstream's text must not become HTML in a browser.
    b"x-content-type-options": b"nosniff",
    b"content-security-policy": b"sandbox",
}
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    # hls.js sends Range for EXT-X-BYTERANGE, which browsers ask for beforehand.
    "Access-Control-Allow-Headers": "Range, If-Range, Cache-Control",
    "Access-Control-Max-Age": "86400",
}
_WITHOUT_CONTENT = ("GET", "HEAD")
_RETRY_AFTER = 5.0


class Front:
    """An ASGI application around `app`, which answers what is no player's.

    Players in a browser stand on another origin; what they are given depends on the URL alone.
    The API and the page depend on who asks, and stay closed to other origins. What an upstream
    sends is never run in theirs: it is what its type says, and a document of it has no origin.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, *, max_streams: int, prefix: str) -> None:
        """`prefix` is the path of public_base_url, which may stand before a path or not."""
        self._app = app
        self._metrics = metrics
        self._max_streams = max_streams
        self._prefix = prefix
        self._streams = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        is_players = is_media(path, self._prefix)
        given = _request_id(scope["headers"])
        token = request_id.set(given)
        own = {_ID: given.encode()}
        fields = own | _OF_MEDIA if is_players else own
        answer = _Answer(scope, send, fields)
        app = self._app_for(path)
        route = self._metrics.began(path.removeprefix(self._prefix))
        try:
            if is_players:
                await self._play(app, scope, receive, answer)
            else:
                await self._answer(app, scope, receive, answer)
        finally:
            seen = answer.ended()
            self._metrics.ended(route, seen)
            log_answer(scope, seen)
            request_id.reset(token)

    def _app_for(self, path: str) -> ASGIApp:
        # Fronts differ: nginx's proxy_pass keeps the path of public_base_url or takes it off.
        asked = asked_by(path) or asked_by(path.removeprefix(self._prefix))
        return _player(asked) if asked else self._app

    async def _play(self, app: ASGIApp, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        """Counts the requests for media from their first to their last byte."""
        # A browser's preflight asks for no media, so no upstream is asked.
        if scope["method"] == "OPTIONS":
            await Response(status_code=204, headers=_PREFLIGHT)(scope, receive, answer.send)
            return
        if self._streams >= self._max_streams:
            # A full worker says so before it asks an upstream (RFC 9110 section 15.6.4); a
            # stream ends in a while, so Retry-After is short.
            full = problem(503, "serve.max_streams are being sent", retry_after=_RETRY_AFTER)
            await full(scope, receive, answer.send)
            return
        self._streams += 1
        try:
            await self._answer(app, scope, receive, answer)
        finally:
            self._streams -= 1

    async def _answer(
        self, app: ASGIApp, scope: Scope, receive: Receive, answer: "_Answer"
    ) -> None:
        """A defect of strmctl's own is a problem like others; its text may hold secrets."""
        # A POST's body and its disconnect come through the same channel.
        if scope["method"] in _WITHOUT_CONTENT:
            answer.leaving.begin(receive)
        try:
            await app(scope, receive, answer.send)
        except asyncio.CancelledError:
            if answer.leaving.took_along():
                return
            # Only the end of the server cancels a request as a whole.
            instead = problem(503, "the server is being stopped")
        except ClientDisconnect:
            return  # With its content unfinished; nobody is there to be answered.
        except Exception as error:  # The last place before the client.
            log.error("unexpected %s", type(error).__name__, exc_info=error)
            instead = problem(500, f"unexpected {type(error).__name__}: see the server's log")
        else:
            return
        finally:
            answer.leaving.end()
        if not answer.has_started:
            await instead(scope, receive, answer.send)


class _Answer:
    """On its way out: counted, and with the `fields` that every answer has."""

    __slots__ = ("_began", "_fields", "_scope", "_seen", "_send", "has_started", "leaving")

    def __init__(self, scope: Scope, send: Send, fields: Mapping[bytes, bytes]) -> None:
        self._scope = scope
        self._send = send
        self._fields = fields
        self._began = time.monotonic()
        self._seen = scope["strmctl.answered"] = Answered()
        self.leaving: Leaving = scope["strmctl.leaving"]
        self.has_started = False

    def send(self, message: Message) -> Awaitable[None]:
        seen = self._seen
        if message["type"] == "http.response.body":
            seen.bytes += len(message.get("body", b""))
            if seen.first_byte is None:
                seen.first_byte = time.monotonic() - self._began
            if not message.get("more_body"):
                self.leaving.complete()
        elif message["type"] == "http.response.start":
            self.has_started = True
            seen.status = message["status"]
            given = [field for field in message.get("headers", ()) if field[0] not in self._fields]
            message = {**message, "headers": [*given, *self._fields.items()]}
        return self._send(message)

    def ended(self) -> Answered:
        seen = self._seen
        seen.seconds = time.monotonic() - self._began
        relay = self._scope.get("strmctl.relay")
        seen.bytes += relay.sent if relay is not None else 0
        return seen


def _player(asked: Asked) -> ASGIApp:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in _WITHOUT_CONTENT:
            status = HTTPStatus.METHOD_NOT_ALLOWED
            refusal = problem(status, status.description, fields={"Allow": "GET, HEAD"})
            await refusal(scope, receive, send)
            return
        endpoint, scope["path_params"] = asked
        try:
            response = await endpoint(Request(scope, receive, send))
        except StrmctlError as error:
            response = failed(error)
        await response(scope, receive, send)

    return answer


def failed(error: StrmctlError) -> Response:
    """What is said of it to anybody; what is the server's fault is logged."""
    is_failure = error.http_status >= HTTPStatus.INTERNAL_SERVER_ERROR
    # Fronts ask every second while the server stops.
    if is_failure and not isinstance(error, StoppingError):
        log.warning("%s", error)
    return problem_of(error)


def _request_id(fields: Collection[Field]) -> str:
    """The client's own, so that its log and this one can be read together, or a new one."""
    for name, value in fields:
        if name == _ID:
            given = value.decode("latin-1")
            # Checked for its form: a line feed in it would forge a log line.
            if is_request_id(given):
                return given
            break
    # It is no secret: to ask the kernel for each one costs more than to write its log line.
    return f"{random.getrandbits(32):08x}"
