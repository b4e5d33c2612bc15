"""Somebody watches a title as long as an answer is under way, and for a minute after the last one.

Players fetch a stream piece by piece, with pauses in between. Only this worker's are known here.
"""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct, field
from starlette.types import Scope

from strmctl.domain.identity import Identity
from strmctl.server.http.answered import answered

_KEPT_SECONDS = 60.0
_SETTLED_SECONDS = 1.0
"""How often a viewer's answers that have ended are added up."""

_MOST = 2000
"""Viewers; those that have been known for longest are forgotten first."""


class Viewing(Struct, frozen=True):
    """`bytes` were sent since `since`; `rate` is bytes a second on average since then."""

    identity: Identity
    client: str
    since: datetime
    bytes: int
    rate: float
    is_sending: bool


class _Viewer(Struct):
    since: datetime
    began: float
    last: float
    settled: float
    sent: int = 0
    under_way: list[tuple[float, Scope]] = field(default_factory=list)

    def settle(self, now: float) -> None:
        """Add up the answers that have ended: of a thousand segments a few numbers remain."""
        self.settled = now
        going_on = []
        for each in self.under_way:
            began, scope = each
            seen = answered(scope)
            if not seen.seconds:  # Set by the front once the answer has ended.
                going_on.append(each)
                continue
            self.sent += seen.bytes
            self.last = max(self.last, began + seen.seconds)
        self.under_way = going_on
        if self.under_way:
            self.last = now


class Viewers:
    def __init__(self) -> None:
        self._viewers: dict[tuple[Identity, str], _Viewer] = {}

    def asked(self, scope: Scope, identity: Identity, client: str) -> None:
        """A player asks for a piece of it."""
        now = time.monotonic()
        viewer = self._viewers.get((identity, client))
        if viewer is None or (now - viewer.last > _KEPT_SECONDS and not viewer.under_way):
            self._make_room(now)
            viewer = self._viewers[identity, client] = _Viewer(datetime.now(UTC), now, now, now)
        # A hundred players behind one address are one viewer: do not look at all each time.
        if now - viewer.settled > _SETTLED_SECONDS:
            viewer.settle(now)
        viewer.under_way.append((now, scope))

    def now(self) -> Sequence[Viewing]:
        """The latest to begin comes first."""
        now = time.monotonic()
        self._forget(now)
        found = [self._viewing(key, viewer) for key, viewer in self._viewers.items()]
        return sorted(found, key=lambda each: each.since, reverse=True)

    def _viewing(self, key: tuple[Identity, str], viewer: _Viewer) -> Viewing:
        sent = viewer.sent + sum(_sent(scope) for _, scope in viewer.under_way)
        rate = sent / max(1.0, viewer.last - viewer.began)
        return Viewing(*key, viewer.since, sent, rate, bool(viewer.under_way))

    def _make_room(self, now: float) -> None:
        if len(self._viewers) < _MOST:
            return
        self._forget(now)
        while len(self._viewers) >= _MOST:
            self._viewers.pop(next(iter(self._viewers)))

    def _forget(self, now: float) -> None:
        for viewer in self._viewers.values():
            viewer.settle(now)
        self._viewers = {
            key: viewer
            for key, viewer in self._viewers.items()
            if now - viewer.last <= _KEPT_SECONDS
        }


def _sent(scope: Scope) -> int:
    """With the bytes of a relay, which the front adds only when the answer has ended."""
    seen = answered(scope)
    relay = None if seen.seconds else scope.get("strmctl.relay")
    return seen.bytes + (0 if relay is None else int(relay.sent))


def earliest(viewings: Sequence[Viewing]) -> datetime:
    """When the first of them began; now, where there is none."""
    return min((each.since for each in viewings), default=datetime.now(UTC)) - timedelta(seconds=1)
