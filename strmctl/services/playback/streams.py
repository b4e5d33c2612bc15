"""A provider that allows one connection gets one: an older stream of the same viewer gives way.

Players leave a connection open, unread, and ask for the next part on another one. A stream that
gives way loses only its connection to the upstream. If its viewer reads on, it resumes.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from strmctl.domain.identity import Identity
from strmctl.domain.patience.patience import FREED_PLACE, Patience
from strmctl.errors import StrmctlError, UpstreamError
from strmctl.services.patiently import patiently
from strmctl.services.playback.fetching.body import Body

T = TypeVar("T")
Viewer = tuple[Identity, str]
"""What is played, and the address that asks for it."""

_LOOKS, _BETWEEN_LOOKS = 6, 0.05
"""How often, and after how many seconds, the older streams are looked at again."""

_REFUSALS = frozenset({403, 409, 423, 429, 503, 509})
"""What providers answer to one connection too many; 509 stands in no RFC, but is in use."""


class Streams:
    """The bodies that are being sent, the oldest first."""

    def __init__(self) -> None:
        self._open: dict[Viewer, list[Body]] = {}

    def add(self, viewer: Viewer, body: Body) -> None:
        """Until it is closed."""
        bodies = self._open.setdefault(viewer, [])
        bodies.append(body)
        body.heard_by(_Leaving(self._open, viewer, bodies, body))

    async def ask(self, viewer: Viewer, ask: Callable[[], Awaitable[T]]) -> T:
        """What the upstream answers; if it refuses, it is asked again once an older stream has
        given way."""
        try:
            return await ask()
        except UpstreamError as refusal:
            if refusal.status not in _REFUSALS or not await self._give_way(viewer):
                raise
        patience = Patience(FREED_PLACE, time.monotonic())

        def wait(failure: StrmctlError) -> float | None:
            is_refusal = isinstance(failure, UpstreamError) and failure.status in _REFUSALS
            return patience.wait(time.monotonic()) if is_refusal else None

        return await patiently(ask, wait)

    async def _give_way(self, viewer: Viewer) -> bool:
        """Whether an older stream has given way. That its player has stopped reading shows only
        once the buffers on the way are full, a moment later."""
        for _ in range(_LOOKS):
            bodies = self._open.get(viewer, ())
            if any(body.give_way() for body in bodies):
                return True
            if not bodies:
                return False
            await asyncio.sleep(_BETWEEN_LOOKS)
        return False


class _Leaving:
    """Forgets a body that has been closed."""

    def __init__(
        self, streams: dict[Viewer, list[Body]], viewer: Viewer, bodies: list[Body], body: Body
    ) -> None:
        self._open, self._viewer, self._bodies, self._body = streams, viewer, bodies, body

    needs_more = False

    def hear(self, chunk: bytes) -> None:
        pass

    def close(self) -> None:
        self._bodies.remove(self._body)
        if not self._bodies:
            del self._open[self._viewer]
