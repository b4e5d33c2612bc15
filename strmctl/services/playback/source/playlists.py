"""A playlist is loaded once for many requests, and again when it is old."""

import asyncio
import logging
import math
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import partial

from msgspec import structs

from strmctl import tracing
from strmctl.domain.hls import cut, media_playlist_reader, multivariant_playlist, playlist_text
from strmctl.domain.hls.listed import Resource
from strmctl.domain.hls.media_playlist import MediaPlaylist
from strmctl.domain.hls.multivariant_playlist import Kind, MultivariantPlaylist, split_key
from strmctl.domain.http.ranges import ContentRange, is_all
from strmctl.domain.media import disguise, media_kind, not_media
from strmctl.domain.patience.patience import CUT_BODY, Patience
from strmctl.domain.urls.upstream_url import joined
from strmctl.errors import StrmctlError, UpstreamError
from strmctl.services.observer import Cache
from strmctl.services.patiently import patiently
from strmctl.services.playback.continuity.content_names import ContentNames
from strmctl.services.playback.continuity.continuity import Continuity
from strmctl.services.playback.fetching.fetch import Fetch
from strmctl.services.playback.fetching.loaded_playlist import LoadedPlaylist
from strmctl.services.playback.fetching.parsing import (
    LARGE,
    Room,
    beside_the_loop,
    keep_from_collector,
)
from strmctl.upstream.response import UpstreamResponse

LISTED_SOON_MAX_AGE = 0.2
"""A copy has to be so many seconds old to be read again for a name that is not in it."""

_NO_FIELDS: Mapping[str, str] = {}

log = logging.getLogger(__name__)


class Playlists:
    """The playlists of one resolution by rendition key; `earlier` are those of the one before.

    `url` is where the resolution leads, `limit` in bytes bounds every playlist. In each method
    `parent` is the playlist that lists a rendition, None for the rendition at `url` itself.
    """

    def __init__(
        self,
        url: str,
        fetch: Fetch,
        continuity: Continuity,
        *,
        limit: int,
        earlier: Mapping[str, LoadedPlaylist],
    ) -> None:
        self._url = url
        self._fetch = fetch
        self._continuity = continuity
        self._limit = limit
        self.earlier = dict(earlier)
        self._loaded: dict[str, LoadedPlaylist] = {}
        self._segment_extensions: dict[str, str] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self.names = ContentNames(fetch, continuity)
        self._size = sum(loaded.memory for loaded in earlier.values())

    @property
    def size(self) -> int:
        """Bytes of memory that they take."""
        return self._size + self.names.preludes.size

    def known(self, key: str) -> LoadedPlaylist | None:
        """The last copy that this resolution brought, however old."""
        return self._loaded.get(key)

    def latest(self, key: str) -> LoadedPlaylist | None:
        """The last copy, if need be from the resolution before."""
        return self._loaded.get(key) or self.earlier.get(key)

    def all_latest(self) -> Mapping[str, LoadedPlaylist]:
        return {**self.earlier, **self._loaded}

    def fresh(self, key: str) -> LoadedPlaylist | None:
        """A copy that is young enough for a player."""
        known = self._loaded.get(key)
        if known is None or not known.is_fresh(time.monotonic()):
            return None
        self._fetch.observer.cache_hit(Cache.PLAYLIST)
        return known

    def lock(self, key: str) -> asyncio.Lock:
        """Held by whoever loads. `key` has to exist: made-up keys would take room here."""
        return self._locks.setdefault(key, asyncio.Lock())

    async def open(
        self,
        key: str,
        parent: LoadedPlaylist | None,
        query: str = "",
        fields: Mapping[str, str] = _NO_FIELDS,
    ) -> LoadedPlaylist | UpstreamResponse:
        """A rendition's playlist, fresh enough for a player, or the file that is in its place.

        `query` holds delivery directives for the upstream, `fields` are for a file. Raises
        UpstreamError.
        """
        if query:
            return await self._open(key, parent, query)
        async with self.lock(key):
            opened = self.fresh(key) or await self._open(key, parent)
        if isinstance(opened, LoadedPlaylist) or is_all(fields.get("Range", "bytes=0-")):
            return opened
        opened.close()
        return await self._fetch.fetch(opened.url, fields, expected=_expected(key, parent))

    async def listing(
        self, key: str, parent: LoadedPlaylist | None, name: str = ""
    ) -> LoadedPlaylist:
        """A rendition's playlist of any age, younger where it does not list `name` yet."""
        at_hand = self._loaded.get(key)
        if at_hand is not None and not self._may_list_soon(key, at_hand, name):
            return at_hand
        async with self.lock(key):
            known = self._loaded.get(key)
            if known is None or self._may_list_soon(key, known, name):
                known = playlist_alone(await self._open(key, parent))
            return known

    async def read(
        self, key: str, response: UpstreamResponse, parent: LoadedPlaylist | None = None
    ) -> LoadedPlaylist:
        """Read and keep what an upstream has answered. Raises UpstreamError."""
        async with self._fetch.room() as room:
            response, data = await self._whole(key, response, parent, room)
            size, decode = len(data), partial(playlist_text.decode, data)
            del data
            try:
                text = await beside_the_loop(decode, size)
                del decode  # It holds the bytes, as large as the text; parsing needs the memory.
                parsed = await self._parsed(key, text, response.url, parent)
            except playlist_text.NotAPlaylistError as error:
                status = response.status
                raise UpstreamError(f"not media: the playlist {error}", status=status) from None
            before, renewed = self.latest(key), key not in self._loaded
            loaded, is_other = await self.names.named(key, parsed, before, renewed=renewed)
            if is_other:
                self.earlier.pop(key, None)
            if size > LARGE:
                keep_from_collector(loaded, *(loaded.media.parts() if loaded.media else ()))
            # While the room is held: who has it next has to see what is taken.
            self._keep(key, loaded)
        _log(key, loaded)
        return loaded

    async def check_prelude(
        self,
        key: str,
        name: str,
        resource: Resource,
        response: UpstreamResponse,
        skip: int = 0,
        *,
        preludes: str = "",
    ) -> None:
        """Raises UpstreamError if a key or init section is not what its address says."""
        try:
            await self.names.preludes.check(key, name, resource, response, skip, preludes)
        except UpstreamError as failure:
            known = self._loaded.get(key)
            if failure.final and known is not None:
                # Its names say what was there before, so the next player reads it again.
                self._loaded[key] = structs.replace(known, at=-math.inf)
            raise

    async def _whole(
        self, key: str, response: UpstreamResponse, parent: LoadedPlaylist | None, room: Room
    ) -> tuple[UpstreamResponse, bytes]:
        """One of unknown length cannot be resumed: it is read anew, a few times.

        Where each answer ends behind the same whole line, that is all there is.
        """
        patience, lines = Patience(CUT_BODY, 0.0), set[int]()
        while True:
            is_measured = response.total is not None
            is_last = not is_measured and patience.wait(0.0) is None

            def is_enough(data: bytes, failure: UpstreamError, is_last: bool = is_last) -> bool:
                lines.add(data.count(b"\n") + data.count(b"\r"))
                # It is lasting where the rest was asked for again and never came.
                is_same = failure.lasting or (is_last and len(lines) == 1)
                is_all_there = is_same and playlist_text.ends_in_a_line(data)
                return _is_cut(failure) and (is_all_there or playlist_text.is_finished(data))

            try:
                read = self._fetch.read(response, self._limit, room, is_enough=is_enough)
                return response, await read
            except UpstreamError as failure:
                if is_measured or not _is_cut(failure):
                    raise
                if is_last:
                    # It counts as an answer: the same resolution is not asked any more.
                    raise failure.made_anew(status=response.status) from None
            response = await self._fetch.fetch(self._address(key, parent))

    def _address(self, key: str, parent: LoadedPlaylist | None) -> str:
        return self._url if parent is None else rendition_url(parent, key)

    def _may_list_soon(self, key: str, known: LoadedPlaylist, name: str) -> bool:
        if known.is_finished or known.locate(name) or self._continuity.has_listed(key, name):
            return False
        return time.monotonic() - known.at > LISTED_SOON_MAX_AGE

    async def _open(
        self, key: str, parent: LoadedPlaylist | None, query: str = ""
    ) -> LoadedPlaylist | UpstreamResponse:
        url = self._address(key, parent)
        if query:
            url += ("&" if "?" in url else "?") + query
        response = await self._fetch.fetch(
            url, expected=_expected(key, parent), patient=bool(query)
        )
        if parent is not None and media_kind.is_web_vtt(response.taken):
            return response
        return await self.read(key, response, parent)

    async def _parsed(
        self, key: str, text: str, url: str, parent: LoadedPlaylist | None
    ) -> LoadedPlaylist:
        above = parent.playlist if parent is not None else None
        is_subtitles, imported = False, None
        if isinstance(above, MultivariantPlaylist):
            is_subtitles = above.renditions[split_key(key)[0]].kind is Kind.SUBTITLES
            imported = above.variables
        before = self.latest(key)

        # An expired link may lead to other playlists; players reload what listed segments.
        def parse() -> LoadedPlaylist:
            if playlist_text.is_multivariant(text):
                if multivariant_playlist.is_too_deep(key) or (parent and before and before.media):
                    raise playlist_text.NotAPlaylistError("lists playlists instead of segments")
                listed = multivariant_playlist.parse(text, url, imported)
                return LoadedPlaylist(listed, url, time.monotonic(), len(text))
            playlist = media_playlist_reader.parse(
                text,
                url,
                imported=imported,
                is_subtitles=is_subtitles,
                untold=self._segment_extensions.get(key, ".ts"),
                previous=before.media if before is not None else None,
            )
            now = time.monotonic()
            return LoadedPlaylist(playlist, url, now, len(text), cut.cut_of(playlist))

        loaded = await beside_the_loop(parse, len(text))
        first = loaded.media.untold() if loaded.media is not None else None
        if first is None or is_subtitles or key in self._segment_extensions:
            return loaded
        place = Resource(joined(url, first.uri), first.byte_range)
        self._segment_extensions[key] = await self._look_at(place)
        return await beside_the_loop(parse, len(text))

    async def _look_at(self, segment: Resource) -> str:
        """The extension of segments whose URIs do not tell what they are, by the bytes of one."""
        patience = Patience(CUT_BODY, time.monotonic())

        def wait(failure: StrmctlError) -> float | None:
            return patience.wait(time.monotonic())

        with suppress(UpstreamError):
            return await patiently(lambda: self._seen_extension(segment), wait) or ".ts"
        return ".ts"

    async def _seen_extension(self, segment: Resource) -> str | None:
        """None where its bytes do not show it. Raises UpstreamError if they are cut off before."""
        offset = segment.byte_range.offset if segment.byte_range else 0
        span = ContentRange(offset, offset + disguise.SEARCHED_BYTES - 1, None)
        try:
            response, skip = await self._fetch.fetch_span(
                segment.uri, span, expected=not_media.Expected(not_media.Kind.SEGMENT)
            )
        except UpstreamError:
            return None
        try:
            if skip > disguise.SEARCHED_BYTES:
                return None
            head = (await response.peek(skip + disguise.SEARCHED_BYTES))[skip:]
        finally:
            response.close()
        seen = media_kind.segment_extension(head[disguise.media_offset(head) :])
        # What stands behind an ID3 tag decides, and an image hides what follows.
        if response.is_cut and (seen is None or head.startswith(b"ID3")):
            raise UpstreamError("the upstream cut the segment off before it shows what it is")
        return seen

    def _keep(self, key: str, loaded: LoadedPlaylist) -> None:
        self._continuity.remember(key, loaded, self.earlier.get(key))
        is_delta = isinstance(loaded.playlist, MediaPlaylist) and loaded.playlist.delta
        if is_delta and key in self._loaded:
            return
        before = self.latest(key)
        self._size += loaded.memory - (before.memory if before is not None else 0)
        self._loaded[key] = loaded


def _expected(key: str, parent: LoadedPlaylist | None) -> not_media.Expected:
    if parent is None:
        return not_media.ROOT
    # The key begins with the rendition's kind.
    is_subtitles = key[:1] == Kind.SUBTITLES
    kinds = not_media.Kind
    return not_media.Expected(kinds.SUBTITLE_PLAYLIST if is_subtitles else kinds.PLAYLIST)


def _is_cut(failure: UpstreamError) -> bool:
    return failure.status is None and failure.http_status == 502


def playlist_alone(opened: LoadedPlaylist | UpstreamResponse) -> LoadedPlaylist:
    """Raises UpstreamError for a file, and closes it."""
    if isinstance(opened, LoadedPlaylist):
        return opened
    opened.close()
    raise UpstreamError("a file now, no playlist", http_status=404, final=True)


def rendition_url(parent: LoadedPlaylist, key: str) -> str:
    """Raises UpstreamError where the Multivariant Playlist has no such rendition."""
    playlist, (name, _) = parent.playlist, split_key(key)
    if not isinstance(playlist, MultivariantPlaylist) or name not in playlist.renditions:
        raise UpstreamError("no such rendition now", http_status=404, final=True)
    return joined(parent.url, playlist.renditions[name].uri)


def _log(key: str, loaded: LoadedPlaylist) -> None:
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
