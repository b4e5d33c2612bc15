"""How many players are answered at once; a full worker says so before it asks an upstream."""

from starlette.types import ASGIApp, Receive, Scope, Send

from strmctl.domain.urls import child_url, playback_url
from strmctl.server.media.responses import problem

_RETRY_AFTER = 5.0


def is_media(path: str, prefix: str) -> bool:
    """Whether a path is players': those alone are open to every origin, and counted.

    `prefix` is the path of public_base_url, which may stand before it or not.
    """
    own = path.removeprefix(prefix)
    return own.startswith((playback_url.PATH + ".", child_url.PATH + "/")) or (
        own == playback_url.PATH
    )


class Streams:
    """Counts the requests for media from their first to their last byte, up to `limit`."""

    def __init__(self, app: ASGIApp, limit: int, prefix: str) -> None:
        self._app = app
        self._prefix = prefix
        self._limit = limit
        self._active = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not is_media(scope["path"], self._prefix):
            await self._app(scope, receive, send)
            return
        if self._active >= self._limit:
            # RFC 9110 section 15.6.4; a stream ends in a while, so Retry-After is short.
            full = problem(503, "serve.max_streams are being sent", retry_after=_RETRY_AFTER)
            await full(scope, receive, send)
            return
        self._active += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._active -= 1
