"""What to do after an upstream's failure: ask again, resolve again, or pass the failure on.

A pure rule of the failure and of what is known about the resolution; waits are in seconds.
"""

from msgspec import Struct

from strmctl.errors import UpstreamError

SHORT_WAIT = 5.0
"""A Retry-After up to this is waited for, a longer one is the player's to know."""

# ffmpeg asks nine times in 0.1 s, then skips the segment: the proxy has to be patient.
_DELAYS = (0.05, 0.1, 0.15, 0.2)
_REFUSED = frozenset({401, 403})
_OVERLOADED = frozenset({429, 503})
_PASSING = _REFUSED | _OVERLOADED | {408, 425, 500, 502, 504}


class AskAgain(Struct, frozen=True):
    after: float


class Renew(Struct, frozen=True):
    """Ask the resolver for another resolution."""


class GiveUp(Struct, frozen=True):
    """The player gets the error."""


class Standing(Struct, frozen=True):
    """What is known of a resolution when it fails: `tries` counts this failure.

    `expired` tells that its known expiry has passed, `lately` that it has just brought media or
    is new, `alive` that it has brought media to others since this request failed first,
    `renewed` that it was resolved because of this very request, `untried` that it is new and has
    brought nothing yet.
    """

    tries: int
    expired: bool = False
    lately: bool = False
    alive: bool = False
    renewed: bool = False
    untried: bool = False


def next_step(failure: UpstreamError, standing: Standing) -> AskAgain | Renew | GiveUp:
    """Among one request in ten that fails by chance a stream must not lose a segment."""
    wait = failure.retry_after or 0.0
    # A long Retry-After is passed on, so that the player is not left in silence.
    if failure.final or wait > SHORT_WAIT:
        return GiveUp()
    if failure.lasting and standing.untried:
        return GiveUp()  # Policy refuses what the resolver has just said: so it would again.
    if standing.tries <= _patience(failure, standing):
        return AskAgain(max(wait, _DELAYS[min(standing.tries, len(_DELAYS)) - 1]))
    return GiveUp() if standing.renewed else Renew()


def _patience(failure: UpstreamError, standing: Standing) -> int:
    """How often the same resolution is asked again."""
    status = failure.status
    if (failure.retry_after or 0.0) > 1.0:
        return 1  # Several such waits would be the silence that players give up on.
    answered_nothing = status is None and failure.http_status == 502
    if failure.lasting or not (answered_nothing or status in _PASSING):
        return 0  # 404, 410, 451, a timeout and what is not media do not pass by themselves.
    # Most CDNs answer 403 for an expired signature, nginx and KeyCDN 410.
    if status in _REFUSED and standing.expired:
        return 0
    if standing.alive:
        return 8  # Another resolution would not be any better.
    if standing.lately or standing.renewed:
        return len(_DELAYS)
    if status in _REFUSED:
        return 0
    return 2 if status in _OVERLOADED else 1
