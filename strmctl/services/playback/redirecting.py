"""In mode redirect strmctl sees no answers, so it looks whether the redirect's target plays.

It looks at most once a minute for each identity. A target that refuses is resolved again, as in
a play.
"""

import math
import time
from collections.abc import Callable

from strmctl.domain.identity import Identity
from strmctl.errors import EgressError, ItemError, UpstreamError
from strmctl.newest import Newest
from strmctl.services.playback.fetching.loaded_playlist import LoadedPlaylist
from strmctl.services.playback.healing import Healing
from strmctl.services.playback.source.source import Source

_EVERY = 60.0
_IDENTITIES = 10_000
_BEGINNING = {"Range": "bytes=0-1023"}


class Redirects:
    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._looked_at: Newest[Identity, float] = Newest(_IDENTITIES)

    async def check(self, identity: Identity, healing: Healing) -> None:
        """Renew a link that does not play. If that does not help, players are sent to it all the
        same: an upstream may give them what it refuses strmctl."""
        if not self._is_due(identity):
            return
        try:
            await healing(_look)
        except (EgressError, ItemError):
            return

    def _is_due(self, identity: Identity) -> bool:
        now = self._monotonic()
        at = self._looked_at.get(identity, -math.inf)
        is_due = now - at >= _EVERY
        self._looked_at.put(identity, now if is_due else at)
        return is_due


async def _look(source: Source) -> None:
    try:
        opened = await source.open(_BEGINNING)
    except UpstreamError as error:
        if error.lasting and error.status is None:
            return  # The guard's refusal binds strmctl, not the players who are sent there.
        raise
    if not isinstance(opened, LoadedPlaylist):
        opened.close()
