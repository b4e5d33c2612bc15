"""What is known of one resolution: the playlists behind it, loaded once for many requests."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from strmctl.domain import media_kind
from strmctl.domain.child_url import ROOT
from strmctl.domain.hls import cut, media_playlist_reader, multivariant_playlist, playlist_text
from strmctl.domain.hls.media_playlist import MediaPlaylist
from strmctl.domain.hls.multivariant_playlist import Kind, MultivariantPlaylist
from strmctl.domain.hls.naming import upstream_extension
from strmctl.domain.mapping import Resolution
from strmctl.domain.retry_after import retry_after_seconds
from strmctl.errors import UpstreamError
from strmctl.upstream.client import UpstreamClient, joined
from strmctl.upstream.response import UpstreamResponse

FINISHED_MAX_AGE = 10.0
LIVE_MAX_AGE = 1.0
_OFF_LOOP_BYTES = 64 * 1024
_TOLD_AS_IS = frozenset({403, 404, 410, 429, 451, 503})


@dataclass(frozen=True, slots=True)
class LoadedPlaylist:
    """A playlist, the URL that it came from, and when it came (monotonic seconds).

    `cut` names how a finished Media Playlist is cut into segments.
    """

    playlist: MediaPlaylist | MultivariantPlaylist
    url: str = field(repr=False)
    at: float
    cut: str = ""

    @property
    def is_finished(self) -> bool:
        """Whether it will never change."""
        return isinstance(self.playlist, MultivariantPlaylist) or self.playlist.ended

    def is_fresh(self, now: float) -> bool:
        return now - self.at < (FINISHED_MAX_AGE if self.is_finished else LIVE_MAX_AGE)


class Session:
    """One resolution in use. `earlier` are the Media Playlists of the resolution before it."""

    def __init__(
        self,
        resolution: Resolution,
        client: UpstreamClient,
        *,
        playlist_max: int,
        egress: str | None = None,
        earlier: Mapping[str, MediaPlaylist] | None = None,
    ) -> None:
        self.resolution = resolution
        self._client = client
        self._playlist_max = playlist_max
        self._egress = egress
        self._earlier = dict(earlier or {})
        self._loaded: dict[str, LoadedPlaylist] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @property
    def media_playlists(self) -> Mapping[str, MediaPlaylist]:
        """The latest Media Playlists, by rendition key."""
        known = {
            key: loaded.playlist
            for key, loaded in self._loaded.items()
            if isinstance(loaded.playlist, MediaPlaylist)
        }
        return {**self._earlier, **known}

    async def fetch(self, url: str, **fields: str) -> UpstreamResponse:
        """A response with media or a playlist in it; `fields` are request fields to add.

        416 is an answer as well. Raises UpstreamError for every other status and for what is
        not media.
        """
        request = {**self.resolution.headers, **{_field(name): fields[name] for name in fields}}
        response = await self._client.get(url, request, egress=self._egress)
        try:
            await _judge(response)
        except BaseException:
            response.close()
            raise
        return response

    async def open(self, **fields: str) -> UpstreamResponse | LoadedPlaylist:
        """What the resolution's URL holds: a playlist, or the answer of a plain file."""
        if ROOT in self._loaded or upstream_extension(self.resolution.url) in (".m3u8", ".m3u"):
            async with self._locks[ROOT]:
                known = self._loaded.get(ROOT)
                if known is not None and known.is_fresh(time.monotonic()):
                    return known
                return await self._open(fields)
        return await self._open(fields)

    async def _open(self, fields: Mapping[str, str]) -> UpstreamResponse | LoadedPlaylist:
        if ROOT in self._loaded:
            fields = {}
        response = await self.fetch(self.resolution.url, **fields)
        head = await response.peek(media_kind.SNIFF_BYTES)
        if not media_kind.is_playlist(head, response.content_type):
            return response
        if not (response.status == 200 or _is_whole(response)):
            response.close()
            response = await self.fetch(self.resolution.url)
        return await self._read(ROOT, response)

    async def root(self) -> LoadedPlaylist:
        """The playlist behind the playback URL, however old; raises UpstreamError without one."""
        known = self._loaded.get(ROOT)
        if known is not None:
            return known
        opened = await self.open()
        if isinstance(opened, LoadedPlaylist):
            return opened
        opened.close()
        raise UpstreamError("a file now, no playlist", http_status=404, final=True)

    async def media(
        self, key: str, *, fresh: bool, query: str = "", number: str | None = None
    ) -> LoadedPlaylist:
        """The Media Playlist of a rendition.

        `fresh` asks for a copy that a player may be given; `query` holds delivery directives
        for the upstream, whose answer is then not kept; a playlist that does not list `number`
        is loaded again, if it may have grown. Raises UpstreamError.
        """
        if query:
            return await self._load_media(key, query)
        async with self._locks[key]:
            known = self._loaded.get(key)
            if known is not None and _serves(known, fresh=fresh, number=number):
                return known
            return await self._load_media(key, "")

    async def _load_media(self, key: str, query: str) -> LoadedPlaylist:
        root = await self.root() if key != ROOT else None
        if root is None:
            url = self.resolution.url
        else:
            url = _rendition_url(root, key)
        if query:
            url += ("&" if "?" in url else "?") + query
        response = await self.fetch(url)
        return await self._read(key, response, root=root, keep=not query)

    async def _read(
        self,
        key: str,
        response: UpstreamResponse,
        *,
        root: LoadedPlaylist | None = None,
        keep: bool = True,
    ) -> LoadedPlaylist:
        data = await response.read(self._playlist_max)
        try:
            text = playlist_text.decode(data)
            playlist = await self._parsed(key, text, response.url, root)
        except playlist_text.NotAPlaylistError as error:
            raise UpstreamError(f"not media: the playlist {error}") from None
        name = cut.cut_of(playlist) if isinstance(playlist, MediaPlaylist) else ""
        loaded = LoadedPlaylist(playlist, response.url, time.monotonic(), name)
        if keep:
            self._loaded[key] = loaded
        return loaded

    async def _parsed(
        self, key: str, text: str, url: str, root: LoadedPlaylist | None
    ) -> MediaPlaylist | MultivariantPlaylist:
        if key == ROOT and playlist_text.is_multivariant(text):
            return multivariant_playlist.parse(text, url)
        parent = root.playlist if root is not None else None
        is_subtitles, imported = False, None
        if isinstance(parent, MultivariantPlaylist):
            is_subtitles = parent.renditions[key].kind is Kind.SUBTITLES
            imported = parent.variables

        def parse() -> MediaPlaylist:
            return media_playlist_reader.parse(
                text,
                url,
                imported=imported,
                is_subtitles=is_subtitles,
                previous=self.media_playlists.get(key),
            )

        # A long playlist would keep every other stream of this process waiting.
        return await asyncio.to_thread(parse) if len(text) > _OFF_LOOP_BYTES else parse()

    def check_cut(self, key: str, wanted: str, loaded: LoadedPlaylist) -> None:
        """Raises UpstreamError when the player's segments were cut differently from these.

        `wanted` is the cut in the player's address, "" for a playlist that was live then.
        """
        earlier = self._earlier.get(key)
        if wanted:
            same = loaded.cut == wanted
        else:
            playlist = loaded.playlist
            same = (
                earlier is None
                or not isinstance(playlist, MediaPlaylist)
                or cut.agree(earlier, playlist)
            )
        if not same:
            raise UpstreamError(
                "the content is cut into other segments now", http_status=404, final=True
            )


def _serves(known: LoadedPlaylist, *, fresh: bool, number: str | None) -> bool:
    if not isinstance(known.playlist, MediaPlaylist):
        return False
    now = time.monotonic()
    if number is not None and number not in known.playlist.resources:
        return known.is_finished or known.is_fresh(now)
    return not fresh or known.is_fresh(now)


def _rendition_url(root: LoadedPlaylist, key: str) -> str:
    playlist = root.playlist
    rendition = playlist.renditions.get(key) if isinstance(playlist, MultivariantPlaylist) else None
    if rendition is None:
        raise UpstreamError("no such rendition now", http_status=404, final=True)
    return joined(root.url, rendition.uri)


async def _judge(response: UpstreamResponse) -> None:
    """Raises UpstreamError unless the response holds media, or says 416."""
    status = response.status
    if status == 416:
        return
    if status not in (200, 206):
        told = status if status in _TOLD_AS_IS else 502
        raise UpstreamError(
            f"the upstream answered {status}",
            status=status,
            http_status=403 if status == 401 else told,
            retry_after=retry_after_seconds(response.field("Retry-After"), datetime.now(UTC)),
        )
    head = await response.peek(1)
    if not head:
        raise UpstreamError("not media: the upstream's answer is empty", status=status)
    if media_kind.is_web_page(head, response.content_type):
        raise UpstreamError("not media: the upstream answered with a web page", status=status)
    if media_kind.is_json(head, response.content_type):
        raise UpstreamError("not media: the upstream answered with JSON", status=status)


def _is_whole(response: UpstreamResponse) -> bool:
    part = response.content_range
    return part is not None and part.first == 0 and part.last + 1 == part.total


def _field(name: str) -> str:
    return name.replace("_", "-").title()
