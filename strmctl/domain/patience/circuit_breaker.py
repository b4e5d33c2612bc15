"""After each failure an identity rests twice as long; until then its last error answers at once.

An answer that then does not play is a failure as well, so a dead episode whose resolver answers
happily is not resolved for every request. A resolver that says when to come back rests with all
of its identities. Times are seconds of a monotonic clock.
"""

from collections.abc import Sequence

from strmctl.discreet import Discreet
from strmctl.domain.identity import Identity
from strmctl.errors import ResolverError
from strmctl.newest import Newest

_IDENTITIES = 10_000
_URLS = 8
_LONGEST_RETRY_AFTER = 3600.0


class Trouble(Discreet, frozen=True):
    """Failures in a row, the end of the rest they brought, and the URLs that did not play."""

    hidden = ("urls",)

    failures: int
    until: float
    error: ResolverError
    urls: Sequence[str] = ()


class CircuitBreaker:
    def __init__(self, *, first_rest: float = 1.0, longest_rest: float = 300.0) -> None:
        self._first_rest = first_rest
        self._longest_rest = longest_rest
        self._troubles: Newest[Identity, Trouble] = Newest(_IDENTITIES)

    def check(self, identity: Identity, now: float) -> None:
        """Raises the last error again while the identity rests."""
        trouble = self.trouble(identity, now)
        if trouble is not None and now < trouble.until:
            raise _again(trouble.error, trouble.until - now) from trouble.error

    def trouble(self, identity: Identity, now: float) -> Trouble | None:
        """What has failed in a row; forgotten once it has been quiet for the longest rest."""
        trouble = self._troubles.get(identity)
        if trouble is not None and now >= trouble.until + self._longest_rest:
            del self._troubles[identity]
            return None
        return trouble

    def failed(
        self, identity: Identity, now: float, error: ResolverError, urls: Sequence[str] = ()
    ) -> None:
        """Count a failure; `urls` are those that turned out not to play."""
        last = self.trouble(identity, now)
        failures = 1 if last is None else last.failures + 1
        known = () if last is None else last.urls
        kept = tuple(dict.fromkeys((*known, *urls)))[-_URLS:]
        until = now + self._rest(failures, error)
        self._troubles.put(identity, Trouble(failures, until, error, kept))

    def _rest(self, failures: int, error: ResolverError) -> float:
        # Without the bound a thousand failures in a row would overflow the float.
        own = min(self._first_rest * 2.0 ** min(failures - 1, 30), self._longest_rest)
        return max(own, min(error.retry_after or 0.0, _LONGEST_RETRY_AFTER))

    def close(self, identity: Identity) -> None:
        """It works again: nothing is remembered against it."""
        self._troubles.pop(identity, None)


class Pauses:
    """Pauses of resolvers, by name: a `Retry-After` for one identity holds for all others."""

    def __init__(self) -> None:
        self._pauses: dict[str, tuple[float, ResolverError]] = {}

    def check(self, resolver: str, now: float) -> None:
        """Raises its last error again until the time that it named."""
        until, error = self._pauses.get(resolver, (now, None))
        if error is not None and now < until:
            raise _again(error, until - now) from error
        self._pauses.pop(resolver, None)

    # RFC 9110 section 10.2.3. A 404 with it speaks of the episode alone.
    def take(self, resolver: str, error: ResolverError, now: float) -> None:
        """It has failed, perhaps with a time at which to come back."""
        if error.retry_after is not None and not error.is_answer:
            self._pauses[resolver] = (now + min(error.retry_after, _LONGEST_RETRY_AFTER), error)


def _again(error: ResolverError, rest: float) -> ResolverError:
    return ResolverError(
        f"{error} (asked again in {rest:.0f} s)", http_status=error.http_status, retry_after=rest
    )
