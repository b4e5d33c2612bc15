"""How content is cut into segments: two playlists of one cut may stand in for each other."""

import base64
import hashlib

from strmctl.domain.hls.media_playlist import MediaPlaylist, Segment


def cut_of(playlist: MediaPlaylist) -> str:
    """A short name of the whole cut; "" while the playlist is live and its cut still grows."""
    if not playlist.ended:
        return ""
    text = "\n".join(_shape(segment) for segment in playlist.segments)
    digest = hashlib.sha256(f"{playlist.first_number}\n{text}".encode()).digest()
    return base64.b32encode(digest[:5]).decode().lower()


def agree(old: MediaPlaylist, new: MediaPlaylist) -> bool:
    """Whether the segments that both list are cut the same way; without any, nothing disagrees."""
    shapes = {segment.number: _shape(segment) for segment in old.segments}
    return all(
        shapes.get(segment.number, shape) == shape
        for segment in new.segments
        if (shape := _shape(segment))
    )


def counterpart(name: str, old: MediaPlaylist, new: MediaPlaylist) -> str | None:
    """What `new` calls the key or init section that `old` calls `name`.

    It is the one that applies to a segment which both list; None where no segment tells.
    """
    numbered = {segment.number: segment for segment in new.segments}
    for segment in old.segments:
        there = numbered.get(segment.number)
        if there is None:
            continue
        if segment.init == name:
            return there.init or None
        if name in segment.keys and len(there.keys) == len(segment.keys):
            return there.keys[segment.keys.index(name)]
    return None


def _shape(segment: Segment) -> str:
    part = segment.byte_range
    where = "" if part is None else f"{part.offset}+{part.length}"
    return f"{segment.duration:.3f} {where} {'d' if segment.discontinuity else ''}"
