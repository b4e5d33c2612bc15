"""One check of one resolution: a request or two, at most the first KiB read (DESIGN.md section 7).

A plain file is asked for with HEAD, then with a ranged GET on any refusal; a signed URL and a
playlist with GET at once, because signatures often cover the verb.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from strmctl.discreet import Discreet
from strmctl.domain.hls import playlist_text
from strmctl.domain.hls.playlist_text import begins_playlist
from strmctl.domain.http.ranges import ContentRange
from strmctl.domain.http.response_fields import retry_after_seconds
from strmctl.domain.mapping import Resolution
from strmctl.domain.media import not_media
from strmctl.domain.media.extent import Extent, learned, other_content
from strmctl.domain.media.not_media import Expected
from strmctl.domain.probe_result import Failure, ProbeResult
from strmctl.domain.urls import url_marks
from strmctl.errors import UpstreamError
from strmctl.upstream.client import UpstreamClient
from strmctl.upstream.egress import OF_A_PROXY
from strmctl.upstream.response import UpstreamResponse

READ_BYTES = 1024
NO_SEGMENTS = "not media: a playlist without segments"
_DRAIN_SECONDS = 0.5
_FIRST_BYTES = {"Range": f"bytes=0-{READ_BYTES - 1}"}
_FAILURES = {
    401: Failure.REFUSED,
    403: Failure.REFUSED,
    410: Failure.GONE,
    429: Failure.RATE_LIMITED,
    451: Failure.LEGAL,
}


class Answer(Discreet, frozen=True):
    """The beginning of an upstream's answer; `url` is where it came from, after redirects."""

    hidden = ("url", "head")

    status: int
    url: str
    content_type: str
    retry_after: float | None
    head: bytes = b""
    length: int | None = None
    part: ContentRange | None = None

    @property
    def is_whole(self) -> bool:
        return self.part is None or self.part.length == self.part.total

    @property
    def total(self) -> int | None:
        return self.length if self.part is None else self.part.total

    @property
    def is_beginning(self) -> bool:
        return self.part is None or self.part.first == 0


class LinkCheck:
    """`timeout` bounds a whole check, `playlist_max` (bytes) each playlist that `deep` reads.

    `guarded`: a link that redirects to what the guard refuses could not be played.
    """

    def __init__(
        self,
        client: UpstreamClient,
        *,
        timeout: timedelta = timedelta(seconds=10),
        playlist_max: int = 16 * 1024 * 1024,
        guarded: bool = True,
    ) -> None:
        self._client = client
        self._seconds = timeout.total_seconds()
        self._playlist_max = playlist_max
        self._guarded = guarded

    async def check(
        self,
        resolution: Resolution,
        *,
        egress: str | None,
        deep: bool = False,
        known: Extent | None = None,
    ) -> ProbeResult:
        """Whether its upstream has media; without `egress` it is asked by the settings' one.

        `deep` follows a playlist to its media; `known` is how much content there was before.
        Raises EgressError where the egress is at fault.
        """
        result = await self._checked(resolution, egress, deep=deep)
        if result.extent is None or not result.is_alive:
            return result
        instead = other_content(known, result.extent)
        if instead is not None:
            return ProbeResult(result.status, Failure.OTHER_CONTENT, f"other content: {instead}")
        if result.extent.seconds == 0:
            return ProbeResult(result.status, Failure.NOT_MEDIA, NO_SEGMENTS)
        now_known = learned(known, result.extent)
        return result if now_known is result.extent else replace(result, extent=now_known)

    async def _checked(
        self, resolution: Resolution, egress: str | None, *, deep: bool
    ) -> ProbeResult:
        requests = Requests(self._client, resolution.headers, egress)
        try:
            async with asyncio.timeout(self._seconds):
                result, playlist = await self._check(requests, resolution.url, deep=deep)
                if not deep or playlist is None:
                    return result
                from strmctl.services.checking.deep import follow

                found = await follow(requests, playlist, self._playlist_max)
                if isinstance(found, ProbeResult):
                    return found
                return replace(result, extent=Extent.at(resolution.url, seconds=found))
        except TimeoutError:
            reason = f"no answer within {self._seconds:g} s"
            return ProbeResult(None, Failure.TIMEOUT, reason)
        except UpstreamError as error:
            return _unanswered(error, guarded=self._guarded)

    def is_egress_heard(self, url: str, egress: str | None) -> bool:
        """Whether another host has answered just now by the same egress."""
        return self._client.heard_lately(url, egress)

    async def status(self, url: str, *, egress: str | None) -> tuple[int, str]:
        """The status for a URL that need not hold media, and the URL after redirects. Raises
        UpstreamError for no answer."""
        try:
            async with asyncio.timeout(self._seconds):
                answer = await Requests(self._client, {}, egress).first_bytes(url)
                return answer.status, answer.url
        except TimeoutError:
            reason = f"no answer within {self._seconds:g} s"
            raise UpstreamError(reason, http_status=504) from None

    async def _check(
        self, requests: "Requests", url: str, *, deep: bool
    ) -> tuple[ProbeResult, str | None]:
        """The result, and the URL of the playlist if it is one; `deep` never trusts a HEAD."""
        if not (deep or url_marks.looks_signed(url) or not_media.is_playlist_url(url)):
            result = await self._ask_for_head(requests, url)
            if result is not None:
                return result, None
        answer = await requests.first_bytes(url)
        result = requests.judged(answer)
        if not result.is_alive:
            return replace(result, page=_page(result, answer, url)), None
        if begins_playlist(answer.head):
            extent = Extent.at(url, seconds=_seconds(answer))
            return replace(result, extent=extent), answer.url
        return replace(result, extent=Extent.at(url, bytes=answer.total)), None

    async def _ask_for_head(self, requests: "Requests", url: str) -> ProbeResult | None:
        """None where HEAD decides nothing; it may take half of the time."""
        try:
            async with asyncio.timeout(self._seconds / 2):
                answer = await requests.head(url)
        except TimeoutError:
            return None
        except UpstreamError as error:
            # Some servers drop the connection on HEAD; one that is not there fails GET as well.
            if error.lasting or error.unreachable:
                raise
            return None
        # A GET right after a 429 would make it worse (RFC 6585 section 4).
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            return requests.judged(answer)
        # HEAD of a page or of nothing may be an error page with 200: only the bytes tell.
        is_file = not_media.is_media_type(answer.content_type) and answer.length != 0
        if not (_is_success(answer.status) and is_file):
            return None
        return ProbeResult(answer.status, extent=Extent.at(url, bytes=answer.length))


class Requests:
    """The requests of one check, with the resolution's own fields and egress."""

    def __init__(
        self, client: UpstreamClient, fields: Mapping[str, str], egress: str | None
    ) -> None:
        self._client = client
        self._fields = fields
        self._egress = egress

    async def head(self, url: str) -> Answer:
        response = await self._ask("HEAD", url, {})
        response.close()
        return _answer(response)

    async def first_bytes(
        self,
        url: str,
        part: Mapping[str, str] = _FIRST_BYTES,
        expected: Expected = not_media.ROOT,
        limit: int = READ_BYTES,
    ) -> Answer:
        """The first `limit` bytes at most; asked for without Range where a range is refused."""
        response = await self._ask("GET", url, part)
        # RFC 9110 section 15.5.17: of an empty body no range can be had, but a GET succeeds.
        if response.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            response.close()
            response = await self._ask("GET", url, {})
        try:
            head = await _head(response, expected, limit) if _is_success(response.status) else b""
        finally:
            response.close()
        return _answer(response, head)

    async def whole(self, url: str, limit: int) -> tuple[Answer, bytes]:
        """The answer and, where it is a success, its body; UpstreamError beyond `limit` bytes."""
        response = await self._ask("GET", url, {})
        try:
            body = await response.read(limit) if _is_success(response.status) else b""
        finally:
            response.close()
        return _answer(response, body[:READ_BYTES]), body

    def judged(self, answer: Answer, expected: Expected = not_media.ROOT) -> ProbeResult:
        status = answer.status
        if _is_success(status):
            instead = _what_instead(answer, expected)
            if instead is None:
                return ProbeResult(status)
            return ProbeResult(status, Failure.NOT_MEDIA, f"not media: {instead}")
        return self._refused(answer)

    def _refused(self, answer: Answer) -> ProbeResult:
        status = answer.status
        by_egress = self._is_of_a_proxy(answer)
        failure = Failure.UNREACHABLE if by_egress else _failure(status)
        return ProbeResult(
            status,
            failure,
            f"the upstream answered {status}",
            retry_after=answer.retry_after,
            binding=url_marks.binding(answer.url) if failure is Failure.REFUSED else None,
            by_egress=by_egress,
        )

    def _is_of_a_proxy(self, answer: Answer) -> bool:
        """Without TLS a proxy itself answers for an upstream that it cannot reach."""
        # gluetun answers 503 while its tunnel is down.
        through_proxy = self._client.way_out(self._egress).startswith("http")
        return through_proxy and answer.status in OF_A_PROXY and answer.url.startswith("http:")

    async def _ask(self, method: str, url: str, part: Mapping[str, str]) -> UpstreamResponse:
        # Patient: the check's own timeout bounds it.
        return await self._client.get(
            url, {**self._fields, **part}, egress=self._egress, patient=True, method=method
        )


def _failure(status: int) -> Failure:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Failure.SERVER_ERROR
    return _FAILURES.get(status, Failure.STATUS)


def _answer(response: UpstreamResponse, head: bytes = b"") -> Answer:
    return Answer(
        response.status,
        response.url,
        response.content_type,
        retry_after_seconds(response.field("Retry-After"), datetime.now(UTC)),
        head,
        response.length,
        response.content_range,
    )


def _seconds(answer: Answer) -> float | None:
    """How long a playlist lasts, if it is so short that all of it is in the answer's beginning."""
    if answer.total != len(answer.head):
        return None
    try:
        text = playlist_text.decode(answer.head)
        if playlist_text.is_multivariant(text):
            return None
        from strmctl.domain.hls import media_playlist_reader  # Most links are films.

        playlist = media_playlist_reader.parse(text, answer.url)
    except playlist_text.NotAPlaylistError:
        return None
    return playlist.seconds if playlist.ended else None


def _what_instead(answer: Answer, expected: Expected) -> str | None:
    if answer.head and not answer.is_beginning:
        return None  # What stands in the middle may begin with anything.
    expected = expected._replace(url=answer.url)
    return not_media.what_instead(
        answer.head, answer.content_type, expected, is_whole=answer.is_whole
    )


async def _head(response: UpstreamResponse, expected: Expected, limit: int) -> bytes:
    """Enough bytes to decide. A short body is read to its end: the connection is used again."""
    head = await response.peek(limit, lambda head: not_media.needs_more(head, expected))
    if response.length is not None and response.length <= READ_BYTES:
        with suppress(TimeoutError, UpstreamError):
            async with asyncio.timeout(_DRAIN_SECONDS):
                head = await response.peek(READ_BYTES + 1)
    return head


def _page(result: ProbeResult, answer: Answer, asked: str) -> str:
    """What names a web page: its hash, or, after a redirect to another host, that host, since a
    portal's page may differ with the URL that was asked for. "" for all else."""
    if result.failure is not Failure.NOT_MEDIA or not answer.head:
        return ""
    # With TLS a portal has no certificate to answer with.
    if not asked.lower().startswith("http:"):
        return ""
    end = url_marks.origin(answer.url)
    if end != url_marks.origin(asked):
        return f"at {end}"
    return hashlib.sha256(answer.head).hexdigest()


def _is_success(status: int) -> bool:
    return 200 <= status < 300


def _unanswered(error: UpstreamError, *, guarded: bool) -> ProbeResult:
    if error.lasting and error.status is not None and guarded:
        return ProbeResult(error.status, Failure.STATUS, f"its redirect leads nowhere: {error}")
    if error.lasting:
        failure = Failure.NOT_CHECKED
    elif error.unreachable:
        failure = Failure.UNREACHABLE
    elif error.http_status == HTTPStatus.GATEWAY_TIMEOUT:
        failure = Failure.TIMEOUT
    else:
        failure = Failure.NO_ANSWER
    return ProbeResult(error.status, failure, str(error), by_egress=error.by_egress)
