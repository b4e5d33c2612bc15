"""The first bytes of a response show what it is; one that is cut off earlier is asked for again."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from strmctl.domain.hls.playlist_text import begins_playlist
from strmctl.domain.http.ranges import ContentRange
from strmctl.domain.media import media_kind
from strmctl.domain.patience.patience import CUT_BODY, Patience
from strmctl.errors import UpstreamError
from strmctl.upstream.response import UpstreamResponse

Seen = TypeVar("Seen")


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
