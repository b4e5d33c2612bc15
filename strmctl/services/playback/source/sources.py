"""One source for each identity that is played; the one played longest ago is forgotten first."""

import logging
from collections import OrderedDict
from datetime import UTC, datetime, timedelta

from strmctl import tracing
from strmctl.domain.identity import Identity
from strmctl.domain.mapping import Resolution
from strmctl.resolvers.contract import Reason
from strmctl.services.observer import Observer
from strmctl.services.playback.fetching.fetch import Fetch
from strmctl.services.playback.fetching.parsing import Places
from strmctl.services.playback.source.source import Source
from strmctl.services.resolving.resolve import Resolving
from strmctl.upstream.client import UpstreamClient

_MEMORY = 160 * 1024 * 1024
"""Bytes that all sources may take, so that thousands of titles are played side by side."""

_BESIDE_A_LARGE_ONE = 30 * 1024 * 1024
"""Bytes that their playlists may take while a large one is read."""

_BYTES_A_SOURCE = 4 * 1024
"""What one takes in memory without its playlists, as measured."""

log = logging.getLogger(__name__)


class Sources:
    """What is forgotten is derived anew when it is asked for; `playlist_max` in bytes."""

    def __init__(
        self,
        resolving: Resolving,
        client: UpstreamClient,
        *,
        playlist_max: int,
        observer: Observer,
    ) -> None:
        self._resolving = resolving
        self._client = client
        self._playlist_max = playlist_max
        self._observer = observer
        self._sources: OrderedDict[Identity, Source] = OrderedDict()
        self._sizes: dict[Identity, int] = {}
        self._size = 0
        self._places = Places(self._forget_the_largest)

    def known(self, identity: Identity) -> Source | None:
        return self._sources.get(identity)

    async def current(self, identity: Identity) -> Source:
        """Raises ResolverError."""
        asked_at = datetime.now(UTC) if log.isEnabledFor(logging.DEBUG) else None
        resolution = await self._resolving.current(identity, Reason.PLAY)
        if asked_at is not None:
            _log(resolution, asked_at)
        return self._source(identity, resolution)

    async def renewed(self, identity: Identity, old: Source, status: int | None) -> Source:
        """In place of `old`, to which the upstream answered `status`. Raises ResolverError."""
        resolution = await self._resolving.renew(
            identity, Reason.PLAY, failed=old.resolution, last_status=status
        )
        return self._source(identity, resolution)

    def plays(self, identity: Identity) -> None:
        """The renewed resolution has answered."""
        self._resolving.confirm(identity)

    def weigh(self, identity: Identity) -> None:
        """Count what its source holds by now, and forget others where that is too much."""
        source = self._sources.get(identity)
        if source is not None:
            self._weigh(identity, source)

    def _weigh(self, identity: Identity, source: Source) -> None:
        if not self._count(identity, source):
            return
        while self._size > _MEMORY and len(self._sources) > 1:
            forgotten, _ = self._sources.popitem(last=False)
            self._size -= self._sizes.pop(forgotten, 0)

    def _count(self, identity: Identity, source: Source) -> bool:
        """Whether its size has changed."""
        size = _BYTES_A_SOURCE + source.playlists.size
        if size == source.weight:
            return False
        source.weight = size
        self._size += size - self._sizes.get(identity, 0)
        self._sizes[identity] = size
        return True

    def _forget_the_largest(self) -> None:
        """For a large playlist that is about to be read: two at once would take too much memory."""
        # Whoever has read the playlist before this one may not have counted it yet.
        for identity, source in self._sources.items():
            self._count(identity, source)
        while self._size - _BYTES_A_SOURCE * len(self._sizes) > _BESIDE_A_LARGE_ONE:
            largest = max(self._sizes, key=self._sizes.__getitem__)
            self._sources.pop(largest, None)
            self._size -= self._sizes.pop(largest)

    def _source(self, identity: Identity, resolution: Resolution) -> Source:
        known = self._sources.get(identity)
        # `is` first: nearly always it is the same object, and to compare costs more.
        if known is not None and (known.resolution is resolution or known.resolution == resolution):
            known.resolution = resolution
        else:
            fetch = Fetch(
                resolution,
                self._client,
                egress=self._resolving.egress(identity.site),
                observer=self._observer,
                places=self._places,
            )
            known = self._sources[identity] = Source(
                resolution, fetch, playlist_max=self._playlist_max, before=known
            )
        self._sources.move_to_end(identity)
        self._weigh(identity, known)
        return known


def _log(resolution: Resolution, now: datetime) -> None:
    """How old it is and how long it lasts. Its time is stored in milliseconds, rounded down."""
    at, end = resolution.resolved_at, resolution.expires_at
    is_new = at is not None and at >= now - timedelta(milliseconds=1)
    tracing.step(
        log,
        "resolution",
        "resolved %s, ends %s",
        "just now" if is_new else _moment(at),
        _moment(end),
        source="resolver" if is_new else "stored",
        provider=resolution.provider,
        age=None if at is None else max(0.0, round((now - at).total_seconds(), 3)),
        left=None if end is None else round((end - now).total_seconds(), 3),
    )


def _moment(at: datetime | None) -> str:
    return "at a time unknown" if at is None else f"at {at:%Y-%m-%dT%H:%M:%SZ}"
