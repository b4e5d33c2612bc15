"""An upstream's answer is media, or an UpstreamError says why it is not.

One that is cut off before it shows what it is is asked for again.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

from strmctl.domain.hls.playlist_text import begins_playlist
from strmctl.domain.http.ranges import ContentRange, asked_part, starts_at_zero
from strmctl.domain.http.response_fields import retry_after_seconds
from strmctl.domain.media import media_kind
from strmctl.domain.media.disguise import SEARCHED_BYTES
from strmctl.domain.media.not_media import EMPTY, TEXT, Expected, needs_more, what_instead
from strmctl.domain.patience.patience import CUT_BODY, Patience
from strmctl.errors import UpstreamError
from strmctl.upstream.response import UpstreamResponse

Seen = TypeVar("Seen")

_UNDECIDED = 1.0
"""Seconds to wait for more of a body that has begun, to tell media from a message."""

_PASSED_ON = frozenset({403, 404, 410, 429, 451, 503})
"""Statuses that a player is given as they are."""

REFUSE_RANGES = frozenset({400, 501})
"""Statuses of servers that do not ignore a Range that they cannot serve (RFC 9110 section 14.2)."""


def denies_all(response: UpstreamResponse, asked: str | None) -> bool:
    """Whether a 416 denies even a file's first byte, as servers do that know no ranges."""
    return response.status == 416 and starts_at_zero(asked) and response.unsatisfied_total != 0


def is_usable(response: UpstreamResponse, asked: str | None, if_range: str | None) -> bool:
    """False for a part that does not say which, or of another file than If-Range names."""
    part = response.content_range
    if response.is_encoded or part is None:
        return False
    if asked is None:
        return part.first == 0
    if asked_part(asked, part) is None:
        return False
    shown = response.field("ETag" if if_range and if_range.endswith('"') else "Last-Modified")
    return not if_range or shown in ("", if_range)


async def judge(response: UpstreamResponse, expected: Expected, *, is_shown: bool = False) -> None:
    """Raises UpstreamError unless the response holds media, or says 416."""
    status = response.status
    # A part that does not say which is never used; several parts begin with text (RFC 9110
    # section 14.6).
    if status == 416 or (status == 206 and response.content_range is None):
        return
    if status not in (200, 206):
        passed_on = status if status in _PASSED_ON else 502
        raise UpstreamError(
            f"the upstream answered {status}",
            status=status,
            http_status=403 if status == 401 else passed_on,
            retry_after=retry_after_seconds(response.field("Retry-After"), datetime.now(UTC)),
        )
    instead = await _what_instead(response, expected, is_shown)
    if instead is not None:
        raise UpstreamError(f"not media: the upstream answered with {instead}", status=status)


async def _what_instead(
    response: UpstreamResponse, expected: Expected, is_shown: bool
) -> str | None:
    part = response.content_range
    if part is not None and part.first != 0:
        # What stands in the middle may begin with anything, and be cut off before it shows more.
        return None if await response.peek(1) else EMPTY
    head = response.taken
    if not is_shown:
        head = await response.peek(
            SEARCHED_BYTES, lambda head: needs_more(head, expected), patience=_UNDECIDED
        )
    is_late = response.is_late
    is_whole = not (is_late or response.is_cut) and (part is None or part.length == part.total)
    expected = Expected(expected.kind, expected.size, response.url)
    instead = what_instead(head, response.content_type, expected, is_whole=is_whole)
    # A film that has only begun may read as text; a message is short and comes whole.
    return None if is_late and instead == TEXT else instead


def shows_a_file(part: ContentRange | None, head: bytes) -> bool:
    """Whether a response that begins with `head`, no playlist, is not a part of one either."""
    if part is None:
        return True
    is_decided = len(head) >= media_kind.SNIFF_BYTES or not media_kind.may_be_playlist(head)
    return part.first == 0 and (is_decided or part.length == part.total)


async def playlist_or_not(response: UpstreamResponse) -> bytes | None:
    """Enough first bytes to show whether they begin a playlist; None if they are cut off before."""
    head = await response.peek(media_kind.SNIFF_BYTES, media_kind.may_be_playlist)
    is_open = media_kind.may_be_playlist(head) and not begins_playlist(head)
    return None if response.is_cut and is_open else head


async def shown(
    response: UpstreamResponse,
    look: Callable[[UpstreamResponse], Awaitable[Seen | None]],
    ask: Callable[[], Awaitable[UpstreamResponse]],
) -> tuple[UpstreamResponse, Seen]:
    """A response, and what `look` sees in it; asked for again while it is cut off too early.

    `look` returns None for such a response. Raises UpstreamError.
    """
    patience: Patience | None = None
    while True:
        try:
            seen = await look(response)
        except BaseException:
            response.close()
            raise
        if seen is not None:
            return response, seen
        response.close()
        patience = patience or Patience(CUT_BODY, 0.0)
        if patience.wait(0.0) is None:
            raise UpstreamError("the upstream cuts the body off before it shows what it is")
        response = await ask()
