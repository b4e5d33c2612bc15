"""An upstream's answer is read as it comes; whatever fails on the way is an UpstreamError."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Protocol

from aiohttp import ClientError, ClientResponse

from strmctl.domain.http.content_coding import Decoder, DecodingError, applied, is_readable
from strmctl.domain.http.ranges import (
    ContentRange,
    asked_part,
    is_all,
    parse_content_range,
    strong_validator,
)
from strmctl.domain.http.representation import Representation
from strmctl.domain.http.response_fields import printable, unsatisfied_range
from strmctl.errors import UpstreamError


class Pipe(Protocol):
    """Brings the rest of a body to a client, past Python where it can; `sent` counts its bytes.

    `pour` raises what aiohttp raises where a body is cut off.
    """

    sent: int

    @property
    def is_held_back(self) -> bool: ...

    async def room(self) -> None: ...

    def can_take(self, response: ClientResponse, rest: int) -> bool: ...

    async def pour(self, response: ClientResponse, rest: int) -> None: ...


class UpstreamResponse:
    """Status, fields and body; `url` is where it came from after redirects."""

    def __init__(self, response: ClientResponse, url: str) -> None:
        self._response = response
        self._head = b""
        self._ended = False
        self._cut: UpstreamError | None = None
        self.is_late = False
        """Whether the last `peek` has given up waiting for more."""
        self.status = response.status
        self.url = url
        codings = response.headers.getall("Content-Encoding", ())
        self._codings = applied(codings) if codings else []
        self.is_encoded = bool(self._codings)
        is_decoded = self.is_encoded and is_readable(self._codings)
        self._decoder = Decoder(self._codings) if is_decoded else None
        self._decoded: Iterator[bytes] = iter(())
        # Read here once: each segment is asked about them a dozen times.
        self.content_range: ContentRange | None = None
        text = self.field("Content-Length")
        # Of a decoded body it would be the wrong length: 0 bytes arrive (docs/peers.md, row 8).
        self.length = int(text) if text.isdecimal() and not self.is_encoded else None
        """Bytes that will come; None where that is not known or they come decoded."""
        total = self.length
        if self.status == 206 or (self.status == 200 and "Content-Range" in response.headers):
            part = parse_content_range(self.field("Content-Range"))
            if self._is_all_unsaid():
                self.status = 200
            elif self.status == 206 or (part is not None and self._is_the_asked(part)):
                self.status, self.content_range, total = 206, part, part and part.total
        etag = strong_validator(self.field("ETag"))
        self.representation = Representation(total, etag, self.field("Last-Modified"))

    def __repr__(self) -> str:
        return f"UpstreamResponse({self.status})"

    def field(self, name: str) -> str:
        """Its value in printable ASCII; any other value counts as absent."""
        found = self._response.headers.get(name)
        return printable(found) if found else ""

    @property
    def location(self) -> str:
        """As the upstream wrote it, perhaps with letters beyond ASCII."""
        return self._response.headers.get("Location", "")

    def fields(self, name: str) -> Sequence[str]:
        """All fields of a name that may be repeated."""
        return self._response.headers.getall(name, [])

    @property
    def content_type(self) -> str:
        return self.field("Content-Type")

    @property
    def ends_by_itself(self) -> bool:
        """Whether its end alone shows how long it is: neither field nor file says it before.

        A Content-Range may only repeat what was asked for; another end is the upstream's own word.
        """
        coding, part = self.field("Transfer-Encoding").lower(), self.content_range
        value = self._response.request_info.headers.get("Range", "")
        is_repeated = part is None or value == f"bytes={part.first}-{part.last}"
        is_unsaid = self.length is None and self.total is None and is_repeated
        return is_unsaid and "chunked" in coding

    @property
    def selected(self) -> ContentRange | None:
        """The part that was asked for; the answer may hold less of it, or more.

        None where no part was asked for, though one may have come (RFC 9110 section 15.3.7).
        """
        value = self._response.request_info.headers.get("Range")
        if self.content_range is None or value is None:
            return None
        return asked_part(value, self.content_range)

    def _is_all_unsaid(self) -> bool:
        """Whether a part that does not say which is all, since all was asked for.

        curl and ffmpeg take it so. Several parts say it within the body (RFC 9110 section 14.6).
        """
        value = self._response.request_info.headers.get("Range")
        is_multipart = self.content_type.lower().startswith("multipart/")
        is_said = "Content-Range" in self._response.headers or is_multipart
        return not is_said and (value is None or is_all(value))

    def _is_the_asked(self, part: ContentRange) -> bool:
        """Whether the body of a 200 is as long as this, and not as the file: scripts send that.

        RFC 9110 section 14.4 gives the field no meaning there; such a part would be the whole.
        """
        value = self._response.request_info.headers.get("Range")
        is_less = part.length == self.length and part.total not in (None, part.length)
        return value is not None and is_less and asked_part(value, part) is not None

    @property
    def total(self) -> int | None:
        """Bytes of the whole representation, of which this may be a part."""
        return self.representation.total

    @property
    def unsatisfied_total(self) -> int | None:
        """Bytes of the whole representation, as a 416 says (RFC 9110 section 14.4)."""
        text = unsatisfied_range(self.field("Content-Range")).get("Content-Range", "")
        return int(text.rpartition("/")[2]) if self.status == 416 and text else None

    async def peek(
        self,
        size: int,
        undecided: Callable[[bytes], bool] = lambda head: True,
        *,
        patience: float | None = None,
    ) -> bytes:
        """The first bytes; they stay in the body.

        There are fewer than `size` of them if the body is shorter or cut off, if fewer are not
        `undecided`, or if the next ones take longer than `patience` seconds. Raises UpstreamError
        where not even one comes.
        """
        self.is_late = False
        while not (self._ended or self._cut) and (
            not self._head or (len(self._head) < size and undecided(self._head))
        ):
            try:
                if patience is None or not self._head:
                    self._head += await self._next(keeps=patience is not None)
                elif not await self._more_within(patience):
                    self.is_late = True
                    break
            except UpstreamError as cut:
                # A coded body cannot be resumed, but another answer may be whole.
                if not self._head or self.is_encoded:
                    raise
                self._cut = cut  # Raised when somebody reads on, who may get the rest elsewhere.
        return self._head

    def arrived(self) -> bytes:
        """The first bytes as far as they are here, without a wait; they stay in the body."""
        content = self._response.content
        if not (self._head or self.is_encoded or content.exception()):
            self._head = content.read_nowait()
        return self._head

    @property
    def taken(self) -> bytes:
        """What `peek` has read; it stays in the body."""
        return self._head

    async def _more_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds) as waiting:
                self._head += await self._next(keeps=True)
        except TimeoutError:
            if not waiting.expired():
                raise
            return False
        return True

    @property
    def is_cut(self) -> bool:
        """Whether the body has been seen to end too early."""
        return self._cut is not None

    @property
    def is_over(self) -> bool:
        """Whether all of the body that will ever come is here."""
        return self._ended or self._cut is not None

    async def read(self, limit: int) -> bytes:
        """The whole body; raises UpstreamError when it is longer than `limit` bytes."""
        parts: list[bytes] = []
        size = 0
        async for chunk in self.chunks():
            size += len(chunk)
            if size > limit:
                self.close()
                raise UpstreamError(f"the upstream's answer is longer than {limit} bytes")
            parts.append(chunk)
        return b"".join(parts)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives; raises UpstreamError when it is cut off or stalls."""
        if self._head:
            yield self._without_head()
        if self._cut is not None:
            raise self._cut
        while not self._ended:
            # Without a name, which would keep it for as long as its reader is busy.
            yield await self._next()

    def _without_head(self) -> bytes:
        head, self._head = self._head, b""
        return head

    async def _next(self, *, keeps: bool = False) -> bytes:
        """`keeps` leaves the response open if the wait is cancelled."""
        if not self.is_encoded:
            return await self._received(keeps=keeps)
        if self._decoder is None:
            raise self._unreadable()
        # A few bytes may decode to many: others get their turn between the pieces.
        await asyncio.sleep(0)
        try:
            while (piece := next(self._decoded, None)) is None:
                chunk = await self._received(keeps=keeps)
                if self._ended:
                    # A part of a coded body may end anywhere; a probe asks for one.
                    if self.status != 206:
                        self._decoder.end()
                    return b""
                self._decoded = self._decoder.feed(chunk)
        except DecodingError as error:
            raise self._broken(error) from None
        return piece

    async def _received(self, *, keeps: bool) -> bytes:
        try:
            # What has come, however little: a segment may trickle (docs/peers.md, row 23).
            chunk = await self._response.content.readany()
        # The viewer has left: the download must not go on (docs/peers.md, row 25).
        except asyncio.CancelledError:
            if not keeps:
                self._response.close()
            raise
        except (ClientError, OSError) as error:
            raise self._broken(error) from None
        self._ended = not chunk
        return chunk

    async def pour(self, pipe: Pipe, rest: int) -> bool:
        """Let `pipe` send the `rest` bytes of the body; False, with nothing sent, where it cannot.

        Raises UpstreamError like `chunks`.
        """
        if self._head or self.is_over or self.is_encoded:
            return False
        if not pipe.can_take(self._response, rest):
            return False
        try:
            await pipe.pour(self._response, rest)
        except asyncio.CancelledError:
            self._response.close()
            raise
        except (ClientError, OSError) as error:
            raise self._broken(error) from None
        self._ended = True
        return True

    def _unreadable(self) -> UpstreamError:
        self._response.close()
        names = ", ".join(self._codings[:3])
        what = f"the upstream sends the content coding {names}, which nobody asked for"
        return UpstreamError(what, status=self.status)

    def _broken(self, error: Exception) -> UpstreamError:
        self._response.close()
        if isinstance(error, TimeoutError):
            return UpstreamError("the upstream stalled", http_status=504)
        return UpstreamError(f"the upstream cut the body off ({type(error).__name__})")

    def close(self) -> None:
        """Give the connection back if the body has been read, else end it."""
        # aiohttp has given it back already where the last byte has come.
        if not self._response.closed:
            self._response.close() if not self._ended else self._response.release()
