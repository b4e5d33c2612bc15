"""Routes of a scripted upstream: files, failures, and ways to spoil another route."""

import asyncio
import gzip
import itertools
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace

from stage.upstream import Answer, Request, Route
from strmctl.domain.http.ranges import UnsatisfiableRange, select_range

_NO_FIELDS: Mapping[str, str] = {}

FORBIDDEN = Answer(403, b"expired", {"Content-Type": "text/plain"})
HANG_UP = Answer(cut_after=-1)
WEB_PAGE = b"<!DOCTYPE html><html><title>Gone</title><p>#EXTM3U is not here</html>"
PLAYLIST_TYPE = "application/vnd.apple.mpegurl"


def always(answer: Answer) -> Route:
    return lambda request: answer


def playlist(text: str | bytes, media_type: str = PLAYLIST_TYPE) -> Route:
    content = text.encode() if isinstance(text, str) else text
    return always(Answer(200, content, {"Content-Type": media_type}))


def file(
    content: bytes,
    *,
    etag: str = "",
    last_modified: str = "",
    media_type: str = "application/octet-stream",
) -> Route:
    """Answers as a good server does, with Range and If-Range (RFC 9110 section 14)."""
    validators = {"ETag": etag, "Last-Modified": last_modified}
    fields = {name: value for name, value in validators.items() if value}
    fields |= {"Content-Type": media_type, "Accept-Ranges": "bytes"}

    def route(request: Request) -> Answer:
        condition = request.fields.get("if-range")
        wanted = request.fields.get("range")
        if condition is not None and condition not in (etag, last_modified):
            wanted = None
        try:
            part = select_range(wanted, len(content))
        except UnsatisfiableRange:
            return Answer(416, b"", {"Content-Range": f"bytes */{len(content)}"})
        if part is None:
            return Answer(200, content, fields)
        body = content[part.first : part.last + 1]
        return Answer(206, body, {**fields, "Content-Range": part.field()})

    return route


def deaf(route: Route, *names: str) -> Route:
    """The route without these request fields: a server that ignores them."""
    return lambda request: route(replace(request, fields=_without(request.fields, names)))


def in_turn(*routes: Route) -> Route:
    """The n-th request goes the n-th way, all later ones the last."""
    numbers = itertools.count()
    return lambda request: routes[min(next(numbers), len(routes) - 1)](request)


def cut(route: Route, *, every: int) -> Route:
    """Closes the connection after so many bytes of every body that is longer."""

    def spoiled(request: Request) -> Answer:
        answer = route(request)
        assert isinstance(answer.body, bytes)
        return replace(answer, cut_after=every) if len(answer.body) > every else answer

    return spoiled


def gzipped(
    route: Route, coding: str = "gzip", pack: Callable[[bytes], bytes] = gzip.compress
) -> Route:
    """Compresses every body, whether that was asked for or not."""

    def spoiled(request: Request) -> Answer:
        answer = route(request)
        assert isinstance(answer.body, bytes)
        fields = {**answer.fields, **({"Content-Encoding": coding} if coding else {})}
        return replace(answer, body=pack(answer.body), fields=fields)

    return spoiled


class Gate:
    """A route whose body stops after `head` bytes until the gate is opened."""

    def __init__(self, content: bytes, head: int, fields: Mapping[str, str] = _NO_FIELDS) -> None:
        self._content, self._head = content, head
        self._fields = {"Content-Length": str(len(content)), **fields}
        self._open = threading.Event()

    def open(self) -> None:
        self._open.set()

    def __call__(self, request: Request) -> Answer:
        return Answer(200, self._body, self._fields)

    async def _body(self) -> AsyncIterator[bytes]:
        yield self._content[: self._head]
        while not self._open.is_set():
            await asyncio.sleep(0.01)
        yield self._content[self._head :]


def unmeasured(route: Route) -> Route:
    """Chunked, without a length; of a part too."""

    def spoiled(request: Request) -> Answer:
        answer = route(request)
        content = answer.body
        assert isinstance(content, bytes)

        async def body() -> AsyncIterator[bytes]:
            for start in range(0, len(content), 50_000):
                yield content[start : start + 50_000]

        return replace(answer, body=body)

    return spoiled


def endless(piece: bytes, first: bytes = b"", fields: Mapping[str, str] = _NO_FIELDS) -> Route:
    """A body that never ends, in pieces."""

    async def body() -> AsyncIterator[bytes]:
        yield first or piece
        while True:
            yield piece
            await asyncio.sleep(0)

    return always(Answer(200, body, fields))


def _without(fields: Mapping[str, str], names: tuple[str, ...]) -> Mapping[str, str]:
    return {name: value for name, value in fields.items() if name not in names}
