"""Requests to one resolution's upstream: each answer is judged, each failure counted."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

from strmctl import tracing
from strmctl.domain.expiry.freshness import has_expired
from strmctl.domain.http.ranges import ContentRange
from strmctl.domain.http.representation import Representation
from strmctl.domain.mapping import Resolution
from strmctl.domain.media.not_media import ROOT, Expected, needs_more
from strmctl.domain.patience.healing import AskAgain, Renew, Standing, next_step
from strmctl.domain.patience.patience import LOST_EGRESS, Patience
from strmctl.errors import EgressError, StrmctlError, UpstreamError
from strmctl.services.observer import UNOBSERVED, Observer
from strmctl.services.patiently import patiently
from strmctl.services.playback.fetching.body import LONGEST_BEGINNING, Body
from strmctl.services.playback.fetching.judging import REFUSE_RANGES, denies_all, is_usable, judge
from strmctl.services.playback.fetching.parsing import LARGE, Places, Room
from strmctl.upstream.client import UpstreamClient
from strmctl.upstream.cookies import Cookies
from strmctl.upstream.response import UpstreamResponse

READ_WITHIN = 10.0
READ_SPEED = 256 * 1024
"""Seconds that a playlist may take, and one more for each so many bytes."""

LATELY = 5.0
"""Seconds after a success in which a failure counts as a passing one."""

_AS_A_WHOLE = frozenset(range(201, 300)) - {204, 205, 206}
"""Taken for 200 (RFC 9110 section 15.3): 203 is a proxy's; for others the content decides."""

log = logging.getLogger(__name__)


class Fetch:
    """Asks with one resolution's request fields, by its `egress` (None: that of the settings).

    `places` is shared by all sources, whose playlists have one bound of memory together.
    """

    def __init__(
        self,
        resolution: Resolution,
        client: UpstreamClient,
        *,
        egress: str | None = None,
        observer: Observer = UNOBSERVED,
        places: Places | None = None,
    ) -> None:
        self._resolution = resolution
        self._client = client
        self._cookies = Cookies()
        self._egress = egress
        self.observer = observer
        self._places = places or Places()
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
            lately=is_new or (at is not None and time.monotonic() - at < LATELY),
            alive=at is not None and at > since,
            renewed=renewed,
            untried=is_new and at is None,
        )

    async def fetch(
        self,
        url: str,
        fields: Mapping[str, str] | None = None,
        *,
        expected: Expected = ROOT,
        patient: bool = False,
    ) -> UpstreamResponse:
        """A response that holds what is `expected`, or a 416; `fields` are added to the request.

        `patient` is for a request that the upstream answers only once it has something. Raises
        UpstreamError for each other status, and where the body is not what is expected.
        """
        fields = fields or {}
        whole = {name: value for name, value in fields.items() if "Range" not in name}
        is_ranged = len(whole) < len(fields)
        try:
            response = await self._judged(url, fields, expected, patient=patient)
        except UpstreamError as failure:
            if not is_ranged or failure.status not in REFUSE_RANGES:
                raise
            return await self.fetch(url, whole, expected=expected, patient=patient)
        if response.status != 206 and not denies_all(response, fields.get("Range")):
            return response
        if is_usable(response, fields.get("Range"), fields.get("If-Range")):
            return response
        response.close()
        if not is_ranged:
            raise UpstreamError("the upstream answered a part that nobody asked for", status=206)
        return await self.fetch(url, whole, expected=expected, patient=patient)

    async def _judged(
        self, url: str, fields: Mapping[str, str], expected: Expected, *, patient: bool
    ) -> UpstreamResponse:
        request = {**self._resolution.headers, **fields}
        response = await self._client.get(
            url, request, egress=self._egress, patient=patient, cookies=self._cookies
        )
        if response.status in _AS_A_WHOLE:
            response.status = 200
        is_shown = not needs_more(response.arrived(), expected)
        try:
            # Most segments show what they are along with their head: nothing is waited for.
            if patient or is_shown:
                await judge(response, expected, is_shown=is_shown)
            else:
                async with asyncio.timeout(self._client.first_byte_seconds):
                    await judge(response, expected)
        except TimeoutError:
            response.close()
            raise UpstreamError("the upstream did not answer in time", http_status=504) from None
        except BaseException:
            response.close()
            raise
        self._succeeded_at = time.monotonic()
        return response

    async def fetch_span(
        self,
        url: str,
        span: ContentRange,
        representation: Representation | None = None,
        *,
        expected: Expected = ROOT,
        patient: bool = False,
    ) -> tuple[UpstreamResponse, int]:
        """A response that holds `span`, and how many of its bytes come before that.

        An upstream may send everything, or a whole block (RFC 9110 section 14.2). Raises
        UpstreamError where the response is of another `representation`.
        """
        fields = {"Range": f"bytes={span.first}-{span.last}"}
        if representation is not None and representation.validator:
            fields["If-Range"] = representation.validator
        response = await self.fetch(url, fields, expected=expected, patient=patient)
        if representation is not None:
            _check_continued(representation, response, span)
        part = response.content_range
        if part is not None and part.first <= span.first <= part.last:
            # After a drop a part that nobody asked for has to show that it is of the same file.
            is_sure = representation is None or representation.is_surely(response.representation)
            if is_sure or part.first == span.first:
                return response, span.first - part.first
        if response.status == 200:
            return response, span.first
        response.close()
        raise UpstreamError(
            "the upstream answered another range than the one asked for", status=response.status
        )

    async def fetch_rest(
        self, url: str, first: int, known: Representation, *, by_range: bool
    ) -> tuple[UpstreamResponse, int]:
        """Like `fetch_span`, from `first` to an end that is not known."""
        fields = {"Range": f"bytes={first}-", "If-Range": known.validator} if by_range else {}
        response = await self.fetch(url, fields)
        # 416: the last byte had come when it was cut off. A part has to show by its validator that
        # it is of the same file, since there is no length to compare.
        part = response.content_range
        is_sure = response.total is not None and known.is_surely(response.representation)
        if response.status == 416 or (part and not (is_sure and part.first == first)):
            response.close()
            response = await self.fetch(url)
        _check_continued(known, response)
        if response.status == 206:
            return response, 0
        if first > LONGEST_BEGINNING:
            response.close()
            raise UpstreamError("nothing shows that another answer would be the same", final=True)
        return response, first

    def room(self) -> Room:
        """Where one playlist, if it is large, waits for memory."""
        return Room(self._places)

    async def read(
        self,
        response: UpstreamResponse,
        limit: int,
        room: Room,
        *,
        what: str = "playlist",
        is_enough: Callable[[bytes, UpstreamError], bool] = lambda data, failure: False,
    ) -> bytes:
        """The whole body, resumed where it is cut off, or what came if that `is_enough`
        after this failure.

        Raises UpstreamError when it cannot be completed, takes too long for its length, or is
        longer than `limit` bytes.
        """
        known, url = response.representation, response.url

        async def resume(sent: int) -> tuple[UpstreamResponse, int]:
            total = known.total or 0
            rest = ContentRange(sent, total - 1, total)
            # Read from its beginning, it might be cut off at the same place.
            attempt = Attempt(self)
            return await patiently(lambda: self.fetch_span(url, rest, known), attempt.wait)

        # Without a known length nothing can be resumed: a live playlist has changed by then.
        again = None if known.total is None else resume
        body = Body(response, length=known.total, resume=again, observer=self.observer)
        data = bytearray()
        now = asyncio.get_running_loop().time
        end = now() + READ_WITHIN
        try:
            async with asyncio.timeout_at(end) as deadline, aclosing(body.chunks()) as chunks:
                async for chunk in chunks:
                    data += chunk
                    if len(data) > limit:
                        raise UpstreamError(
                            f"the upstream's {what} is longer than {limit} bytes",
                            status=response.status,
                        )
                    if max(len(data), known.total or 0) > LARGE and not room.is_taken:
                        # While others are read, this upstream is not late.
                        deadline.reschedule(None)
                        waiting_since = now()
                        await room.take()
                        end += now() - waiting_since
                    deadline.reschedule(end + len(data) / READ_SPEED)
        except TimeoutError:
            raise UpstreamError(f"the {what} did not come in time", http_status=504) from None
        except UpstreamError as failure:
            if not is_enough(bytes(data), failure):
                raise
        finally:
            body.close()
        return bytes(data)


class Attempt:
    """Counts the failures of one step with one resolution, and says what to do next.

    `renewed` says that the resolution was made because this very step had failed before.
    """

    def __init__(self, fetch: Fetch, *, renewed: bool = False) -> None:
        self._fetch = fetch
        self._renewed = renewed
        self._tries = 0
        self._failed_at: float | None = None
        self._began = time.monotonic()
        self._egress: Patience | None = None
        self.wants_renewal = False
        """Whether another resolution could be better than the one that failed last."""

    def wait(self, failure: StrmctlError) -> float | None:
        """Seconds after which to ask again, None where that would not help."""
        now = time.monotonic()
        if isinstance(failure, EgressError):
            self._egress = self._egress or Patience(LOST_EGRESS, self._began)
            return self._egress.wait(now) if self._fetch.has_succeeded else None
        if not isinstance(failure, UpstreamError):
            return None
        self._tries += 1
        self._failed_at = self._failed_at or now
        standing = self._fetch.standing(self._tries, self._failed_at, renewed=self._renewed)
        action = next_step(failure, standing)
        self.wants_renewal = isinstance(action, Renew)
        if not isinstance(action, AskAgain):
            return None
        self._egress = Patience(LOST_EGRESS, now + action.after)
        tracing.step(
            log,
            "retry",
            "%s; asked again",
            failure,
            status=failure.status,
            reason=str(failure),
            after=action.after,
        )
        return action.after


def _check_continued(
    known: Representation, response: UpstreamResponse, span: ContentRange | None = None
) -> None:
    """Close the response and raise UpstreamError if it is not of the `known` representation."""
    part = response.content_range
    reaches_end = part is not None and span is not None and part.last == span.last
    try:
        known.check_continued(response.representation, reaches_end=reaches_end)
    except UpstreamError:
        response.close()
        raise
