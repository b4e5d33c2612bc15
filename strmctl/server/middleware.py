"""What every request meets: its id and log line, CORS, and what becomes of a defect."""

import asyncio
import logging
import secrets
import time
import traceback
from collections.abc import MutableMapping
from contextvars import ContextVar
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from strmctl.server.responses import problem

request_id: ContextVar[str] = ContextVar("request_id", default="-")

log = logging.getLogger("strmctl.access")

_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Content-Length, Content-Range, Accept-Ranges",
}
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "Range, If-Range, Cache-Control",
    "Access-Control-Max-Age": "86400",
}


def describe(scope: Scope, what: object) -> None:
    """Say in the log line what is asked for; its address holds a signature and is not logged."""
    scope["strmctl.what"] = "".join(
        char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in str(what)
    )


class AccessLog:
    """One line for each request: id, client, method, what, status, bytes, seconds."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        token = request_id.set(secrets.token_hex(4))
        started = time.monotonic()
        seen: MutableMapping[str, Any] = {"status": 0, "bytes": 0}

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen["status"] = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = request_id.get()
            elif message["type"] == "http.response.body":
                seen["bytes"] += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            log.info(
                "%s %s %s -> %d, %d bytes, %.3f s",
                (scope.get("client") or ("-",))[0],
                scope["method"],
                scope.get("strmctl.what", "other"),
                seen["status"],
                seen["bytes"],
                time.monotonic() - started,
            )
            request_id.reset(token)


class Cors:
    """Players in a browser stand on another origin; what they are given depends on the URL alone.

    The API and the page depend on who asks, and stay closed to other origins.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def open_to_all(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_CORS)
            await send(message)

        if scope["type"] != "http" or "/strm/" not in scope["path"]:
            await self._app(scope, receive, send)
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
        except Exception as error:  # noqa: BLE001 - the last place before the client
            where = "".join(traceback.format_tb(error.__traceback__))
            log.error("unexpected %s\n%s", type(error).__name__, where)
            answer = problem(500, f"unexpected {type(error).__name__}: see the server's log")
        else:
            return
        if not started:
            await answer(scope, receive, send)
