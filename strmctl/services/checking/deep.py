"""A playlist is as alive as its media: lowest variant, middle segment, its key and init section.

It is read with the reader that playback uses, so what plays is what is probed.
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace

from msgspec import Struct

from strmctl.domain.hls import media_playlist_reader, multivariant_playlist, playlist_text
from strmctl.domain.hls.listed import Resource
from strmctl.domain.hls.media_playlist import MediaPlaylist
from strmctl.domain.hls.multivariant_playlist import Kind, MultivariantPlaylist
from strmctl.domain.hls.naming import segment_extension, upstream_extension
from strmctl.domain.media import disguise, media_kind, not_media
from strmctl.domain.media.not_media import Expected
from strmctl.domain.probe_result import Failure, ProbeResult
from strmctl.domain.urls.upstream_url import joined
from strmctl.services.checking.check import NO_SEGMENTS, READ_BYTES, Requests

Playlist = MediaPlaylist | MultivariantPlaylist
_OFF_LOOP_BYTES = 64 * 1024


class _Read(Struct, frozen=True):
    """`url` is where it came from, after redirects."""

    playlist: Playlist
    url: str


async def follow(requests: Requests, url: str, limit: int) -> ProbeResult | float | None:
    """The first failure on the way from a playlist to its media.

    Without a failure the seconds that the playlist lasts, None for a live one.
    """
    read = await _read(requests, url, limit, "its playlist")
    for _ in range(multivariant_playlist.MOST_NESTED + 1):
        if not (isinstance(read, _Read) and isinstance(read.playlist, MultivariantPlaylist)):
            break
        parent = read.playlist
        lowest = _lowest_variant(parent)
        if lowest is None:
            return ProbeResult(200, Failure.NOT_MEDIA, "not media: a playlist without variants")
        url = joined(read.url, lowest)
        read = await _read(requests, url, limit, "its lowest variant", parent)
    if isinstance(read, ProbeResult):
        return read
    playlist = read.playlist
    if not isinstance(playlist, MediaPlaylist) or not playlist.segments:
        return ProbeResult(200, Failure.NOT_MEDIA, NO_SEGMENTS)
    for what, resource, expected in _media(playlist):
        result = await _checked(requests, joined(read.url, resource.uri), resource, expected)
        if not result.is_alive:
            return _of(what, result)
    return playlist.seconds if playlist.ended else None


async def _read(
    requests: Requests, url: str, limit: int, what: str, parent: MultivariantPlaylist | None = None
) -> _Read | ProbeResult:
    """The playlist at `url`, of either kind, which `parent` lists."""
    answer, body = await requests.whole(url, limit)
    result = requests.judged(answer, Expected(not_media.Kind.PLAYLIST))
    if not result.is_alive:
        return _of(what, result)
    try:
        # A playlist of 400,000 lines would hold up every other check.
        if len(body) > _OFF_LOOP_BYTES:
            return _Read(await asyncio.to_thread(_parsed, body, answer.url, parent), answer.url)
        return _Read(_parsed(body, answer.url, parent), answer.url)
    except playlist_text.NotAPlaylistError as error:
        return _of(what, ProbeResult(answer.status, Failure.NOT_MEDIA, f"not media: it {error}"))


def _parsed(body: bytes, url: str, parent: MultivariantPlaylist | None) -> Playlist:
    """Raises NotAPlaylistError."""
    text = playlist_text.decode(body)
    imported = parent.variables if parent else None
    if playlist_text.is_multivariant(text):
        return multivariant_playlist.parse(text, url, imported)
    return media_playlist_reader.parse(text, url, imported=imported)


def _lowest_variant(playlist: MultivariantPlaylist) -> str | None:
    """Renditions are in the order of their bandwidth."""
    variants = (each.uri for each in playlist.renditions.values() if each.kind is Kind.VARIANT)
    return next(variants, None)


def _media(playlist: MediaPlaylist) -> Iterator[tuple[str, Resource, Expected]]:
    """A segment and what it cannot be played without: their names, places, and what is expected."""
    # The first of a live playlist may be gone by the time that it is asked for.
    segment = playlist.segments[len(playlist.segments) // 2]
    names = {"its key": next(iter(segment.keys), ""), "its init section": segment.init}
    names["its middle segment"] = str(segment.number)
    for what, name in names.items():
        if name:
            resource = playlist.resources[name]
            extension = segment_extension(upstream_extension(resource.uri), has_init=False)
            expected = not_media.listed(name, media_kind.media_type(extension), resource.size)
            yield what, resource, expected


async def _checked(
    requests: Requests, url: str, resource: Resource, expected: Expected
) -> ProbeResult:
    answer = await requests.first_bytes(url, _part(resource, READ_BYTES), expected)
    if not_media.needs_more(answer.head, expected) and disguise.looks_disguised(answer.head):
        # Only more of an image shows whether a segment hides behind it.
        part = _part(resource, disguise.SEARCHED_BYTES)
        answer = await requests.first_bytes(url, part, expected, limit=disguise.SEARCHED_BYTES)
    return requests.judged(answer, expected)


def _part(resource: Resource, size: int) -> Mapping[str, str]:
    first = resource.byte_range.offset if resource.byte_range else 0
    # RFC 9110 section 14.1.2: both ends are inclusive.
    return {"Range": f"bytes={first}-{first + size - 1}"}


def _of(what: str, result: ProbeResult) -> ProbeResult:
    return replace(result, reason=f"{what}: {result.reason}")
