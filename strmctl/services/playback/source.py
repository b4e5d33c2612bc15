"""What is known of one resolution: the playlists behind it, loaded once for many requests."""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Mapping

from strmctl import tracing
from strmctl.domain.hls import cut, media_playlist_reader, multivariant_playlist, playlist_text
from strmctl.domain.hls.media_playlist import MediaPlaylist, Resource
from strmctl.domain.hls.multivariant_playlist import Kind, MultivariantPlaylist
from strmctl.domain.hls.naming import upstream_extension
from strmctl.domain.http.ranges import ContentRange, starts_at_zero
from strmctl.domain.http.representation import Representation
from strmctl.domain.mapping import Resolution
from strmctl.domain.media import disguise, media_kind
from strmctl.domain.urls.child_url import ROOT
from strmctl.domain.urls.upstream_url import joined
from strmctl.errors import UpstreamError
from strmctl.services.observer import Cache
from strmctl.services.playback.continuity import Departed
from strmctl.services.playback.fetch import Fetcher
from strmctl.services.playback.playlists import LoadedPlaylist
from strmctl.upstream.response import UpstreamResponse

LISTED_SOON_MAX_AGE = 0.2
"""Seconds for which a copy is not read again for a name that is not in it."""

_OFF_LOOP_BYTES = 64 * 1024
_PROBED_SEGMENTS = 3

log = logging.getLogger(__name__)


class Session:
    """One resolution in use. `earlier` is the session of the resolution before it."""

    def __init__(
        self,
        resolution: Resolution,
        fetcher: Fetcher,
        *,
        playlist_max: int,
        earlier: "Session | None" = None,
    ) -> None:
        self.resolution = resolution
        self.fetcher = fetcher
        self.disguises = False
        """Whether its segments have been seen to hide behind images."""
        self._file: Representation | None = None
        self._playlist_max = playlist_max
        self._earlier = dict(earlier.latest) if earlier is not None else {}
        self._loaded: dict[str, LoadedPlaylist] = {}
        self._departed: defaultdict[str, Departed] = defaultdict(Departed)
        self._heritage = earlier.heritage if earlier is not None else {}
        self._segment_extensions: dict[str, str] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @property
    def latest(self) -> Mapping[str, LoadedPlaylist]:
        """The last copy of each playlist, by rendition key, be it from the session before."""
        return {**self._earlier, **self._loaded}

    @property
    def heritage(self) -> dict[str, Departed]:
        """What the next session may go on serving, by rendition key."""
        return {**self._heritage, **self._departed}

    @property
    def size(self) -> int:
        """Characters of the playlists that are kept here; in memory they take five times that."""
        return sum(loaded.size for loaded in self.latest.values())

    async def open(self, fields: Mapping[str, str]) -> UpstreamResponse | LoadedPlaylist:
        """What the resolution's URL holds: a playlist, or the answer of a plain file."""
        if ROOT in self._loaded or upstream_extension(self.resolution.url) in (".m3u8", ".m3u"):
            async with self._locks[ROOT]:
                known = self._loaded.get(ROOT)
                if known is not None and known.is_fresh(time.monotonic()):
                    self.fetcher.observer.cache_hit(Cache.PLAYLIST)
                    return known
                return await self._open({})
        return await self._open(fields)

    async def _open(self, fields: Mapping[str, str]) -> UpstreamResponse | LoadedPlaylist:
        if self._file is not None or starts_at_zero(fields.get("Range")):
            opened = await self._ask(fields)
            if isinstance(opened, LoadedPlaylist) or self._is_of_the_file(opened):
                return opened
            opened.close()
        # Only the beginning tells whether this is a part of a file or of a playlist.
        beginning = await self._ask({"Range": f"bytes=0-{media_kind.SNIFF_BYTES - 1}"})
        if isinstance(beginning, LoadedPlaylist):
            return beginning
        beginning.close()
        return await self._ask(fields)

    async def _ask(self, fields: Mapping[str, str]) -> UpstreamResponse | LoadedPlaylist:
        response = await self.fetcher.fetch(self.resolution.url, fields)
        head = await response.peek(media_kind.SNIFF_BYTES, media_kind.may_be_playlist)
        if not media_kind.is_playlist(head, response.content_type):
            if response.status != 416 and _tells_a_file(response.content_range, head):
                self._file = response.representation
            return response
        if response.status != 200:
            response.close()
            response = await self.fetcher.fetch(self.resolution.url)
        return await self._read(ROOT, response)

    def _is_of_the_file(self, response: UpstreamResponse) -> bool:
        """Whether its bytes are of what has been seen to be a file; those of 416 are nobody's."""
        return response.status == 416 or response.representation == self._file

    async def root(self) -> LoadedPlaylist:
        """The playlist behind the playback URL, however old; raises UpstreamError without one."""
        known = self._loaded.get(ROOT)
        if known is not None:
            return known
        opened = await self.open({})
        if isinstance(opened, LoadedPlaylist):
            return opened
        opened.close()
        raise UpstreamError("a file now, no playlist", http_status=404, final=True)

    async def media(self, key: str, *, query: str = "") -> LoadedPlaylist:
        """A rendition's Media Playlist, fresh enough for a player. Raises UpstreamError.

        `query` holds delivery directives for the upstream.
        """
        if query:
            return await self._load_media(key, query)
        async with self._locks[key]:
            known = self._loaded.get(key)
            if known is not None and known.is_fresh(time.monotonic()):
                self.fetcher.observer.cache_hit(Cache.PLAYLIST)
                return known
            return await self._load_media(key)

    async def listing(self, key: str, name: str) -> LoadedPlaylist:
        """A rendition's Media Playlist of any age, younger where it does not list `name` yet."""
        async with self._locks[key]:
            known = self._loaded.get(key)
            if known is None or self._may_list_soon(key, known, name):
                known = await self._load_media(key)
            return known

    def departed(self, key: str, name: str, loaded: LoadedPlaylist) -> Resource | None:
        """What a live playlist listed a while ago, by an absolute URL."""
        found = self._departed[key].find(name)
        return found and Resource(joined(loaded.url, found.uri), found.byte_range)

    async def has_left(self, key: str, name: str) -> bool:
        """Whether a live playlist listed `name` and does no longer. Raises UpstreamError."""
        if self._departed[key].find(name) is None:
            return False
        return (await self.media(key)).locate(name) is None

    def _may_list_soon(self, key: str, known: LoadedPlaylist, name: str) -> bool:
        if known.is_finished or known.locate(name) or self._departed[key].find(name):
            return False
        return time.monotonic() - known.at > LISTED_SOON_MAX_AGE

    async def _load_media(self, key: str, query: str = "") -> LoadedPlaylist:
        root = await self.root() if key != ROOT else None
        url = self.resolution.url if root is None else _rendition_url(root, key)
        if query:
            url += ("&" if "?" in url else "?") + query
        response = await self.fetcher.fetch(url, patient=bool(query))
        return await self._read(key, response, root=root)

    async def _read(
        self, key: str, response: UpstreamResponse, *, root: LoadedPlaylist | None = None
    ) -> LoadedPlaylist:
        data = await self.fetcher.read(response, self._playlist_max)
        try:
            text = playlist_text.decode(data)
            loaded = await self._parsed(key, text, response.url, root)
        except playlist_text.NotAPlaylistError as error:
            status = response.status
            raise UpstreamError(f"not media: the playlist {error}", status=status) from None
        self._keep(key, loaded)
        _tell(key, loaded)
        return loaded

    async def _parsed(
        self, key: str, text: str, url: str, root: LoadedPlaylist | None
    ) -> LoadedPlaylist:
        if key == ROOT and playlist_text.is_multivariant(text):
            playlist = multivariant_playlist.parse(text, url)
            return LoadedPlaylist(playlist, url, time.monotonic(), len(text))
        parent = root.playlist if root is not None else None
        is_subtitles, imported = False, None
        if isinstance(parent, MultivariantPlaylist):
            is_subtitles = parent.renditions[key].kind is Kind.SUBTITLES
            imported = parent.variables
        before = self.latest.get(key)
        previous = before.playlist if before is not None else None

        def parse() -> LoadedPlaylist:
            playlist = media_playlist_reader.parse(
                text,
                url,
                imported=imported,
                is_subtitles=is_subtitles,
                untold=self._segment_extensions.get(key, ".ts"),
                previous=previous if isinstance(previous, MediaPlaylist) else None,
            )
            now = time.monotonic()
            return LoadedPlaylist(playlist, url, now, len(text), cut.cut_of(playlist))

        # A long playlist would keep every other stream of this process waiting.
        loaded = await asyncio.to_thread(parse) if len(text) > _OFF_LOOP_BYTES else parse()
        first = loaded.playlist.untold() if isinstance(loaded.playlist, MediaPlaylist) else None
        if first is None or is_subtitles or key in self._segment_extensions:
            return loaded
        place = Resource(joined(url, first.uri), first.byte_range)
        self._segment_extensions[key] = await self._look_at(place)
        return await asyncio.to_thread(parse)

    async def _look_at(self, segment: Resource) -> str:
        """The extension of segments whose URIs do not tell what they are, by one's bytes."""
        offset = segment.byte_range.offset if segment.byte_range else 0
        span = ContentRange(offset, offset + disguise.SEARCHED_BYTES - 1, None)
        try:
            response, skip = await self.fetcher.fetch_span(segment.uri, span)
        except UpstreamError:
            return ".ts"
        try:
            if skip > disguise.SEARCHED_BYTES:
                return ".ts"
            head = (await response.peek(skip + disguise.SEARCHED_BYTES))[skip:]
        except UpstreamError:
            return ".ts"
        finally:
            response.close()
        return media_kind.segment_extension(head[disguise.media_offset(head) :]) or ".ts"

    def _keep(self, key: str, loaded: LoadedPlaylist) -> None:
        before = self._loaded.get(key)
        if not loaded.is_finished:
            self._remember(key, loaded)
        playlist = loaded.playlist
        is_delta = isinstance(playlist, MediaPlaylist) and playlist.delta
        if before is None or not is_delta:
            self._loaded[key] = loaded

    def _remember(self, key: str, loaded: LoadedPlaylist) -> None:
        playlist = loaded.playlist
        assert isinstance(playlist, MediaPlaylist)
        self._departed[key].remember(playlist)
        heritage, earlier = self._heritage.pop(key, None), self._earlier.get(key)
        old = earlier and earlier.playlist
        if heritage and isinstance(old, MediaPlaylist) and cut.continues(old, playlist):
            self._departed[key].inherit(heritage)

    def is_probed(self, key: str, name: str) -> bool:
        """Whether a name is among the first of its playlist, which media servers read to probe."""
        known = self._loaded.get(key)
        if known is None or not isinstance(known.playlist, MediaPlaylist) or not name.isdigit():
            return False
        return 0 <= int(name) - known.playlist.first_number < _PROBED_SEGMENTS

    def rendition_at(self, url: str) -> str | None:
        """The key of the rendition whose playlist is at `url`, whatever its query says."""
        root = self.latest.get(ROOT)
        if root is None or not isinstance(root.playlist, MultivariantPlaylist):
            return None
        for key, rendition in root.playlist.renditions.items():
            if joined(root.url, rendition.uri).partition("?")[0] == url.partition("?")[0]:
                return key
        return None

    def counterpart(self, key: str, name: str, loaded: LoadedPlaylist) -> Resource | None:
        """The key or init section that stands here for one that was listed elsewhere.

        By the resolution before, or by another process whose window began at another segment.
        """
        earlier = self._earlier.get(key)
        old, new = earlier and earlier.playlist, loaded.playlist
        if not isinstance(new, MediaPlaylist):
            return None
        same = cut.counterpart(name, old, new) if isinstance(old, MediaPlaylist) else None
        same = same or cut.applying(name, new)
        return loaded.locate(same) if same else None

    def check_cut(self, key: str, wanted: str, loaded: LoadedPlaylist) -> None:
        """Raises UpstreamError when the player's segments were cut differently from these.

        `wanted` is the cut in the player's address, "" for a playlist that was live then.
        """
        earlier = self._earlier.get(key)
        old, new = earlier and earlier.playlist, loaded.playlist
        if wanted:
            same = loaded.cut == wanted
        elif isinstance(old, MediaPlaylist) and isinstance(new, MediaPlaylist):
            same = cut.agree(old, new)
        else:
            same = True
        if not same:
            raise UpstreamError(
                "the content is cut into other segments now", http_status=404, final=True
            )


def _tells_a_file(part: ContentRange | None, head: bytes) -> bool:
    """Whether what begins with `head`, which is no playlist, cannot be a part of one either."""
    if part is None:
        return True
    is_decided = len(head) >= media_kind.SNIFF_BYTES or not media_kind.may_be_playlist(head)
    return part.first == 0 and (is_decided or part.length == part.total)


def _tell(key: str, loaded: LoadedPlaylist) -> None:
    playlist = loaded.playlist
    if isinstance(playlist, MultivariantPlaylist):
        kind, holds = "Multivariant Playlist", f"{len(playlist.renditions)} renditions"
    else:
        kind, holds = "Media Playlist", f"{len(playlist.segments)} segments"
        holds += "" if playlist.ended else ", live"
    where = key or "at the playback URL"
    tracing.step(
        log, "playlist", "%s %s: %s", kind, where, holds, rendition=key, kind=kind, holds=holds
    )


def _rendition_url(root: LoadedPlaylist, key: str) -> str:
    playlist = root.playlist
    rendition = playlist.renditions.get(key) if isinstance(playlist, MultivariantPlaylist) else None
    if rendition is None:
        raise UpstreamError("no such rendition now", http_status=404, final=True)
    return joined(root.url, rendition.uri)
