"""Every request passes one layer between uvicorn and the routes, and no middleware besides.

It gives a request its id, count and log line, adds CORS, bounds the streams, notices a client that
leaves, and answers for a defect. It finds the routes of players as well: six middlewares and a
router would cost more than the bytes of a segment of 64 KiB.
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
    """An ASGI application around `app`, which answers everything that is not for players.

    Players in a browser come from another origin, and what they get depends on the URL alone. The
    API and the page depend on who asks, so they stay closed to other origins. What an upstream
    sends never runs as theirs: browsers take it for what its type says, in a sandbox.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, *, max_streams: int, prefix: str) -> None:
        """`prefix` is the path of public_base_url; a reverse proxy may keep it or take it off."""
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
        # nginx's proxy_pass keeps the path of public_base_url, or takes it off.
        asked = asked_by(path) or asked_by(path.removeprefix(self._prefix))
        return _player(asked) if asked else self._app

    async def _play(self, app: ASGIApp, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        """Counts the requests for media from their first to their last byte."""
        # A browser's preflight asks for no media, so no upstream is asked.
        if scope["method"] == "OPTIONS":
            await Response(status_code=204, headers=_PREFLIGHT)(scope, receive, answer.send)
            return
        if self._streams >= self._max_streams:
            # Before an upstream is asked (RFC 9110 section 15.6.4). Streams end all the time, so
            # Retry-After is short.
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
        """Answers for a defect like for other problems, without its text: that may hold secrets."""
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
            return  # It has left in the middle of its content: nobody waits for an answer.
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
    """An answer on its way out: counted, with `fields` added."""

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
    """The problem that a client is shown; what is the server's fault is logged too."""
    is_failure = error.http_status >= HTTPStatus.INTERNAL_SERVER_ERROR
    # While the server stops, a reverse proxy asks every second.
    if is_failure and not isinstance(error, StoppingError):
        log.warning("%s", error)
    return problem_of(error)


def _request_id(fields: Collection[Field]) -> str:
    """The client's own id, so that its log and this one can be read together, else a new one."""
    for name, value in fields:
        if name == _ID:
            given = value.decode("latin-1")
            # Checked for its form: a line feed in it would forge a log line.
            if is_request_id(given):
                return given
            break
    # No secret, so not from the kernel: that would cost more than to write the log line.
    return f"{random.getrandbits(32):08x}"
