"""A playlist is as alive as its media: lowest variant, middle segment, its key and init section."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import m3u8  # type: ignore[import-untyped]

from strmctl.domain.media import not_media
from strmctl.domain.probe_result import Failure, ProbeResult
from strmctl.domain.urls.upstream_url import joined
from strmctl.services.checking.check import READ_BYTES, Requests

_FIRST_BYTES = {"Range": f"bytes=0-{READ_BYTES - 1}"}
_NOT_FETCHED = ("data:", "skd:", "urn:")


async def follow(requests: Requests, url: str, limit: int) -> ProbeResult | None:
    """The first failure on the way from a playlist to its media; None where there is none."""
    playlist, failed = await _read(requests, url, limit, "its playlist")
    if playlist is not None and playlist.is_variant:
        lowest = min(playlist.playlists, key=_bandwidth)
        url = joined(url, lowest.uri)
        playlist, failed = await _read(requests, url, limit, "its lowest variant")
    if playlist is None:
        return failed
    if not playlist.segments:
        return ProbeResult(200, Failure.NOT_MEDIA, "not media: a playlist without segments")
    for what, uri, part in _media(playlist.segments[len(playlist.segments) // 2]):
        result = requests.judged(await requests.first_bytes(joined(url, uri), part))
        if not result.is_alive:
            return _of(what, result)
    return None


async def _read(
    requests: Requests, url: str, limit: int, what: str
) -> tuple[m3u8.M3U8 | None, ProbeResult | None]:
    answer, body = await requests.whole(url, limit)
    result = requests.judged(answer)
    if result.is_alive and not not_media.is_playlist(answer.head):
        result = ProbeResult(answer.status, Failure.NOT_MEDIA, "not media: no playlist")
    if not result.is_alive:
        return None, _of(what, result)
    try:
        return m3u8.loads(body.decode("utf-8-sig", "replace")), None
    except (m3u8.ParseError, ValueError, IndexError, KeyError):
        return None, ProbeResult(answer.status, Failure.NOT_MEDIA, f"not media: {what} is broken")


def _media(segment: m3u8.Segment) -> Iterator[tuple[str, str, Mapping[str, str]]]:
    """What, URI and Range of the segment and of what it cannot be played without."""
    key, init = segment.key, segment.init_section
    if key is not None and key.uri and not key.uri.startswith(_NOT_FETCHED):
        yield "its key", key.uri, _FIRST_BYTES
    if init is not None and init.uri:
        yield "its init section", init.uri, _part(init.byterange)
    yield "its middle segment", segment.uri, _part(segment.byterange)


def _part(byterange: str | None) -> Mapping[str, str]:
    """The first bytes of `length@offset` (RFC 8216 section 4.3.2.2)."""
    offset = (byterange or "").partition("@")[2]
    first = int(offset) if offset.isdigit() else 0
    return {"Range": f"bytes={first}-{first + READ_BYTES - 1}"}


def _bandwidth(variant: m3u8.Playlist) -> int:
    return variant.stream_info.bandwidth or 0


def _of(what: str, result: ProbeResult) -> ProbeResult:
    return replace(result, reason=f"{what}: {result.reason}")
