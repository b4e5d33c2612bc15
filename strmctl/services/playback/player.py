"""What a player is given for a name, derived anew whenever it is asked for.

identity -> resolution -> playlist -> rendition -> playlist -> segment: every request walks this
way, mostly through memory. A cache miss, a restart and an expired token are the same case.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from strmctl import tracing
from strmctl.domain.hls import playlist_text
from strmctl.domain.hls.media_playlist import Resource
from strmctl.domain.hls.multivariant_playlist import MultivariantPlaylist
from strmctl.domain.hls.naming import is_part, stem
from strmctl.domain.http.ranges import Wanted
from strmctl.domain.identity import Identity
from strmctl.domain.mapping import Resolution
from strmctl.domain.media import media_kind
from strmctl.domain.urls.child_url import ROOT, Addresses
from strmctl.domain.urls.upstream_url import joined
from strmctl.errors import UpstreamError
from strmctl.resolvers.contract import Reason
from strmctl.services.observer import UNOBSERVED, Observer
from strmctl.services.playback.edge_cache import EdgeCache
from strmctl.services.playback.fetch import Fetcher
from strmctl.services.playback.healing import Healing
from strmctl.services.playback.media import Media, MediaAnswer, file_type
from strmctl.services.playback.playlists import LoadedPlaylist
from strmctl.services.playback.source import Session
from strmctl.services.resolving.resolve import Resolving
from strmctl.upstream.client import UpstreamClient

PATIENCE = 1.5
"""Seconds that a live player waits for a fresh playlist while an older copy is at hand."""

OLDEST_COPY = 60.0
"""Seconds after which an older copy of a live playlist is not worth giving."""

_SESSIONS = 512
_PLAYLIST_CHARACTERS = 32 * 1024 * 1024
_GONE = frozenset({404, 410})

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PlaylistAnswer:
    """A rewritten playlist, ready to be sent."""

    text: bytes = field(repr=False)
    is_finished: bool


class Playback:
    """Answers players. `playlist_max` in bytes bounds every playlist. Call `aclose` at the end."""

    def __init__(
        self,
        resolving: Resolving,
        client: UpstreamClient,
        *,
        playlist_max: int,
        observer: Observer = UNOBSERVED,
    ) -> None:
        self._resolving = resolving
        self._client = client
        self._playlist_max = playlist_max
        self._sessions: OrderedDict[Identity, Session] = OrderedDict()
        self._observer = observer
        self._edges = EdgeCache(observer=observer)
        self._under_way: set[asyncio.Task[Any]] = set()

    async def address(self, identity: Identity) -> str:
        """The upstream URL itself, for `redirect`. Raises ResolverError."""
        return (await self._resolving.current(identity, Reason.PLAY)).url

    async def root(self, addresses: Addresses, wanted: Wanted) -> PlaylistAnswer | MediaAnswer:
        """What the playback URL holds. Raises UpstreamError or ResolverError."""
        identity = addresses.playback.identity
        healing = Healing(self, identity, self._observer)

        media = Media(_locate_file, healing, self._edges)

        async def step(session: Session) -> LoadedPlaylist | MediaAnswer:
            url = session.resolution.url
            known = media.known(url, wanted)
            if known is not None:
                return known
            opened = await session.open(wanted.fields())
            if isinstance(opened, LoadedPlaylist):
                return opened
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
            return media.whole(url, opened, kind)

        opened = await self._or_last_copy(identity, ROOT, healing(step))
        if isinstance(opened, LoadedPlaylist):
            return self._rendered(opened, ROOT, addresses)
        return opened

    async def playlist(
        self, addresses: Addresses, rendition: str, query: str = ""
    ) -> PlaylistAnswer:
        """A rendition's Media Playlist. Raises UpstreamError or ResolverError.

        `query` holds the delivery directives of a low-latency player.
        """
        identity = addresses.playback.identity

        async def step(session: Session) -> LoadedPlaylist:
            return await session.media(rendition, query=query)

        loading = Healing(self, identity, self._observer)(step)
        # A blocking reload is meant to take its time (rfc8216bis section 6.2.5.2).
        loaded = await (loading if query else self._or_last_copy(identity, rendition, loading))
        return self._rendered(loaded, rendition, addresses)

    async def resource(
        self, identity: Identity, rendition: str, cut_name: str, name: str, wanted: Wanted
    ) -> MediaAnswer:
        """Something that a rendition's playlist lists. Raises UpstreamError or ResolverError."""
        plain_name = stem(name)
        healing = Healing(self, identity, self._observer)

        async def locate(session: Session) -> Resource:
            return await _locate(session, rendition, cut_name, plain_name)

        async def step(session: Session) -> MediaAnswer:
            kind = media_kind.media_type(name[len(plain_name) :])
            edges = self._edges if session.is_probed(rendition, plain_name) else None
            try:
                media = Media(locate, healing, edges)
                return await media.open(session, wanted, kind, patient=is_part(plain_name))
            except UpstreamError as failure:
                if failure.status in _GONE and await session.has_left(rendition, plain_name):
                    raise _departed() from None
                raise

        return await healing(step)

    async def current(self, identity: Identity) -> Session:
        asked_at = datetime.now(UTC)
        resolution = await self._resolving.current(identity, Reason.PLAY)
        if log.isEnabledFor(logging.DEBUG):
            _tell_of(resolution, asked_at)
        return self._session(identity, resolution)

    async def renewed(self, identity: Identity, old: Session, status: int | None) -> Session:
        resolution = await self._resolving.renew(
            identity, Reason.PLAY, failed=old.resolution, last_status=status
        )
        return self._session(identity, resolution)

    def plays(self, identity: Identity) -> None:
        self._resolving.confirm(identity)

    async def aclose(self) -> None:
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    def _session(self, identity: Identity, resolution: Resolution) -> Session:
        known = self._sessions.get(identity)
        if known is None or known.resolution != resolution:
            fetcher = Fetcher(
                resolution,
                self._client,
                egress=self._resolving.egress(identity.site),
                observer=self._observer,
            )
            known = self._sessions[identity] = Session(
                resolution, fetcher, playlist_max=self._playlist_max, earlier=known
            )
            self._sessions.move_to_end(identity)
            self._make_room()
        self._sessions.move_to_end(identity)
        return known

    def _make_room(self) -> None:
        """Forget what was played longest ago; it is derived anew when it is asked for."""
        size = sum(session.size for session in self._sessions.values())
        while len(self._sessions) > _SESSIONS or (
            size > _PLAYLIST_CHARACTERS and len(self._sessions) > 1
        ):
            size -= self._sessions.popitem(last=False)[1].size

    async def _or_last_copy(
        self, identity: Identity, key: str, loading: Coroutine[Any, Any, T]
    ) -> T | LoadedPlaylist:
        """What is loading, or the last good copy of a live playlist where that fails or lasts.

        The loading goes on, so that a later request finds its end.
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
        session = self._sessions.get(identity)
        copy = session.latest.get(key) if session is not None else None
        if copy is None or copy.is_finished or time.monotonic() - copy.at > OLDEST_COPY:
            return None
        return copy

    def _rendered(
        self, loaded: LoadedPlaylist, rendition: str, addresses: Addresses
    ) -> PlaylistAnswer:
        self._make_room()
        playlist = loaded.playlist
        folder = addresses.folder(rendition)
        if isinstance(playlist, MultivariantPlaylist):
            text = playlist.render(addresses.playlist, lambda name: folder + name)
        else:
            prefix = f"{loaded.cut}/" if loaded.cut else ""
            # What is served at the playback URL may be re-served from elsewhere: absolute there.
            prefix = folder + prefix if rendition == ROOT else prefix
            text = playlist.render(prefix, self._reported(loaded, addresses))
        return PlaylistAnswer(playlist_text.encode(text), loaded.is_finished)

    def _reported(
        self, loaded: LoadedPlaylist, addresses: Addresses
    ) -> Callable[[str], str | None]:
        """Gives the address of a rendition from the URI in an EXT-X-RENDITION-REPORT."""

        def address(uri: str) -> str | None:
            session = self._sessions.get(addresses.playback.identity)
            key = session and session.rendition_at(joined(loaded.url, uri))
            return addresses.playlist(key) if key else None

        return address


def _tell_of(resolution: Resolution, now: datetime) -> None:
    """How old it is and for how long it is good; in milliseconds its time is a little earlier."""
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


async def _locate_file(session: Session) -> Resource:
    return Resource(session.resolution.url)


async def _locate(session: Session, rendition: str, cut_name: str, name: str) -> Resource:
    """Where a name of a rendition's playlist is at the upstream now."""
    root = await session.root() if rendition == ROOT else None
    if root is not None and isinstance(root.playlist, MultivariantPlaylist):
        uri = root.playlist.data.get(name)
        found = Resource(joined(root.url, uri)) if uri is not None else None
    else:
        loaded = await session.listing(rendition, name)
        session.check_cut(rendition, cut_name, loaded)
        found = (
            loaded.locate(name)
            or session.departed(rendition, name, loaded)
            or session.counterpart(rendition, name, loaded)
        )
    if found is None:
        raise UpstreamError(f"the playlist lists no {name!r} now", http_status=404, final=True)
    return found


def _departed() -> UpstreamError:
    """No other resolution has it either."""
    return UpstreamError("it has left the live playlist", http_status=404, final=True)


def _let_go(task: "asyncio.Task[Any]") -> None:
    """Nobody waits for the answer any more."""
    if not task.cancelled() and task.exception() is None:
        answer = task.result()
        if isinstance(answer, MediaAnswer):
            answer.close()
