"""A player that trusts nothing: it keeps every byte it is given, and counts pictures if it can."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from http import HTTPStatus

import httpx
import m3u8  # type: ignore[import-untyped]  # it has no types
from msgspec import Struct

from strmctl.errors import StrmctlError

_DECODE_SECONDS = 60


class Presentation(Struct, frozen=True):
    """The text of the playlists that led to the segments; `seconds` is their EXTINF together."""

    playlists: Sequence[str]
    segment_urls: Sequence[str]
    seconds: float


class Decoded(Struct, frozen=True):
    """What ffprobe decoded of the first video."""

    frames: int
    seconds: float


def open_presentation(client: httpx.Client, url: str) -> Presentation:
    """Read the Multivariant Playlist at `url`, then the Media Playlist of its first variant."""
    multivariant = get(client, url).text
    variants = m3u8.loads(multivariant, uri=url).playlists
    # m3u8 reads an HTML page as an empty playlist.
    if not variants:
        raise StrmctlError("the demo failed: the playback URL answers no Multivariant Playlist")
    media_url = variants[0].absolute_uri
    media = get(client, media_url).text
    segments = m3u8.loads(media, uri=media_url).segments
    return Presentation(
        playlists=(multivariant, media),
        segment_urls=[segment.absolute_uri for segment in segments],
        seconds=sum(segment.duration for segment in segments),
    )


def read_segments(client: httpx.Client, presentation: Presentation) -> Iterator[bytes]:
    for url in presentation.segment_urls:
        yield get(client, url).content


def get(client: httpx.Client, url: str, *, byte_range: str | None = None) -> httpx.Response:
    """Raises StrmctlError for any status but 200, or 206 where a range is asked for."""
    headers = {} if byte_range is None else {"Range": f"bytes={byte_range}"}
    wanted = HTTPStatus.OK if byte_range is None else HTTPStatus.PARTIAL_CONTENT
    try:
        response = client.get(url, headers=headers)
    except httpx.TransportError as error:
        raise StrmctlError(f"the demo failed: no answer ({type(error).__name__})") from None
    if response.status_code != wanted:
        path = response.url.path
        raise StrmctlError(f"the demo failed: {response.status_code} instead of {wanted} at {path}")
    return response


def decode(url: str) -> Decoded | None:
    """Play `url` with ffprobe from the first to the last frame; None where there is no ffprobe."""
    ffprobe = shutil.which("ffprobe")
    if ffprobe is None:
        return None
    shown = "frame=pkt_duration_time,duration_time"
    command = [ffprobe, "-v", "error", "-select_streams", "v:0", "-show_entries", shown]
    try:
        run = subprocess.run(
            # ffmpeg ends with 0 though frames are missing, so they are counted.
            [*command, "-of", "json", "-i", url],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_DECODE_SECONDS,
        )
        frames = json.loads(run.stdout).get("frames", [])
    except (subprocess.TimeoutExpired, ValueError):
        raise StrmctlError("the demo failed: ffprobe did not play to the end") from None
    return Decoded(len(frames), round(sum(_seconds(frame) for frame in frames), 3))


def _seconds(frame: dict[str, str]) -> float:
    """ffmpeg 6 renamed `pkt_duration_time`."""
    return float(frame.get("duration_time") or frame.get("pkt_duration_time") or 0)
