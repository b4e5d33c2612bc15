"""A file, or a part of one, sent to a player as if it were a file of its own."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from strmctl.domain import media_kind
from strmctl.domain.hls.media_playlist import Resource
from strmctl.domain.hls.naming import upstream_extension
from strmctl.domain.http_fields import (
    ContentRange,
    UnsatisfiableRange,
    is_single_range,
    select_range,
)
from strmctl.errors import UpstreamError
from strmctl.services.body import Body
from strmctl.services.session import Session
from strmctl.upstream.response import UpstreamResponse

T = TypeVar("T")
Locate = Callable[[Session], Awaitable[Resource]]
"""Where the media is now: an absolute URL and the part of it that is meant."""

_VALIDATORS = ("ETag", "Last-Modified")


class Heal(Protocol):
    """Runs a step with the current session, and once more with a new one where it fails."""

    async def __call__(self, step: Callable[[Session], Awaitable[T]]) -> T: ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """The part of a player's request that the upstream may learn."""

    range: str | None = None
    if_range: str | None = None

    def fields(self) -> dict[str, str]:
        if self.range is None or not is_single_range(self.range):
            return {}
        fields = {"range": self.range}
        return {**fields, "if_range": self.if_range} if self.if_range else fields


@dataclass(frozen=True, slots=True)
class MediaAnswer:
    """Status, response fields and body (None for 416); `close` ends the upstream's answer."""

    status: int
    fields: Mapping[str, str] = field(repr=False)
    body: Body | None = None

    def close(self) -> None:
        if self.body is not None:
            self.body.close()


@dataclass(frozen=True, slots=True)
class _Entity:
    """What tells that another answer holds the same bytes."""

    total: int | None
    etag: str | None

    @classmethod
    def of(cls, response: UpstreamResponse) -> "_Entity":
        return cls(response.total, response.etag)

    def check(self, other: "_Entity") -> None:
        """Raises UpstreamError unless `other` may continue this one."""
        if self.total is None or self.total != other.total:
            raise UpstreamError("the upstream's file has another length now", final=True)
        if self.etag and other.etag and self.etag != other.etag:
            raise UpstreamError("the upstream's file has changed", final=True)


class Media:
    """Opens what `locate` finds; a body that is cut off goes on through `heal`."""

    def __init__(self, locate: Locate, heal: Heal) -> None:
        self._locate = locate
        self._heal = heal

    async def open(self, session: Session, wanted: Wanted, media_type: str) -> MediaAnswer:
        """Raises UpstreamError."""
        resource = await self._locate(session)
        if resource.byte_range is not None:
            return await self._open_part(session, resource, wanted, media_type)
        response = await session.fetch(resource.uri, **wanted.fields())
        return self.whole(response, media_type)

    def whole(self, response: UpstreamResponse, media_type: str) -> MediaAnswer:
        """The answer made from a response to the player's own Range."""
        fields = {"Content-Type": media_type}
        if response.status == 416:
            response.close()
            return MediaAnswer(416, {"Content-Range": response.field("Content-Range")})
        if response.length is not None:
            fields["Content-Length"] = str(response.length)
        part = response.content_range
        if part is not None:
            fields["Content-Range"] = part.field()
        if part is not None or response.field("Accept-Ranges") == "bytes":
            fields["Accept-Ranges"] = "bytes"
        fields |= {name: response.field(name) for name in _VALIDATORS if response.field(name)}
        span = part or _span(response.length)
        return MediaAnswer(response.status, fields, self._body(response, span, skip=0))

    async def _open_part(
        self, session: Session, resource: Resource, wanted: Wanted, media_type: str
    ) -> MediaAnswer:
        """A byte range of the upstream's file: 200 with exactly its bytes, or 206 of those."""
        assert resource.byte_range is not None
        offset, length = resource.byte_range
        try:
            part = select_range(wanted.range, length)
        except UnsatisfiableRange:
            return MediaAnswer(416, {"Content-Range": f"bytes */{length}"})
        inner = part or ContentRange(0, length - 1, length)
        span = ContentRange(offset + inner.first, offset + inner.last, None)
        response, skip = await _from(session, resource.uri, span)
        fields = {"Content-Type": media_type, "Content-Length": str(span.length)}
        fields["Accept-Ranges"] = "bytes"
        if part is not None:
            fields["Content-Range"] = part.field()
        return MediaAnswer(200 if part is None else 206, fields, self._body(response, span, skip))

    def _body(self, response: UpstreamResponse, span: ContentRange | None, skip: int) -> Body:
        if span is None:
            return Body(response, length=None)
        entity = _Entity.of(response)

        async def resume(sent: int) -> tuple[UpstreamResponse, int]:
            rest = ContentRange(span.first + sent, span.last, span.total)

            async def step(session: Session) -> tuple[UpstreamResponse, int]:
                resource = await self._locate(session)
                again, skip = await _from(session, resource.uri, rest)
                try:
                    entity.check(_Entity.of(again))
                except UpstreamError:
                    again.close()
                    raise
                return again, skip

            return await self._heal(step)

        return Body(response, length=span.length, skip=skip, resume=resume)


def file_type(response: UpstreamResponse, head: bytes, url: str) -> str:
    """The media type of a plain file: what its bytes say, else what the upstream says."""
    told = response.content_type
    if told.startswith(("video/", "audio/")):
        return told
    return media_kind.sniffed_type(head) or media_kind.media_type(upstream_extension(url))


async def _from(session: Session, url: str, span: ContentRange) -> tuple[UpstreamResponse, int]:
    """A response that holds `span`, and how many bytes of it come before.

    An upstream that ignores Range sends everything (RFC 9110 section 14.2).
    """
    response = await session.fetch(url, range=f"bytes={span.first}-{span.last}")
    part = response.content_range
    if part is not None and part.first == span.first:
        return response, 0
    if response.status == 200:
        return response, span.first
    response.close()
    raise UpstreamError("the upstream answered another range than the one asked for")


def _span(length: int | None) -> ContentRange | None:
    return ContentRange(0, length - 1, length) if length else None
