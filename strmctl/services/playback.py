"""What a player is given for a name, derived anew whenever it is asked for.

identity -> resolution -> playlist -> rendition -> playlist -> segment: every request walks this
way, mostly through memory. A cache miss, a restart and an expired token are the same case.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from strmctl.domain import media_kind
from strmctl.domain.child_url import ROOT, Addresses
from strmctl.domain.hls import playlist_text
from strmctl.domain.hls.media_playlist import MediaPlaylist, Resource
from strmctl.domain.hls.multivariant_playlist import MultivariantPlaylist
from strmctl.domain.hls.naming import stem
from strmctl.domain.identity import Identity
from strmctl.domain.mapping import Resolution
from strmctl.errors import ResolverError, UpstreamError
from strmctl.resolvers.contract import Reason
from strmctl.services.media import Media, MediaAnswer, Wanted, file_type
from strmctl.services.resolving import Resolving
from strmctl.services.session import LoadedPlaylist, Session
from strmctl.upstream.client import UpstreamClient, joined

SHORT_WAIT = 5.0
"""Seconds of a Retry-After that are waited for rather than passed on."""

_SESSIONS = 512

log = logging.getLogger(__name__)
T = TypeVar("T")
Step = Callable[[Session], Awaitable[T]]


@dataclass(frozen=True, slots=True)
class PlaylistAnswer:
    """A rewritten playlist, ready to be sent."""

    text: bytes = field(repr=False)
    is_finished: bool


class Playback:
    """Answers players; `egress` gives the way out that a site's resolver uses, None for all's."""

    def __init__(
        self,
        resolving: Resolving,
        client: UpstreamClient,
        *,
        playlist_max: int,
        egress: Callable[[str], str | None] = lambda site: None,
    ) -> None:
        self._resolving = resolving
        self._client = client
        self._playlist_max = playlist_max
        self._egress = egress
        self._sessions: OrderedDict[Identity, Session] = OrderedDict()

    async def address(self, identity: Identity) -> str:
        """The upstream URL itself, for `redirect`. Raises ResolverError."""
        return (await self._resolving.current(identity, Reason.PLAY)).url

    async def root(self, addresses: Addresses, wanted: Wanted) -> PlaylistAnswer | MediaAnswer:
        """What the playback URL holds. Raises UpstreamError or ResolverError."""
        healing = _Healing(self, addresses.playback.identity)

        async def step(session: Session) -> PlaylistAnswer | MediaAnswer:
            opened = await session.open(**wanted.fields())
            if isinstance(opened, LoadedPlaylist):
                return _rendered(opened, ROOT, addresses)
            head = await opened.peek(1)
            kind = file_type(opened, head, session.resolution.url)
            return Media(_locate_file, healing).whole(opened, kind)

        return await healing(step)

    async def playlist(
        self, addresses: Addresses, rendition: str, query: str = ""
    ) -> PlaylistAnswer:
        """A rendition's Media Playlist. Raises UpstreamError or ResolverError."""

        async def step(session: Session) -> PlaylistAnswer:
            loaded = await session.media(rendition, fresh=True, query=query)
            return _rendered(loaded, rendition, addresses)

        return await _Healing(self, addresses.playback.identity)(step)

    async def resource(
        self, identity: Identity, rendition: str, cut_name: str, name: str, wanted: Wanted
    ) -> MediaAnswer:
        """Something that a rendition's playlist lists. Raises UpstreamError or ResolverError."""
        number = stem(name)
        healing = _Healing(self, identity)

        async def locate(session: Session) -> Resource:
            return await _locate(session, rendition, cut_name, number)

        async def step(session: Session) -> MediaAnswer:
            kind = media_kind.media_type(name[len(number) :])
            return await Media(locate, healing).open(session, wanted, kind)

        return await healing(step)

    async def session(self, identity: Identity) -> Session:
        """The session of the current resolution. Raises ResolverError."""
        return self._session_of(identity, await self._resolving.current(identity, Reason.PLAY))

    async def renewed(self, identity: Identity, old: Session, status: int | None) -> Session:
        """A session of another resolution than `old`'s. Raises ResolverError."""
        resolution = await self._resolving.renew(
            identity, Reason.PLAY, failed=old.resolution, last_status=status
        )
        return self._session_of(identity, resolution, renewed=True)

    def plays(self, identity: Identity) -> None:
        self._resolving.confirm(identity)

    def _session_of(
        self, identity: Identity, resolution: Resolution, *, renewed: bool = False
    ) -> Session:
        known = self._sessions.get(identity)
        if known is not None and known.resolution == resolution:
            self._sessions.move_to_end(identity)
            return known
        session = self._sessions[identity] = Session(
            resolution,
            self._client,
            playlist_max=self._playlist_max,
            egress=self._egress(identity.site),
            earlier=known.media_playlists if known is not None else None,
        )
        self._sessions.move_to_end(identity)
        if len(self._sessions) > _SESSIONS:
            self._sessions.popitem(last=False)
        return session


class _Healing:
    """Runs a step of one identity; where the upstream fails, once more with a new resolution."""

    def __init__(self, playback: Playback, identity: Identity) -> None:
        self._playback = playback
        self._identity = identity

    async def __call__(self, step: Step[T]) -> T:
        session = await self._playback.session(self._identity)
        try:
            return await self._patiently(step, session)
        except UpstreamError as error:
            if error.final or (error.retry_after or 0) > SHORT_WAIT:
                raise
            failure = error
        answer = await step(await self._renewed(session, failure))
        self._playback.plays(self._identity)
        return answer

    async def _patiently(self, step: Step[T], session: Session) -> T:
        """A short Retry-After is honoured once (RFC 9110 section 10.2.3)."""
        try:
            return await step(session)
        except UpstreamError as error:
            wait = error.retry_after
            if error.final or wait is None or wait > SHORT_WAIT:
                raise
        await asyncio.sleep(wait)
        return await step(session)

    async def _renewed(self, session: Session, failure: UpstreamError) -> Session:
        """Raises the upstream's failure where the resolver has nothing better."""
        try:
            renewed = await self._playback.renewed(self._identity, session, failure.status)
        except ResolverError as error:
            log.warning("%s: %s; not healed: %s", self._identity, failure, error)
            raise failure from None
        log.info("%s: %s; resolved again", self._identity, failure)
        return renewed


async def _locate_file(session: Session) -> Resource:
    return Resource(session.resolution.url)


async def _locate(session: Session, rendition: str, cut_name: str, number: str) -> Resource:
    """Where a name of a rendition's playlist is at the upstream now."""
    root = await session.root() if rendition == ROOT else None
    if root is not None and isinstance(root.playlist, MultivariantPlaylist):
        uri = root.playlist.data.get(number)
        if uri is None:
            raise _unknown(number)
        return Resource(joined(root.url, uri))
    loaded = await session.media(rendition, fresh=False, number=number)
    playlist = loaded.playlist
    if not isinstance(playlist, MediaPlaylist):
        raise _unknown(number)
    session.check_cut(rendition, cut_name, loaded)
    found = playlist.resources.get(number)
    if found is None:
        raise _unknown(number)
    return Resource(joined(loaded.url, found.uri), found.byte_range)


def _unknown(name: str) -> UpstreamError:
    return UpstreamError(f"the playlist lists no {name!r} now", http_status=404, final=True)


def _rendered(loaded: LoadedPlaylist, rendition: str, addresses: Addresses) -> PlaylistAnswer:
    playlist = loaded.playlist
    folder = addresses.folder(rendition)
    if isinstance(playlist, MultivariantPlaylist):
        text = playlist.render(addresses.playlist, lambda name: folder + name)
    else:
        prefix = f"{loaded.cut}/" if loaded.cut else ""
        # What is served at the playback URL may be re-served from elsewhere: absolute there.
        text = playlist.render(folder + prefix if rendition == ROOT else prefix)
    return PlaylistAnswer(playlist_text.encode(text), loaded.is_finished)
