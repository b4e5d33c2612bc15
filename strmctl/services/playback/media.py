"""A file, or a part of one, sent to a player as if it were a file of its own."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from strmctl import tracing
from strmctl.domain.hls.media_playlist import ByteRange, Resource
from strmctl.domain.hls.naming import upstream_extension
from strmctl.domain.http.ranges import (
    ContentRange,
    UnsatisfiableRange,
    Wanted,
    select_range,
)
from strmctl.domain.http.representation import Representation
from strmctl.domain.media import disguise, media_kind
from strmctl.services.playback.body import Body, Resume
from strmctl.services.playback.edge_cache import EdgeCache, Recorder
from strmctl.services.playback.healing import Healing
from strmctl.services.playback.source import Session
from strmctl.upstream.response import UpstreamResponse

Locate = Callable[[Session], Awaitable[Resource]]
"""Where the media is now: an absolute URL and the part of it that is meant."""

_VALIDATORS = ("ETag", "Last-Modified")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MediaAnswer:
    """Status, response fields and body (None for 416); `close` ends the upstream's answer."""

    status: int
    fields: Mapping[str, str] = field(repr=False)
    body: Body | None = None

    def close(self) -> None:
        if self.body is not None:
            self.body.close()


class Media:
    """Opens what `locate` finds; a body that is cut off goes on through `healing`.

    `edges` keeps what media servers probe; None where that does not pay.
    """

    def __init__(self, locate: Locate, healing: Healing, edges: EdgeCache | None = None) -> None:
        self._locate = locate
        self._healing = healing
        self._edges = edges

    async def open(
        self, session: Session, wanted: Wanted, media_type: str, *, patient: bool = False
    ) -> MediaAnswer:
        """A segment, key or the like; `patient` for one that is only announced yet.

        Raises UpstreamError.
        """
        resource = await self._locate(session)
        if resource.byte_range is not None:
            return await self._part(session, resource.uri, resource.byte_range, wanted, media_type)
        known = self.known(resource.uri, wanted)
        if known is not None:
            return known
        fields = {} if session.disguises else wanted.fields()
        response = await session.fetcher.fetch(
            resource.uri, fields, listed_as=media_type, patient=patient
        )
        offset = await _disguise(response)
        if offset:
            session.disguises = True
            return self._behind(offset, response, wanted, media_type)
        return self.whole(resource.uri, response, media_type, is_segment=True)

    def known(self, url: str, wanted: Wanted) -> MediaAnswer | None:
        """An answer whose first bytes are at hand; the upstream is asked when they are sent."""
        if self._edges is None or wanted.if_range:
            return None
        try:
            edge = self._edges.find(url, wanted.span)
        except UnsatisfiableRange:
            return None
        if edge is None or edge.representation.total is None:
            return None
        tracing.step(log, "cache", "the first bytes are at hand")
        span = wanted.span(edge.representation.total)
        part = select_range(wanted.range, edge.representation.total)
        fields = {**edge.fields, "Content-Length": str(span.length)}
        if part is not None:
            fields["Content-Range"] = part.field()
        body = Body(
            None,
            length=span.length,
            known=edge.begins(span),
            resume=self._resume(edge.representation, span),
            observer=self._healing.observer,
        )
        return MediaAnswer(200 if part is None else 206, fields, body)

    def whole(
        self,
        url: str,
        response: UpstreamResponse,
        media_type: str,
        *,
        is_segment: bool = False,
    ) -> MediaAnswer:
        """The answer made from a response to the player's own Range of `url`."""
        if response.status == 416:
            response.close()
            return MediaAnswer(416, {"Content-Range": response.field("Content-Range")})
        fields = {"Content-Type": media_type}
        part = response.content_range
        if part is not None or response.field("Accept-Ranges") == "bytes":
            fields["Accept-Ranges"] = "bytes"
        fields |= {name: response.field(name) for name in _VALIDATORS if response.field(name)}
        span = part or _span(response.length)
        listener = None
        if self._edges is not None and span is not None:
            listener = self._edges.recorder(
                url, response.representation, dict(fields), span.first, whole=is_segment
            )
        if response.length is not None:
            fields["Content-Length"] = str(response.length)
        if part is not None:
            fields["Content-Range"] = part.field()
        body = self._body(response, span, skip=0, listener=listener)
        return MediaAnswer(response.status, fields, body)

    async def _part(
        self, session: Session, url: str, real: ByteRange, wanted: Wanted, media_type: str
    ) -> MediaAnswer:
        """A byte range of the upstream's file: 200 with exactly its bytes, or 206 of those."""
        try:
            part = select_range(wanted.range, real.length)
        except UnsatisfiableRange:
            return _unsatisfiable(real)
        span = _within(real, part)
        response, skip = await session.fetcher.fetch_span(url, span, listed_as=media_type)
        return self._sent(response, span, skip, part, media_type)

    def _behind(
        self, offset: int, response: UpstreamResponse, wanted: Wanted, media_type: str
    ) -> MediaAnswer:
        """What follows `offset` in a response that holds everything, or a part of that.

        Of an unknown length no part can be told.
        """
        if response.total is None:
            body = Body(response, length=None, skip=offset)
            return MediaAnswer(200, {"Content-Type": media_type}, body)
        real = ByteRange(offset, response.total - offset)
        try:
            part = select_range(wanted.range, real.length)
        except UnsatisfiableRange:
            response.close()
            return _unsatisfiable(real)
        span = _within(real, part)
        return self._sent(response, span, span.first, part, media_type)

    def _sent(
        self,
        response: UpstreamResponse,
        span: ContentRange,
        skip: int,
        part: ContentRange | None,
        media_type: str,
    ) -> MediaAnswer:
        fields = {
            "Content-Type": media_type,
            "Content-Length": str(span.length),
            "Accept-Ranges": "bytes",
        }
        if part is not None:
            fields["Content-Range"] = part.field()
        status = 200 if part is None else 206
        return MediaAnswer(status, fields, self._body(response, span, skip))

    def _body(
        self,
        response: UpstreamResponse,
        span: ContentRange | None,
        skip: int,
        listener: Recorder | None = None,
    ) -> Body:
        if span is None:
            return Body(response, length=None)
        resume = self._resume(response.representation, span)
        return Body(
            response,
            length=span.length,
            skip=skip,
            resume=resume,
            listener=listener,
            observer=self._healing.observer,
        )

    def _resume(self, representation: Representation, span: ContentRange) -> Resume:
        async def resume(sent: int) -> tuple[UpstreamResponse, int]:
            rest = ContentRange(span.first + sent, span.last, span.total)

            async def step(session: Session) -> tuple[UpstreamResponse, int]:
                resource = await self._locate(session)
                return await session.fetcher.fetch_span(resource.uri, rest, representation)

            return await self._healing(step)

        return resume


def file_type(response: UpstreamResponse, head: bytes, url: str) -> str:
    """The media type of a plain file: what its bytes say, else what the upstream says."""
    told = media_kind.video_or_audio(response.content_type)
    return told or media_kind.sniffed_type(head) or media_kind.media_type(upstream_extension(url))


async def _disguise(response: UpstreamResponse) -> int:
    """How many bytes of an image stand before the media; 0 where the body is what it seems."""
    part = response.content_range
    if part is not None and part.length != part.total:
        return 0
    if response.status == 416:
        return 0
    if not disguise.looks_disguised(await response.peek(8, disguise.may_be_disguised)):
        return 0
    return disguise.media_offset(await response.peek(disguise.SEARCHED_BYTES))


def _within(real: ByteRange, part: ContentRange | None) -> ContentRange:
    """Where the upstream has the wanted part of `real`, or all of it."""
    first, last = (0, real.length - 1) if part is None else (part.first, part.last)
    return ContentRange(real.offset + first, real.offset + last, None)


def _unsatisfiable(real: ByteRange) -> MediaAnswer:
    return MediaAnswer(416, {"Content-Range": f"bytes */{real.length}"})


def _span(length: int | None) -> ContentRange | None:
    return ContentRange(0, length - 1, length) if length else None
