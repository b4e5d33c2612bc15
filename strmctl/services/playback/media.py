"""A file, or a part of one, sent to a player as if it were a file of its own."""

import logging
from collections.abc import Mapping, Sequence
from functools import partial

from strmctl import tracing
from strmctl.discreet import Discreet
from strmctl.domain.hls.listed import ByteRange, Resource
from strmctl.domain.hls.naming import is_part, upstream_extension
from strmctl.domain.hls.run import Component
from strmctl.domain.http.ranges import ContentRange, UnsatisfiableRange, Wanted
from strmctl.domain.http.response_fields import strong_etag, unsatisfied_range
from strmctl.domain.media import harmless_data, media_kind
from strmctl.domain.media.not_media import Expected, Kind, listed
from strmctl.errors import UpstreamError
from strmctl.services.observer import Observer
from strmctl.services.playback.fetching.body import Body, Listener
from strmctl.services.playback.fetching.parsing import beside_the_loop
from strmctl.services.playback.healing import Healing
from strmctl.services.playback.segment_cache import SegmentCache
from strmctl.services.playback.source.source import Place, Source
from strmctl.upstream.response import UpstreamResponse

_VALIDATORS = ("ETag", "Last-Modified")
_NO_FIELDS: Mapping[str, str] = {}

log = logging.getLogger(__name__)


class MediaAnswer(Discreet, frozen=True):
    """Status, response fields and body (None for 416); `close` ends the upstream's answer.

    `is_described` is false for a 416 of an upstream that may have validators for the whole.
    """

    hidden = ("fields",)

    status: int
    fields: Mapping[str, str]
    body: Body | None = None
    is_described: bool = True

    def close(self) -> None:
        if self.body is not None:
            self.body.close()


class Media:
    """Opens what `place` names; a body that is cut off goes on through `healing`.

    `cache` keeps what media servers probe; None for what it may not keep.
    """

    def __init__(
        self, place: Place, healing: Healing, observer: Observer, cache: SegmentCache | None = None
    ) -> None:
        self._place = place
        self._healing = healing
        self._observer = observer
        self._cache = cache

    async def open(self, source: Source, wanted: Wanted, media_type: str) -> MediaAnswer:
        """A segment, key or the like. Raises UpstreamError."""
        resource = await source.locate(self._place)
        url, real = resource.uri, resource.byte_range
        expected = listed(self._place.name, media_type, resource.size)
        known = self._read_already(source, resource, wanted, media_type)
        if known is not None:
            return known
        if expected.kind is Kind.DATA:
            return await self._data(source, url, wanted, media_type, expected)
        if real is not None:
            return await self._part(source, url, real, wanted, media_type, expected)
        response, offset = await source.open_listed(self._place, resource, wanted, expected)
        if offset:
            return self._behind(source, offset, response, wanted, media_type)
        return self.whole(source, url, response, media_type)

    async def _data(
        self, source: Source, url: str, wanted: Wanted, media_type: str, expected: Expected
    ) -> MediaAnswer:
        """Data that is no media; a text only if it holds no address and no token."""
        response = await source.fetch.fetch(url, expected=expected)
        if not harmless_data.may_be_text(await response.peek(media_kind.SNIFF_BYTES)):
            return self.whole(source, url, response, media_type)
        async with source.fetch.room() as room:
            data = await source.fetch.read(
                response, harmless_data.LARGEST, room, what="data beside a playlist"
            )
        shown = await beside_the_loop(partial(harmless_data.harmless, data), len(data))
        if shown is None:
            what = "text that holds an address or a token is not passed on"
            raise UpstreamError(what, http_status=404, final=True)
        return from_memory(shown, {"Content-Type": media_type, "ETag": strong_etag(shown)}, wanted)

    def _read_already(
        self, source: Source, resource: Resource, wanted: Wanted, media_type: str
    ) -> MediaAnswer | None:
        """An answer from memory; None where there is none."""
        prelude = source.prelude(self._place, resource)
        if prelude is not None:
            tracing.step(log, "cache", "it was read with its playlist")
            return from_memory(prelude.data, {"Content-Type": media_type, **prelude.fields}, wanted)
        if self._cache is None or wanted.if_range or resource.byte_range is not None:
            return None
        found = self._cache.find((source.number, resource.uri))
        if found is None:
            return None
        tracing.step(log, "cache", "it is at hand")
        return from_memory(found.data, found.fields, wanted)

    def whole(
        self, source: Source, url: str, response: UpstreamResponse, media_type: str
    ) -> MediaAnswer:
        """The answer to a player whose own Range the upstream has answered."""
        if response.status == 416:
            response.close()
            size, shown = unsatisfied_range(response.field("Content-Range")), _shown_by(response)
            return MediaAnswer(416, {**size, **shown}, is_described=bool(shown))
        part = response.selected
        fields = {"Content-Type": media_type, **_shown_by(response)}
        if response.content_range is not None or response.field("Accept-Ranges") == "bytes":
            fields["Accept-Ranges"] = "bytes"
        # Some upstreams answer with a part though all was asked for: the rest is asked for after
        # it, as after a drop.
        length = response.length if part is not None else response.total
        span = part or _span(length)
        recorder = None
        if self._cache is not None and part is None and span is not None:
            recorder = self._cache.recorder((source.number, url), fields, span.length)
        witness = self._witness(source, part, response.total)
        skip = part.first - response.content_range.first if part and response.content_range else 0
        is_sure = not response.ends_by_itself
        body = self._body(response, span, skip, _heard_by(recorder, witness), is_sure=is_sure)
        return answer(length, part, fields, body, is_sure=is_sure)

    async def _part(
        self,
        source: Source,
        url: str,
        real: ByteRange,
        wanted: Wanted,
        media_type: str,
        expected: Expected,
        *,
        is_cut: bool = False,
    ) -> MediaAnswer:
        """A byte range of the upstream's file: 200 with exactly these bytes, or 206 with a part.

        `is_cut` says that `real` has been shortened already, to where the file ends.
        """
        try:
            part = wanted.part(real.length)
        except UnsatisfiableRange:
            return unsatisfiable(real.length)
        span = _within(real, part)
        ask = partial(
            source.fetch.fetch_span, url, expected=expected, patient=is_part(self._place.name)
        )
        try:
            response, skip = await ask(span)
        except UpstreamError as failure:
            if failure.status != 416 or part is None or is_cut:
                raise
            # Nothing is where the last bytes of what is listed would be, but before that may be.
            response, skip = await ask(_within(real, None))
            skip += part.first
        there = self._in_file(real, response, is_cut=is_cut)
        if there != real:
            response.close()
            return await self._part(source, url, there, wanted, media_type, expected, is_cut=True)
        if part is None:
            await source.check_prelude(self._place, Resource(url, real), response, skip)
        return self._slice(source, real, part, response, skip, media_type)

    def _in_file(self, real: ByteRange, response: UpstreamResponse, *, is_cut: bool) -> ByteRange:
        """How much of a listed byte range the file really has (RFC 9110 section 14.1.2).

        Close the response and raise UpstreamError where the file may still grow, ends before the
        range, or has become shorter once more.
        """
        total = response.total
        if total is None or real.offset + real.length <= total:
            return real
        if is_cut or total <= real.offset or not Component.parse(self._place.cut).is_of_finished:
            response.close()
            what = "the upstream's file ends before the byte range that its playlist lists"
            raise UpstreamError(what, status=response.status, lasting=True)
        return ByteRange(real.offset, total - real.offset)

    def _behind(
        self,
        source: Source,
        offset: int,
        response: UpstreamResponse,
        wanted: Wanted,
        media_type: str,
    ) -> MediaAnswer:
        """The media that stand behind an image of `offset` bytes, from a response with all of it.

        Without a known length no part of them can be selected.
        """
        if response.total is None:
            body = Body(response, length=None, skip=offset)
            return answer(None, None, {"Content-Type": media_type}, body)
        real = ByteRange(offset, response.total - offset)
        try:
            part = wanted.part(real.length)
        except UnsatisfiableRange:
            response.close()
            return unsatisfiable(real.length)
        skip = _within(real, part).first
        return self._slice(source, real, part, response, skip, media_type)

    def _slice(
        self,
        source: Source,
        real: ByteRange,
        part: ContentRange | None,
        response: UpstreamResponse,
        skip: int,
        media_type: str,
    ) -> MediaAnswer:
        """All of `real`, or a `part` of it, which comes after `skip` bytes of the response."""
        witness = self._witness(source, part, real.length)
        is_sure = self._is_there(response)
        body = self._body(response, _within(real, part), skip, _heard_by(witness), is_sure=is_sure)
        # Each part of a slice can be had, even from an upstream that ignores Range.
        fields = {"Content-Type": media_type, "Accept-Ranges": "bytes"}
        return answer(real.length, part, fields, body, is_sure=is_sure)

    def _is_there(self, response: UpstreamResponse) -> bool:
        """Whether all that is listed comes; a file that still grows has the rest soon."""
        is_finished = Component.parse(self._place.cut).is_of_finished
        return not (response.ends_by_itself and is_finished)

    def _witness(
        self, source: Source, part: ContentRange | None, total: int | None
    ) -> Listener | None:
        """Only what begins at the first byte shows which content it is."""
        return None if part and part.first else source.witness(self._place, total)

    def _body(
        self,
        response: UpstreamResponse,
        span: ContentRange | None,
        skip: int,
        listeners: Sequence[Listener],
        *,
        is_sure: bool,
    ) -> Body:
        """`span` of the file, None for a body of unknown length; `skip` bytes come before it."""
        known = response.representation
        by_range = bool(known.validator) and not response.is_encoded

        async def resume(sent: int) -> tuple[UpstreamResponse, int]:
            async def step(source: Source) -> tuple[UpstreamResponse, int]:
                url = (await source.locate(self._place)).uri
                # Where it ended if a validator shows that the file is the same, else from its
                # beginning, which is compared.
                if span is None:
                    return await source.fetch.fetch_rest(url, sent, known, by_range=by_range)
                rest = ContentRange(span.first + sent, span.last, span.total)
                return await source.fetch.fetch_span(url, rest, known)

            return await self._healing(step)

        return Body(
            response,
            length=None if span is None else span.length,
            skip=skip,
            resume=resume,
            listeners=listeners,
            observer=self._observer,
            may_be_less=span is not None and not is_sure,
        )


def answer(
    total: int | None,
    part: ContentRange | None,
    fields: Mapping[str, str],
    body: Body,
    *,
    is_sure: bool = True,
) -> MediaAnswer:
    """200 with all of `total` bytes (None: not known), or 206 with `part` of them.

    Unless that `is_sure`, there may be fewer: the part that was asked for goes beyond the file.
    """
    length = total if part is None else part.length
    made = dict(fields)
    if length is not None and is_sure:
        made["Content-Length"] = str(length)
    if part is not None:
        made["Content-Range"] = part.field()
    return MediaAnswer(200 if part is None else 206, made, body)


def from_memory(data: bytes, fields: Mapping[str, str], wanted: Wanted) -> MediaAnswer:
    """Bytes that are at hand, or the wanted part of them."""
    total = len(data)
    try:
        part = wanted.part(total, validators(fields).values())
    except UnsatisfiableRange:
        return unsatisfiable(total, fields)
    data = data if part is None else data[part.first : part.last + 1]
    return answer(total, part, fields, Body(None, length=len(data), known=data))


def unsatisfiable(total: int, fields: Mapping[str, str] = _NO_FIELDS) -> MediaAnswer:
    """RFC 9110 section 15.5.17; `fields` are those of the whole."""
    return MediaAnswer(416, {"Content-Range": f"bytes */{total}", **validators(fields)})


def validators(fields: Mapping[str, str]) -> dict[str, str]:
    """What says which representation an answer is of (RFC 9110 section 8.8)."""
    return {name: fields[name] for name in _VALIDATORS if name in fields}


def file_type(response: UpstreamResponse, head: bytes, url: str) -> str:
    """The media type of a plain file: what its bytes say, else what the upstream says."""
    if media_kind.is_web_vtt(head):
        return media_kind.media_type(".vtt")
    said = media_kind.video_or_audio(response.content_type)
    return said or media_kind.sniffed_type(head) or media_kind.media_type(upstream_extension(url))


def _shown_by(response: UpstreamResponse) -> dict[str, str]:
    return {name: value for name in _VALIDATORS if (value := response.field(name))}


def _heard_by(*listeners: Listener | None) -> Sequence[Listener]:
    return list(filter(None, listeners))


def _within(real: ByteRange, part: ContentRange | None) -> ContentRange:
    """Where the upstream has the wanted part of `real`, or all of it."""
    first, last = (0, real.length - 1) if part is None else (part.first, part.last)
    return ContentRange(real.offset + first, real.offset + last, None)


def _span(length: int | None) -> ContentRange | None:
    return ContentRange(0, length - 1, length) if length else None
