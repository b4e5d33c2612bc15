"""A playlist is compressed once for all clients that take gzip."""

import gzip
from collections import OrderedDict

from strmctl.domain.http.codings import accepts_gzip, gzip_etag
from strmctl.services.playback.player import PlaylistAnswer
from strmctl.services.threads import in_thread

_LEAST = 1024
"""Bytes; to compress what fits into one packet is not worth it."""

_ON_LOOP = 64 * 1024
_KEPT_BYTES = 8 * 1024 * 1024
_LEVEL = 5
"""It leaves a fifteenth of a long playlist, as 9 does, in a third of the time."""


class Compressed:
    """Keeps the newest compressed playlists, by the ETag of their text."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0

    async def form_of(self, answer: PlaylistAnswer, accept_encoding: str) -> tuple[bytes, str, str]:
        """What to send, its ETag and its Content-Encoding, "" for none."""
        if len(answer.text) < _LEAST or not accepts_gzip(accept_encoding):
            return answer.text, answer.etag, ""
        made = self._kept.get(answer.etag)
        if made is None:
            is_long = len(answer.text) > _ON_LOOP
            made = await in_thread(_gzip, answer.text) if is_long else _gzip(answer.text)
            self._keep(answer.etag, made)
        return made, gzip_etag(answer.etag), "gzip"

    def _keep(self, etag: str, made: bytes) -> None:
        if etag in self._kept:  # Another request has made it meanwhile.
            return
        self._kept[etag] = made
        self._size += len(made)
        while self._size > _KEPT_BYTES:
            self._size -= len(self._kept.popitem(last=False)[1])


def _gzip(text: bytes) -> bytes:
    # Without the time the same text has the same bytes, on every node.
    return gzip.compress(text, _LEVEL, mtime=0)
