"""The first segments of finished playlists are kept a moment: media servers probe, then play.

Jellyfin runs ffprobe before every play and Kodi opens everything twice (HLS.md); both read the
same few segments within seconds. An entry belongs to one resolution of one identity, and only
what a finished playlist lists is kept: a live upstream may call the next segment by the same
name, and a file at the playback URL may be replaced.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping

from strmctl.discreet import Discreet
from strmctl.services.observer import UNOBSERVED, Cache, Observer

SEGMENT_BYTES = 256 * 1024
"""The largest segment that is kept."""

_TOTAL_BYTES = 32 * 1024 * 1024
_MAX_AGE = 10.0

Key = tuple[int, str]
"""The number of a source (one resolution of one identity), and the URL there."""


class Segment(Discreet, frozen=True):
    """A whole segment; `fields` are the response fields that were sent with it."""

    hidden = ("data",)

    fields: Mapping[str, str]
    data: bytes
    at: float


class Recorder:
    """Listens to a body from its first byte on, and keeps it if all `total` bytes came."""

    def __init__(self, total: int, keep: Callable[[bytes], None]) -> None:
        self._total = total
        self._keep = keep
        self._data = bytearray()

    needs_more = True

    def hear(self, chunk: bytes) -> None:
        self._data += chunk

    def close(self) -> None:
        if len(self._data) == self._total:
            self._keep(bytes(self._data))
        self._data = bytearray()


class SegmentCache:
    """At most 32 MiB, the longest unused leave first; nothing is older than ten seconds."""

    def __init__(self, observer: Observer = UNOBSERVED) -> None:
        self._observer = observer
        self._segments: OrderedDict[Key, Segment] = OrderedDict()
        self._size = 0

    def find(self, key: Key) -> Segment | None:
        found = self._segments.get(key)
        if found is None or time.monotonic() - found.at > _MAX_AGE:
            return None
        self._segments.move_to_end(key)
        self._observer.cache_hit(Cache.EDGE)
        return found

    def recorder(self, key: Key, fields: Mapping[str, str], total: int) -> Recorder | None:
        """For a body that begins with the first of `total` bytes; None if it is too long."""
        if total > SEGMENT_BYTES:
            return None

        def keep(data: bytes) -> None:
            self._put(key, Segment(fields, data, time.monotonic()))

        return Recorder(total, keep)

    def _put(self, key: Key, segment: Segment) -> None:
        old = self._segments.pop(key, None)
        self._size += len(segment.data) - (len(old.data) if old else 0)
        self._segments[key] = segment
        while self._size > _TOTAL_BYTES:
            self._size -= len(self._segments.popitem(last=False)[1].data)
