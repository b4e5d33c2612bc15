"""What one resolution's upstream answers, judged: media, or an UpstreamError that says why not."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from strmctl.domain.expiry.freshness import has_expired
from strmctl.domain.http.ranges import ContentRange
from strmctl.domain.http.representation import Representation
from strmctl.domain.http.retry_after import retry_after_seconds
from strmctl.domain.mapping import Resolution
from strmctl.domain.media import media_kind
from strmctl.domain.patience.healing import AskAgain, Standing, next_step
from strmctl.errors import UpstreamError
from strmctl.services.observer import UNOBSERVED, Observer
from strmctl.services.playback.body import Body
from strmctl.upstream.client import UpstreamClient
from strmctl.upstream.response import UpstreamResponse

LATELY = 5.0
"""Seconds for which a success makes a failure look like a passing one."""

T = TypeVar("T")
_TOLD_AS_IS = frozenset({403, 404, 410, 429, 451, 503})


class Fetcher:
    """Sends a resolution's own request fields along; `egress` None is the settings' one."""

    def __init__(
        self,
        resolution: Resolution,
        client: UpstreamClient,
        *,
        egress: str | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        observer: Observer = UNOBSERVED,
    ) -> None:
        self._resolution = resolution
        self._client = client
        self._egress = egress
        self._monotonic = monotonic
        self.observer = observer
        self._succeeded_at: float | None = None

    @property
    def has_succeeded(self) -> bool:
        return self._succeeded_at is not None

    def standing(self, tries: int, since: float, *, renewed: bool = False) -> Standing:
        """How the resolution stands in a request that failed first at `since` (monotonic)."""
        now = datetime.now(UTC)
        made, at = self._resolution.resolved_at, self._succeeded_at
        is_new = made is not None and now - made < timedelta(seconds=LATELY)
        return Standing(
            tries,
            expired=has_expired(self._resolution, now),
            lately=is_new or (at is not None and self._monotonic() - at < LATELY),
            alive=at is not None and at > since,
            renewed=renewed,
        )

    async def fetch(
        self,
        url: str,
        fields: Mapping[str, str] | None = None,
        *,
        listed_as: str | None = None,
        patient: bool = False,
    ) -> UpstreamResponse:
        """A response with media or a playlist in it; `fields` are request fields to add.

        416 is an answer as well. `listed_as` is the media type of what a playlist lists, which
        is no playlist; `patient` says that the upstream answers when it has something. Raises
        UpstreamError for every other status and for what is not media.
        """
        fields = fields or {}
        response = await self._judged(url, fields, listed_as, patient=patient)
        if _is_usable(response, fields.get("If-Range")):
            return response
        response.close()
        whole = {name: value for name, value in fields.items() if "Range" not in name}
        if len(whole) == len(fields):
            raise UpstreamError("the upstream answered a part that nobody asked for", status=206)
        return await self.fetch(url, whole, listed_as=listed_as, patient=patient)

    async def _judged(
        self, url: str, fields: Mapping[str, str], listed_as: str | None, *, patient: bool
    ) -> UpstreamResponse:
        request = {**self._resolution.headers, **fields}
        response = await self._client.get(url, request, egress=self._egress, patient=patient)
        try:
            async with asyncio.timeout(None if patient else self._client.first_byte_seconds):
                await _judge(response, listed_as)
        except TimeoutError:
            response.close()
            raise UpstreamError("the upstream did not answer in time", http_status=504) from None
        except BaseException:
            response.close()
            raise
        self._succeeded_at = self._monotonic()
        return response

    async def fetch_span(
        self,
        url: str,
        span: ContentRange,
        representation: Representation | None = None,
        *,
        listed_as: str | None = None,
    ) -> tuple[UpstreamResponse, int]:
        """A response that holds `span`, and how many bytes of it come before.

        An upstream that ignores Range sends everything (RFC 9110 section 14.2). Raises
        UpstreamError where that is of another representation.
        """
        fields = {"Range": f"bytes={span.first}-{span.last}"}
        if representation is not None and representation.validator:
            fields["If-Range"] = representation.validator
        response = await self.fetch(url, fields, listed_as=listed_as)
        if representation is not None:
            _check_continued(representation, response)
        part = response.content_range
        if part is not None and part.first == span.first:
            return response, 0
        if response.status == 200:
            return response, span.first
        response.close()
        raise UpstreamError(
            "the upstream answered another range than the one asked for", status=response.status
        )

    async def read(self, response: UpstreamResponse, limit: int) -> bytes:
        """The whole body, resumed where it is cut off.

        Raises UpstreamError when it cannot be completed or is longer than `limit` bytes.
        """
        known, url = response.representation, response.url

        async def resume(sent: int) -> tuple[UpstreamResponse, int]:
            total = known.total or 0
            rest = ContentRange(sent, total - 1, total)
            return await self._patiently(lambda: self.fetch_span(url, rest, known))

        body = Body(response, length=known.total, resume=resume, observer=self.observer)
        data = bytearray()
        try:
            async for chunk in body.chunks():
                data += chunk
                if len(data) > limit:
                    raise UpstreamError(
                        f"the upstream's playlist is longer than {limit} bytes",
                        status=response.status,
                    )
        finally:
            body.close()
        return bytes(data)

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask again while the failure may pass, since beginning anew may meet it as well."""
        tries, since = 1, self._monotonic()
        while True:
            try:
                return await ask()
            except UpstreamError as failure:
                action = next_step(failure, self.standing(tries, since))
                if not isinstance(action, AskAgain):
                    raise
            await asyncio.sleep(action.after)
            tries += 1


def _check_continued(known: Representation, response: UpstreamResponse) -> None:
    """Close the response and raise UpstreamError if it holds something else."""
    try:
        known.check_continued(response.representation)
    except UpstreamError:
        response.close()
        raise


def _is_usable(response: UpstreamResponse, if_range: str | None) -> bool:
    """False for a part of who knows what, or of another file than If-Range stands for."""
    if response.status != 206:
        return True
    if response.is_encoded or response.content_range is None:
        return False
    told = response.field("ETag" if if_range and if_range.endswith('"') else "Last-Modified")
    return not if_range or told in ("", if_range)


def _is_beginning(response: UpstreamResponse) -> bool:
    part = response.content_range
    return part is None or part.first == 0


async def _judge(response: UpstreamResponse, listed_as: str | None) -> None:
    """Raises UpstreamError unless the response holds media, or says 416."""
    status = response.status
    if status == 416:
        return
    if status not in (200, 206):
        told = status if status in _TOLD_AS_IS else 502
        raise UpstreamError(
            f"the upstream answered {status}",
            status=status,
            http_status=403 if status == 401 else told,
            retry_after=retry_after_seconds(response.field("Retry-After"), datetime.now(UTC)),
        )
    # What stands in the middle may begin with anything, and be cut off before it tells more.
    size = media_kind.SNIFF_BYTES if _is_beginning(response) else 1
    head = await response.peek(size, media_kind.may_be_something_else)
    instead = media_kind.what_instead(head, response.content_type, listed_as)
    if instead is not None:
        raise UpstreamError(f"not media: the upstream answered with {instead}", status=status)
