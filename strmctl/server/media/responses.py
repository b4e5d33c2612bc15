"""Players are sent media as they come, playlists, and problems (RFC 9457), never a page."""

import logging
from collections.abc import Callable, Mapping
from contextlib import aclosing
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from strmctl.domain.http.response_fields import (
    IF_MODIFIED_SINCE,
    IF_NONE_MATCH,
    allowed_fields,
    is_current,
    is_unchanged,
)
from strmctl.domain.media.media_kind import PLAYLIST_TYPE
from strmctl.errors import DatabaseError, EgressError, StrmctlError, UpstreamError
from strmctl.server.media.compressed import Compressed
from strmctl.server.media.relay import Relay
from strmctl.services.playback.media import MediaAnswer, validators
from strmctl.services.playback.player import PlaylistAnswer

log = logging.getLogger(__name__)

# What a finished playlist lists keeps its name and its bytes, so any cache may keep it. A live
# stream may begin again unseen, while no process here plays it: its names are kept for as long
# as viewers ask for the same segment and no longer.
SEGMENT_CACHING = {"Cache-Control": "public, max-age=3600"}
LIVE_CACHING = {"Cache-Control": "public, max-age=10"}


def _shared(seconds: int) -> Mapping[str, str]:
    """For caches that many viewers share: RFC 9213 names it, nginx reads only its own field.

    A player's own cache asks each time: what a playlist holds changes when its link is renewed.
    """
    rule = f"max-age={seconds}" if seconds else "no-store"
    return {
        # nginx before 1.23 believes whichever of it and Cache-Control comes first.
        "X-Accel-Expires": str(seconds),
        "Cache-Control": "no-cache",
        "CDN-Cache-Control": rule,
    }


FINISHED_PLAYLIST_CACHING = _shared(10)
LIVE_PLAYLIST_CACHING = _shared(1)
# A cache that joins parts of a film may join parts of two (nginx's slice did, three times).
FILE_CACHING = _shared(0)

# The server accepts a body before it waits for the client. Without this wait a slow client would
# hold three pieces instead of two: half as much memory again (tests/system/peers, row 26).
_ONCE_THERE_IS_ROOM = {"type": "http.response.body", "body": b"", "more_body": True}

_MEDIA_FOLLOWS = (200, 206)
_CONDITIONS = (IF_NONE_MATCH, IF_MODIFIED_SINCE)


class MediaResponse:
    """Sends a body as fast as the client reads; however that ends, the upstream's answer ends too.

    `sent` is called after each piece of it.
    """

    def __init__(
        self, answer: MediaAnswer, caching: Mapping[str, str], sent: Callable[[], None]
    ) -> None:
        self._answer = answer
        self._sent = sent
        self._caching = caching
        self._fields = {**allowed_fields(answer.fields), **caching}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = conditions(scope)
        try:
            # RFC 9110 section 13.2.2: before a range is looked at.
            if given and is_unchanged(given, self._fields):
                await send(_start(HTTPStatus.NOT_MODIFIED, self._of_not_modified()))
                await send({"type": "http.response.body", "body": b""})
                return
            if self._answer.body is None:
                # RFC 9110 section 15.5.17: a 416 says in Content-Range how long the file is.
                refusal = problem(self._answer.status, "no byte of that range exists")
                refusal.headers.update(allowed_fields(self._answer.fields))
                await refusal(scope, receive, send)
                return
            await send(_start(self._answer.status, self._fields))
            # Kodi asks by HEAD twice before it plays: the same fields (RFC 9110 section 9.3.2).
            if scope["method"] == "HEAD":
                await send({"type": "http.response.body", "body": b""})
            else:
                await self._send_body(send, scope.get("strmctl.relay"))
        finally:
            self._answer.close()

    def _of_not_modified(self) -> Mapping[str, str]:
        """Without the fields that describe a body (RFC 9110 section 15.4.5)."""
        return {**validators(self._fields), **self._caching}

    async def _send_body(self, send: Send, relay: Relay | None) -> None:
        """A body that cannot be completed is left unfinished, so that the connection closes."""
        body, is_whole = self._answer.body, False
        assert body is not None
        found = body.at_hand()
        if found is not None:
            await send({"type": "http.response.body", "body": found})
            if found:
                self._sent()
            return
        try:
            async with aclosing(body.chunks(relay)) as chunks:
                async for chunk in chunks:
                    is_whole = body.is_whole
                    more = not is_whole
                    await send({"type": "http.response.body", "body": chunk, "more_body": more})
                    if chunk:
                        self._sent()
                    chunk = b""  # The next one may take hours to come.
                    if more:
                        await send(_ONCE_THERE_IS_ROOM)
        except UpstreamError as error:
            # ffmpeg reports no short body: a closed connection is all that a player can see.
            log.warning("connection closed in mid-body: %s", error)
            return
        if not is_whole:
            await send({"type": "http.response.body", "body": b""})


async def playlist_response(
    answer: PlaylistAnswer, compressed: Compressed, request: Headers
) -> Response:
    """The playlist, or 304 to a client that has it: players of live streams, and caches."""
    text, etag, coding = await compressed.form_of(answer, _list(request, "accept-encoding"))
    caching = FINISHED_PLAYLIST_CACHING if answer.is_finished else LIVE_PLAYLIST_CACHING
    # RFC 9110 section 12.5.5: a cache may not give one client's form to another.
    fields = {**caching, "ETag": etag, "Vary": "Accept-Encoding"}
    if is_current(_list(request, "if-none-match"), etag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=fields)
    if coding:
        fields["Content-Encoding"] = coding
    return Response(text, media_type=PLAYLIST_TYPE, headers=fields)


def _start(status: int, fields: Mapping[str, str]) -> Message:
    encoded = [(name.lower().encode(), value.encode("ascii")) for name, value in fields.items()]
    return {"type": "http.response.start", "status": int(status), "headers": encoded}


def conditions(scope: Scope) -> dict[str, str]:
    """The request's fields that say what the client has."""
    # ASGI: where there are none, the key may be missing too.
    headers = Headers(raw=list(scope.get("headers", ())))
    return {name: _list(headers, name) for name in _CONDITIONS if name in headers}


def _list(request: Headers, name: str) -> str:
    """The values of a repeated field as one list (RFC 9110 section 5.3)."""
    return ", ".join(request.getlist(name))


def problem(
    status: int,
    detail: str,
    *,
    retry_after: float | None = None,
    fields: Mapping[str, str] | None = None,
) -> Response:
    """Problem details; `retry_after` in seconds."""
    fields = {"Cache-Control": "no-store", **(fields or {})}
    if retry_after is not None:
        # RFC 9110 section 10.2.3: whole seconds.
        fields["Retry-After"] = str(max(1, round(retry_after)))
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail.encode("utf-8", "replace").decode(),  # It may quote what is no text.
    }
    return JSONResponse(body, status, fields, media_type="application/problem+json")


def problem_of(error: StrmctlError) -> Response:
    """The problem as anybody may see it: not where the operator's egress and database are."""
    detail = str(error)
    if isinstance(error, EgressError):
        detail = "the egress is down"
    elif isinstance(error, DatabaseError):
        detail = "the database cannot be used now: the server's log says why"
    return problem(error.http_status, detail, retry_after=getattr(error, "retry_after", None))


class Sending:
    """Calls `sent` after each piece of the body, if the answer brings what was asked for."""

    def __init__(self, answer: ASGIApp, sent: Callable[[], None]) -> None:
        self._answer = answer
        self._sent = sent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        brings = False

        async def watch(message: Message) -> None:
            nonlocal brings
            await send(message)
            if message["type"] == "http.response.start":
                # Kodi's HEAD and a 416 are no play.
                brings = message["status"] in _MEDIA_FOLLOWS and scope["method"] != "HEAD"
            elif brings and message.get("body"):
                self._sent()

        await self._answer(scope, receive, watch)
