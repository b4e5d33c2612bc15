"""A link that died in mid-play counts as healed once its replacement has sent a byte.

However many viewers a new resolution serves, it counts as one healing. A resolver that rests is
not asked, so the error that made it rest counts as one failure.
"""

from msgspec import Struct, field

from strmctl.domain.identity import Identity
from strmctl.domain.mapping import Resolution
from strmctl.errors import ResolverError, StrmctlError
from strmctl.newest import Newest
from strmctl.services.observer import UNOBSERVED, Observer

_IDENTITIES = 10_000


class _Attempt(Struct):
    """`is_open` until its outcome is known; `has_answered` once the new link's upstream has."""

    resolution: Resolution | None = None
    error: ResolverError | None = None
    has_answered: bool = False
    is_open: bool = field(default=True)


class Heals:
    def __init__(self, observer: Observer = UNOBSERVED) -> None:
        self._observer = observer
        self._attempts: Newest[Identity, _Attempt] = Newest(_IDENTITIES)

    def begun(self, identity: Identity, resolution: Resolution) -> None:
        """The resolver has given this resolution in place of the one that failed."""
        last = self._attempts.get(identity)
        if last is not None and last.resolution == resolution:
            return
        if last is not None and last.is_open and last.resolution is not None:
            self._end(identity, last, "its new link brought nothing either")
        self._attempts.put(identity, _Attempt(resolution))

    def refused(self, identity: Identity, error: ResolverError) -> None:
        """The resolver has nothing better."""
        cause = error
        # A circuit breaker raises the error that made it rest, again and again, as a cause.
        while isinstance(cause.__cause__, ResolverError):
            cause = cause.__cause__
        last = self._attempts.get(identity)
        if last is not None and last.error is cause:
            return
        attempt = _Attempt(error=cause)
        self._attempts.put(identity, attempt)
        self._end(identity, attempt, str(cause))

    def answered(self, identity: Identity, resolution: Resolution) -> None:
        """The upstream of the new resolution has what was asked for."""
        last = self._attempts.get(identity)
        if last is not None and last.resolution == resolution:
            last.has_answered = True

    def failed(self, identity: Identity, resolution: Resolution, failure: StrmctlError) -> None:
        """The new resolution fails as well."""
        last = self._attempts.get(identity)
        if last is not None and last.is_open and last.resolution == resolution:
            self._end(identity, last, str(failure))

    def sent(self, identity: Identity) -> None:
        """A byte of it has gone out to a player."""
        last = self._attempts.get(identity) if self._attempts else None
        if last is None or not (last.is_open and last.has_answered) or last.resolution is None:
            return
        last.is_open = False
        self._observer.healed(identity, last.resolution.url, well=True)

    def has_healed(self, identity: Identity, resolution: Resolution) -> bool:
        """Whether this resolution replaced one that had failed, and its upstream has answered."""
        last = self._attempts.get(identity) if self._attempts else None
        return last is not None and last.resolution == resolution and last.has_answered

    def _end(self, identity: Identity, attempt: _Attempt, reason: str) -> None:
        attempt.is_open = False
        self._observer.healed(identity, well=False, reason=reason)
