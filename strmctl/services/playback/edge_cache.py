"""The first and last bytes of what was sent lately: media servers probe before they play.

Jellyfin runs ffprobe before every play and Kodi opens everything twice (HLS.md); both read the
same few bytes within seconds. An entry is only as good as the URL it came from, so a new
resolution never meets old bytes.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from strmctl.domain.http.ranges import ContentRange
from strmctl.domain.http.representation import Representation
from strmctl.services.observer import UNOBSERVED, Cache, Observer

EDGE_BYTES = 256 * 1024
"""How much of a file's head and tail is kept, and the largest segment that is."""

_TOTAL_BYTES = 32 * 1024 * 1024
_MAX_AGE = 10.0


@dataclass(frozen=True, slots=True)
class Edge:
    """`data` begins at byte `first` of a representation; `fields` were sent along with it."""

    representation: Representation
    fields: Mapping[str, str]
    first: int
    data: bytes = field(repr=False)
    at: float = 0.0

    def begins(self, span: ContentRange) -> bytes:
        """The bytes of `span` that are here, from its first one on; empty without that."""
        start = span.first - self.first
        return self.data[start : start + span.length] if start >= 0 else b""


class Recorder:
    """Listens to a body that starts at byte `first`, and keeps no more than an edge of it."""

    def __init__(self, first: int, keep: Callable[[bytes], None]) -> None:
        self.first = first
        self._keep = keep
        self._data = bytearray()

    def hear(self, chunk: bytes) -> None:
        room = EDGE_BYTES - len(self._data)
        if room > 0:
            self._data += chunk[:room]

    def close(self) -> None:
        self._keep(bytes(self._data))
        self._data.clear()


class EdgeCache:
    """At most 32 MiB, the longest unused leave first; nothing is older than ten seconds."""

    def __init__(self, observer: Observer = UNOBSERVED) -> None:
        self._observer = observer
        self._edges: OrderedDict[tuple[str, bool], Edge] = OrderedDict()
        self._size = 0
        self._recording: set[tuple[str, bool]] = set()

    def find(self, url: str, span: Callable[[int], ContentRange]) -> Edge | None:
        """The edge of `url` that begins what `span` selects of the whole length."""
        for is_head in (True, False):
            edge = self._edges.get((url, is_head))
            if edge is None or time.monotonic() - edge.at > _MAX_AGE:
                continue
            if edge.representation.total is not None and edge.begins(
                span(edge.representation.total)
            ):
                self._edges.move_to_end((url, is_head))
                self._observer.cache_hit(Cache.EDGE)
                return edge
        return None

    def recorder(
        self,
        url: str,
        representation: Representation,
        fields: Mapping[str, str],
        first: int,
        *,
        whole: bool,
    ) -> Recorder | None:
        """Records a body if it starts at the file's head or within its tail.

        `whole` keeps it only if all of it was heard. One body of a URL is recorded at a time.
        """
        total = representation.total
        key = (url, first == 0)
        if total is None or key in self._recording or (whole and total > EDGE_BYTES):
            return None
        if first and total - first > EDGE_BYTES:
            return None
        self._recording.add(key)

        def keep(data: bytes) -> None:
            self._recording.discard(key)
            if data and not (whole and len(data) < total):
                self._put(key, Edge(representation, fields, first, data, time.monotonic()))

        return Recorder(first, keep)

    def _put(self, key: tuple[str, bool], edge: Edge) -> None:
        old = self._edges.pop(key, None)
        self._size += len(edge.data) - (len(old.data) if old else 0)
        self._edges[key] = edge
        while self._size > _TOTAL_BYTES:
            self._size -= len(self._edges.popitem(last=False)[1].data)
