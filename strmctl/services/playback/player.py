"""What a player gets for a name is derived anew with each request.

identity -> resolution -> playlist -> rendition -> playlist -> segment: every request walks this
way, mostly through memory. A cache miss, a restart and an expired token are the same case.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

from strmctl import tracing
from strmctl.discreet import Discreet
from strmctl.domain.hls import playlist_text
from strmctl.domain.hls.multivariant_playlist import MultivariantPlaylist, nested
from strmctl.domain.hls.naming import stem
from strmctl.domain.http.ranges import Wanted
from strmctl.domain.http.response_fields import strong_etag
from strmctl.domain.identity import Identity
from strmctl.domain.media import media_kind
from strmctl.domain.urls.child_url import ROOT, Addresses
from strmctl.domain.urls.upstream_url import check_link, joined
from strmctl.errors import UpstreamError
from strmctl.resolvers.contract import Reason
from strmctl.services.observer import UNOBSERVED, Observer, Proven, unproven
from strmctl.services.playback.continuity.evidence import Prelude
from strmctl.services.playback.extents import Extents
from strmctl.services.playback.fetching.loaded_playlist import LoadedPlaylist
from strmctl.services.playback.fetching.parsing import beside_the_loop
from strmctl.services.playback.healing import Healing
from strmctl.services.playback.heals import Heals
from strmctl.services.playback.media import Media, MediaAnswer, file_type, from_memory
from strmctl.services.playback.redirecting import Redirects
from strmctl.services.playback.segment_cache import SegmentCache
from strmctl.services.playback.source.source import Place, Source
from strmctl.services.playback.source.sources import Sources
from strmctl.services.playback.streams import Streams, Viewer
from strmctl.services.resolving.resolve import Resolving
from strmctl.upstream.client import UpstreamClient

PATIENCE = 1.5
"""Seconds that a player waits for the upstream while memory has an answer."""

OLDEST_COPY = 60.0
"""Seconds after which an older copy of a live playlist is not worth giving."""

_GONE = frozenset({404, 410})

log = logging.getLogger(__name__)
T = TypeVar("T")


class PlaylistAnswer(Discreet, frozen=True):
    """A rewritten playlist, ready to be sent; every node has the same ETag for the same text."""

    hidden = ("text",)

    text: bytes
    is_finished: bool
    etag: str


class Player:
    """Answers players. `playlist_max` in bytes bounds every playlist. Call `aclose` at the end."""

    def __init__(
        self,
        resolving: Resolving,
        client: UpstreamClient,
        *,
        playlist_max: int,
        observer: Observer = UNOBSERVED,
        proven: Proven = unproven,
    ) -> None:
        self._proven = proven
        self._resolving = resolving
        self._sources = Sources(resolving, client, playlist_max=playlist_max, observer=observer)
        self._observer = observer
        self._heals = Heals(observer)
        self._extents = Extents(resolving, observer)
        self._redirects = Redirects()
        self._segments = SegmentCache(observer=observer)
        self._streams = Streams()
        self._under_way: set[asyncio.Task[Any]] = set()

    async def address(self, identity: Identity) -> str:
        """The upstream URL itself, for `redirect`. Raises ResolverError or UpstreamError."""
        await self._redirects.check(identity, self._healing(identity))
        source = self._sources.known(identity)
        # What plays elsewhere is not seen; that its renewed link answers is all that is known.
        if source is not None and self._heals.has_healed(identity, source.resolution):
            self._proven(identity, source.resolution, healed=True)
        url = (await self._resolving.current(identity, Reason.PLAY)).url
        check_link(url)
        return url

    async def root(
        self, addresses: Addresses, wanted: Wanted, client: str = ""
    ) -> PlaylistAnswer | MediaAnswer:
        """What the playback URL holds, for a player at the address `client`.

        Raises UpstreamError or ResolverError.
        """
        identity = addresses.playback.identity
        viewer = (identity, client)
        healing = self._healing(identity)
        media = Media(Place(), healing, self._observer)

        async def step(source: Source) -> LoadedPlaylist | MediaAnswer:
            url = source.resolution.url
            opened = await source.open(wanted.fields())
            if isinstance(opened, LoadedPlaylist):
                self._extents.check_playlist(identity, source, ROOT, opened)
                return opened
            self._extents.check_file(identity, source, opened)
            kind = file_type(opened, await opened.peek(1), url)
            total = opened.total
            tracing.step(
                log,
                "media",
                "a file, %s, %s bytes",
                kind,
                total or "unknown",
                kind=kind,
                status=opened.status,
                total=total,
            )
            return media.whole(source, url, opened, kind)

        loading = healing(lambda source: self._streams.ask(viewer, partial(step, source)))
        opened = await self._or_last_copy(identity, ROOT, loading)
        if isinstance(opened, LoadedPlaylist):
            return await self._rendered(opened, ROOT, addresses)
        return self._sending(viewer, opened)

    async def playlist(
        self, addresses: Addresses, rendition: str, wanted: Wanted, query: str = ""
    ) -> PlaylistAnswer | MediaAnswer:
        """A rendition's playlist, or the file in its place. Raises UpstreamError or ResolverError.

        `query` holds the delivery directives of a low-latency player.
        """
        identity = addresses.playback.identity
        healing = self._healing(identity)
        media = Media(Place(rendition), healing, self._observer)

        async def step(source: Source) -> LoadedPlaylist | MediaAnswer:
            opened = await source.rendition(rendition, query, wanted.fields())
            if isinstance(opened, LoadedPlaylist):
                self._extents.check_playlist(identity, source, rendition, opened)
                return opened
            kind = file_type(opened, await opened.peek(1), opened.url)
            return media.whole(source, opened.url, opened, kind)

        loading = healing(step)
        # A blocking reload is meant to take its time (rfc8216bis section 6.2.5.2).
        opened = await (loading if query else self._or_last_copy(identity, rendition, loading))
        if isinstance(opened, MediaAnswer):
            return opened
        return await self._rendered(opened, rendition, addresses)

    async def resource(
        self,
        identity: Identity,
        rendition: str,
        cut_name: str,
        name: str,
        wanted: Wanted,
        client: str = "",
    ) -> MediaAnswer:
        """Something that a rendition's playlist lists, for a player at the address `client`.

        Raises UpstreamError or ResolverError.
        """
        viewer = (identity, client)
        place = Place(rendition, cut_name, stem(name))
        kind = media_kind.media_type(name[len(place.name) :])
        healing = self._healing(identity)

        async def step(source: Source) -> MediaAnswer:
            cache = self._segments if source.is_probed(place) else None
            try:
                return await Media(place, healing, self._observer, cache).open(source, wanted, kind)
            except UpstreamError as failure:
                if failure.status in _GONE and await source.has_left(place):
                    raise _departed() from None
                raise

        known = self._known_prelude(identity, place)
        try:
            # The name says the bytes: memory has the right ones, and a player is not kept waiting.
            async with asyncio.timeout(PATIENCE if known is not None else None):
                opened = await healing(
                    lambda source: self._streams.ask(viewer, partial(step, source))
                )
        except (UpstreamError, TimeoutError) as failure:
            if known is None or getattr(failure, "final", False):
                raise
            why = str(failure) or "no answer yet"
            tracing.step(log, "cache", "%s; it is known from before", why)
            return from_memory(known.data, {"Content-Type": kind, **known.fields}, wanted)
        return self._sending(viewer, opened)

    def _known_prelude(self, identity: Identity, place: Place) -> Prelude | None:
        """Its server may be down by now, and many a key is given only once."""
        source = self._sources.known(identity)
        return source.known_prelude(place) if source is not None else None

    def _sending(self, viewer: Viewer, opened: MediaAnswer) -> MediaAnswer:
        if opened.body is not None:
            self._streams.add(viewer, opened.body)
        return opened

    def sent(self, identity: Identity, *, is_media: bool) -> None:
        """Bytes of an answer have gone out to a player; those of a playlist are not media."""
        self._heals.sent(identity)
        source = self._sources.known(identity)
        if is_media and source is not None:
            resolution = source.resolution
            self._observer.played(identity, resolution.url)
            healed = self._heals.has_healed(identity, resolution)
            self._proven(identity, resolution, healed=healed)

    def _healing(self, identity: Identity) -> Healing:
        return Healing(self._sources, identity, self._heals)

    async def aclose(self) -> None:
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _or_last_copy(
        self, identity: Identity, key: str, loading: Coroutine[Any, Any, T]
    ) -> T | LoadedPlaylist:
        """What `loading` brings, or the last good copy of a live playlist if it fails or is slow.

        A slow one goes on loading, so that the next request finds its result.
        """
        copy = self._last_copy(identity, key)
        if copy is None:
            return await loading
        task = asyncio.create_task(loading)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        try:
            await asyncio.wait({task}, timeout=PATIENCE)
        except asyncio.CancelledError:
            task.add_done_callback(_let_go)
            raise
        if task.done() and task.exception() is None:
            return task.result()
        log.warning("%s: the last good playlist is served again", identity)
        task.add_done_callback(_let_go)
        return copy

    def _last_copy(self, identity: Identity, key: str) -> LoadedPlaylist | None:
        source = self._sources.known(identity)
        copy = source.playlists.latest(key) if source is not None else None
        if copy is None or copy.is_finished or time.monotonic() - copy.at > OLDEST_COPY:
            return None
        return copy

    async def _rendered(
        self, loaded: LoadedPlaylist, rendition: str, addresses: Addresses
    ) -> PlaylistAnswer:
        self._sources.weigh(addresses.playback.identity)
        reported = self._reported(loaded, rendition, addresses)
        work = partial(_render, loaded, rendition, addresses, reported)
        return await beside_the_loop(work, loaded.size)

    def _reported(
        self, loaded: LoadedPlaylist, rendition: str, addresses: Addresses
    ) -> Callable[[str], str | None]:
        """Gives the address of a rendition from the URI in an EXT-X-RENDITION-REPORT."""

        def address(uri: str) -> str | None:
            source = self._sources.known(addresses.playback.identity)
            key = source and source.rendition_at(joined(loaded.url, uri), rendition)
            return addresses.playlist(key) if key else None

        return address


def _departed() -> UpstreamError:
    """No other resolution has it either."""
    return UpstreamError("it has left the live playlist", http_status=404, final=True)


def _let_go(task: "asyncio.Task[Any]") -> None:
    """Close the answer of a task that nobody waits for any more."""
    if not task.cancelled() and task.exception() is None:
        answer = task.result()
        if isinstance(answer, MediaAnswer):
            answer.close()


def _render(
    loaded: LoadedPlaylist,
    rendition: str,
    addresses: Addresses,
    reported: Callable[[str], str | None],
) -> PlaylistAnswer:
    playlist = loaded.playlist
    folder = addresses.folder(rendition)
    if isinstance(playlist, MultivariantPlaylist):
        text = playlist.render(
            lambda key: addresses.playlist(nested(key, rendition)), lambda name: folder + name
        )
    else:
        prefix = f"{loaded.cut}/" if loaded.cut else ""
        # Another server may pass on what is served at the playback URL: its URIs are absolute.
        prefix = folder + prefix if rendition == ROOT else prefix
        text = playlist.render(prefix, reported)
    encoded = playlist_text.encode(text)
    return PlaylistAnswer(encoded, loaded.is_finished, strong_etag(encoded))
