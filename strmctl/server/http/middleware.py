"""What every request meets: its id and log line, CORS, and what becomes of a defect."""

import asyncio
import logging
import secrets
import time
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from strmctl import tracing
from strmctl.server.http.logs import printable
from strmctl.server.media.responses import problem
from strmctl.server.media.stream_limit import is_media
from strmctl.tracing import REQUEST_ID_FIELD, is_request_id, request_id

log = logging.getLogger("strmctl.access")

_MEDIA = {
    "Access-Control-Allow-Origin": "*",
    # A player's script on another origin sees no other fields than these.
    "Access-Control-Expose-Headers": "Content-Length, Content-Range, Accept-Ranges",
    # An upstream's text must not become HTML in a browser.
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox",
}
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    # hls.js sends Range for EXT-X-BYTERANGE, which browsers ask for beforehand.
    "Access-Control-Allow-Headers": "Range, If-Range, Cache-Control",
    "Access-Control-Max-Age": "86400",
}


def describe(scope: Scope, what: object) -> None:
    """Say in the log line what is asked for; its address holds a signature and is not logged."""
    scope["strmctl.what"] = printable(str(what))


@dataclass(slots=True)
class Answered:
    """What became of a request: seconds from its beginning, None for what did not come."""

    status: int = 0
    bytes: int = 0
    first_byte: float | None = None
    seconds: float = 0.0


def answered(scope: Scope) -> Answered:
    """Of a request that AccessLog has seen; whole once it has ended."""
    found = scope.get("strmctl.answered")
    return found if isinstance(found, Answered) else Answered()


class AccessLog:
    """One line for each request: id, client, method, what, status, bytes, seconds."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        token = request_id.set(_request_id(scope))
        started = time.monotonic()
        seen = scope["strmctl.answered"] = Answered()

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID_FIELD] = request_id.get()
            elif message["type"] == "http.response.body":
                seen.bytes += len(message.get("body", b""))
                if seen.first_byte is None:
                    seen.first_byte = time.monotonic() - started
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            seen.seconds = time.monotonic() - started
            relay = scope.get("strmctl.relay")
            seen.bytes += relay.sent if relay is not None else 0
            _log(scope, seen)
            request_id.reset(token)


def _request_id(scope: Scope) -> str:
    """The client's own, so that its log and this one can be read together, or a new one."""
    # Checked for its form: a line feed in it would forge a log line.
    given = Headers(scope=scope).get(REQUEST_ID_FIELD, "")
    return given if is_request_id(given) else secrets.token_hex(4)


def _log(scope: Scope, seen: Answered) -> None:
    client = (scope.get("client") or ("-",))[0]
    what = scope.get("strmctl.what", "other")
    tracing.step(
        log,
        "answer",
        "%s %s %s -> %d, %d bytes, %.3f s",
        client,
        scope["method"],
        what,
        seen.status,
        seen.bytes,
        seen.seconds,
        level=logging.INFO,
        client=client,
        method=scope["method"],
        what=what,
        status=seen.status,
        bytes=seen.bytes,
        first_byte=seen.first_byte and round(seen.first_byte, 4),
        seconds=round(seen.seconds, 4),
    )


class MediaFields:
    """Players in a browser stand on another origin; what they are given depends on the URL alone.

    The API and the page depend on who asks, and stay closed to other origins. What an upstream
    sends is never run in theirs: it is what its type says, and a document of it has no origin.
    """

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def open_to_all(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_MEDIA)
            await send(message)

        if scope["type"] != "http" or not is_media(scope["path"], self._prefix):
            await self._app(scope, receive, send)
        # A browser's preflight asks for no media, so no upstream is asked.
        elif scope["method"] == "OPTIONS":
            await Response(status_code=204, headers=_PREFLIGHT)(scope, receive, open_to_all)
        else:
            await self._app(scope, receive, open_to_all)


class Unexpected:
    """A defect of strmctl's own is a problem like others; what the error says may hold secrets."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except asyncio.CancelledError:
            # Only the end of the server cancels a request as a whole.
            answer = problem(503, "the server is being stopped")
        except ClientDisconnect:
            return  # With its content unfinished; nobody is there to be answered.
        except Exception as error:  # The last place before the client.
            log.error("unexpected %s", type(error).__name__, exc_info=error)
            answer = problem(500, f"unexpected {type(error).__name__}: see the server's log")
        else:
            return
        if not started:
            await answer(scope, receive, send)
