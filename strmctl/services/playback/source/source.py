"""One resolution in use: what its URL holds, and where it has what a child URL names."""

import asyncio
import itertools
import time
from collections.abc import Mapping
from functools import partial

from msgspec import Struct

from strmctl.domain.hls.listed import Resource
from strmctl.domain.hls.multivariant_playlist import MultivariantPlaylist, nested, split_key
from strmctl.domain.hls.naming import is_part, upstream_extension
from strmctl.domain.hls.playlist_text import begins_playlist
from strmctl.domain.hls.run import Component
from strmctl.domain.http.ranges import ContentRange, Wanted, is_all, starts_at_zero
from strmctl.domain.http.representation import Representation
from strmctl.domain.mapping import Resolution
from strmctl.domain.media import disguise, media_kind
from strmctl.domain.media.not_media import Expected
from strmctl.domain.patience.patience import LISTED_SOON, Patience
from strmctl.domain.urls.child_url import ROOT
from strmctl.domain.urls.upstream_url import joined
from strmctl.errors import UpstreamError
from strmctl.services.playback.continuity.content_names import unchecked
from strmctl.services.playback.continuity.continuity import Continuity
from strmctl.services.playback.continuity.evidence import Prelude, Witness
from strmctl.services.playback.fetching.fetch import Fetch
from strmctl.services.playback.fetching.judging import playlist_or_not, shown, shows_a_file
from strmctl.services.playback.fetching.loaded_playlist import LoadedPlaylist
from strmctl.services.playback.source.playlists import Playlists, playlist_alone, rendition_url
from strmctl.upstream.response import UpstreamResponse

_NO_FIELDS: Mapping[str, str] = {}
_PROBED_SEGMENTS = 3
_numbers = itertools.count(1)


class Place(Struct, frozen=True):
    """What a child URL names. `name` has no extension, and is "" for the file at the URL itself."""

    rendition: str = ROOT
    cut: str = ""
    name: str = ""

    @property
    def is_segment(self) -> bool:
        """A whole one or a part; all else that a playlist lists begins with a letter."""
        return self.name[:1].isdigit()

    @property
    def preludes(self) -> str:
        """The part of its address that names the bytes of keys and init sections."""
        return Component.parse(self.cut).preludes


class Source:
    """One resolution in use; `before` is the source of the resolution before."""

    def __init__(
        self,
        resolution: Resolution,
        fetch: Fetch,
        *,
        playlist_max: int,
        before: "Source | None" = None,
    ) -> None:
        self.number = next(_numbers)
        """Each source has its own, so that what is kept of one never answers for another."""
        self.weight = 0
        """Bytes that it takes, as they were counted last."""
        self.resolution = resolution
        self.fetch = fetch
        self._continuity: Continuity = Continuity(None if before is None else before._continuity)
        self.playlists: Playlists = Playlists(
            resolution.url,
            fetch,
            self._continuity,
            limit=playlist_max,
            earlier=before.playlists.all_latest() if before is not None else {},
        )
        self._disguises = False
        """Whether its segments have been seen to hide behind images."""
        self._plain: set[str] = set()
        """The renditions of which a segment has been seen that does not."""
        self._file: Representation | None = None

    async def open(self, fields: Mapping[str, str]) -> UpstreamResponse | LoadedPlaylist:
        """What the resolution's URL holds: a playlist, or the answer of a plain file."""
        named = upstream_extension(self.resolution.url) in (".m3u8", ".m3u")
        # What has once been seen to be a file is asked for in parts, whatever its name says.
        if (named and self._file is None) or self.playlists.known(ROOT) is not None:
            async with self.playlists.lock(ROOT):
                return self.playlists.fresh(ROOT) or await self._open({})
        return await self._open(fields)

    async def _open(self, fields: Mapping[str, str]) -> UpstreamResponse | LoadedPlaylist:
        if self._file is not None or starts_at_zero(fields.get("Range")):
            opened = await self._ask(fields)
            if isinstance(opened, LoadedPlaylist) or self._is_of_the_file(opened):
                return opened
            opened.close()
        # Only the beginning shows whether this is a part of a file or of a playlist.
        beginning = await self._ask({"Range": f"bytes=0-{media_kind.SNIFF_BYTES - 1}"})
        if isinstance(beginning, LoadedPlaylist):
            return beginning
        beginning.close()
        return await self._ask(fields)

    async def _ask(self, fields: Mapping[str, str]) -> UpstreamResponse | LoadedPlaylist:
        ask = partial(self.fetch.fetch, self.resolution.url, fields)
        response, head = await shown(await ask(), playlist_or_not, ask)
        if not begins_playlist(head):
            if response.status != 416 and shows_a_file(response.content_range, head):
                self._file = response.representation
            return response
        if response.status != 200:
            response.close()
            response = await self.fetch.fetch(self.resolution.url)
        return await self.playlists.read(ROOT, response)

    def _is_of_the_file(self, response: UpstreamResponse) -> bool:
        """Whether it is of the file that has been seen here before; a 416 may be of any."""
        return response.status == 416 or response.representation == self._file

    async def root(self) -> LoadedPlaylist:
        """The playlist behind the playback URL, however old; raises UpstreamError without one."""
        known = self.playlists.known(ROOT)
        if known is not None:
            return known
        return playlist_alone(await self.open({}))

    async def rendition(
        self, key: str, query: str = "", fields: Mapping[str, str] = _NO_FIELDS
    ) -> LoadedPlaylist | UpstreamResponse:
        """A rendition's playlist, fresh enough for a player, or the file in its place.

        `query` holds delivery directives for the upstream, `fields` are for a file. Raises
        UpstreamError.
        """
        return await self.playlists.open(key, await self._parent(key), query, fields)

    async def _parent(self, key: str) -> LoadedPlaylist | None:
        """What lists a rendition. Raises UpstreamError for one that does not exist."""
        if key == ROOT:
            return None
        _, above = split_key(key)
        parent = await self._at_hand(above)
        rendition_url(parent, key)
        return parent

    async def _at_hand(self, key: str) -> LoadedPlaylist:
        """A playlist, however old. Raises UpstreamError."""
        if key == ROOT:
            return await self.root()
        return await self.playlists.listing(key, await self._parent(key))

    async def locate(self, place: Place) -> Resource:
        """Where the upstream has it now, by an absolute URL. Raises UpstreamError."""
        key = place.rendition
        if not place.name:
            parent = await self._parent(key)
            return Resource(rendition_url(parent, key) if parent else self.resolution.url)
        if key == ROOT:
            await self.root()
        found = await self._listed(place)
        if found is None:
            what = f"the playlist lists no {place.name!r} now"
            raise UpstreamError(what, http_status=404, final=True)
        return found

    async def _listed(self, place: Place) -> Resource | None:
        """Waits for a name just beyond a live copy, which another process may have listed."""
        key, name = place.rendition, place.name
        parent = await self._parent(key)
        patience: Patience | None = None
        while True:
            loaded = await self.playlists.listing(key, parent, name)
            if isinstance(loaded.playlist, MultivariantPlaylist):
                uri = loaded.playlist.data.get(name)
                return None if uri is None else Resource(joined(loaded.url, uri))
            try:
                await self.playlists.names.check(key, place.cut, loaded)
            except UpstreamError as failure:
                raise unchecked(failure) if place.is_segment else failure from None
            found = self._continuity.locate(key, name, loaded, self.playlists.earlier.get(key))
            if found is not None or not loaded.is_followed_by(name):
                return found
            patience = patience or Patience(LISTED_SOON, time.monotonic())
            seconds = patience.wait(time.monotonic())
            if seconds is None:
                return None
            await asyncio.sleep(seconds)

    async def open_listed(
        self, place: Place, resource: Resource, wanted: Wanted, expected: Expected
    ) -> tuple[UpstreamResponse, int]:
        """The answer for a whole resource, and how many bytes of an image hide it.

        Raises UpstreamError.
        """
        fields = wanted.fields()
        if fields and not is_all(wanted.range) and not self._is_plain(place):
            await self._look_for_disguise(place, resource, expected)
        ask = partial(
            self.fetch.fetch,
            resource.uri,
            {} if self._disguises else fields,
            expected=expected,
            patient=is_part(place.name),
        )
        response, offset = await shown(await ask(), partial(self._disguise, place), ask)
        if not (offset or place.is_segment):
            await self.check_prelude(place, resource, response)
        return response, offset

    async def check_prelude(
        self, place: Place, resource: Resource, response: UpstreamResponse, skip: int = 0
    ) -> None:
        """Raises UpstreamError where a key or init section is not what its name says."""
        await self.playlists.check_prelude(
            place.rendition, place.name, resource, response, skip, preludes=place.preludes
        )

    def _is_plain(self, place: Place) -> bool:
        """Whether a part of it can be asked for: no image hides where its media begin."""
        # A part of a segment may not be there yet: the one request waits until it is.
        is_whole = place.is_segment and not is_part(place.name)
        return self._disguises or not is_whole or place.rendition in self._plain

    async def _look_for_disguise(
        self, place: Place, resource: Resource, expected: Expected
    ) -> None:
        # After a restart a player goes on with a part, in which no image shows.
        span = ContentRange(0, disguise.SEARCHED_BYTES - 1, None)

        async def ask() -> UpstreamResponse:
            response, _ = await self.fetch.fetch_span(resource.uri, span, expected=expected)
            return response

        look = partial(self._disguise, place, begins=True)
        response, _ = await shown(await ask(), look, ask)
        response.close()

    async def _disguise(
        self, place: Place, response: UpstreamResponse, *, begins: bool = False
    ) -> int | None:
        """How many bytes of an image stand before the media; 0 where the body is what it seems.

        A part can show that only if it `begins` the resource. None if the body is cut off before
        it shows that.
        """
        part = response.content_range
        is_whole = part is None or part.length == part.total
        if response.status == 416 or not (is_whole or begins):
            return 0
        offset, head = 0, await response.peek(disguise.SHOWN_BY, disguise.may_be_disguised)
        is_image = disguise.looks_disguised(head)
        if is_image:
            offset = disguise.media_offset(await response.peek(disguise.SEARCHED_BYTES))
        # Else a player would be sent the image alone.
        if not offset and response.is_cut and (is_image or disguise.may_be_disguised(head)):
            return None
        if offset:
            self._disguises = True
        elif place.is_segment:
            self._plain.add(place.rendition)
        return offset

    def prelude(self, place: Place, resource: Resource) -> Prelude | None:
        """The key or init section, if it was read along with its playlist just now."""
        if place.is_segment:
            return None
        return self.playlists.names.preludes.take(place.rendition, place.name, resource)

    def known_prelude(self, place: Place) -> Prelude | None:
        """The key or init section whose bytes its address names, whatever the upstream has now."""
        known = self._continuity.evidence.preludes
        return known.find(place.rendition, place.preludes, place.name) if place.preludes else None

    def witness(self, place: Place, total: int | None) -> Witness | None:
        """Listens to what is sent of a Media Segment, key or the like, from its first byte on."""
        if not place.name:
            return None
        return self._continuity.evidence.witness(place.rendition, place.name, total)

    async def has_left(self, place: Place) -> bool:
        """Whether a live playlist has listed it and no longer does. Raises UpstreamError."""
        if not self._continuity.has_listed(place.rendition, place.name):
            return False
        return playlist_alone(await self.rendition(place.rendition)).locate(place.name) is None

    def is_probed(self, place: Place) -> bool:
        """Whether it is among the first of its playlist, which media servers read to probe."""
        known = self.playlists.known(place.rendition)
        media = known.media if known is not None else None
        if media is None or not place.name.isdigit():
            return False
        if not media.ended:
            return False  # A live upstream may call the next segment by the same file name.
        return 0 <= int(place.name) - media.first_number < _PROBED_SEGMENTS

    def rendition_at(self, url: str, beside: str) -> str | None:
        """The key of the rendition whose playlist is at `url`, whatever its query says.

        It is listed where the rendition `beside` is.
        """
        _, above = split_key(beside)
        lists = self.playlists.latest(above)
        if lists is None or not isinstance(lists.playlist, MultivariantPlaylist):
            return None
        for key, rendition in lists.playlist.renditions.items():
            if joined(lists.url, rendition.uri).partition("?")[0] == url.partition("?")[0]:
                return nested(key, above)
        return None
