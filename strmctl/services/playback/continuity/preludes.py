"""Addresses of finished content name the bytes of its keys and init sections (the *preludes*).

Each prelude is read when its playlist is, so that every process sees whether an address means the
same bytes. The next player that asks for it gets what was read, so the upstream is asked once for
each request of a player. All later ones get what the upstream has then, if it is what the address
says.
"""

import asyncio
import hashlib
import math
import time
from collections.abc import Mapping

from strmctl.domain.hls import run
from strmctl.domain.hls.listed import Resource
from strmctl.domain.media.disguise import SEARCHED_BYTES, looks_disguised, media_offset
from strmctl.domain.media.not_media import listed
from strmctl.domain.patience.patience import GLANCE, Patience
from strmctl.errors import StrmctlError, UpstreamError
from strmctl.services.patiently import patiently
from strmctl.services.playback.continuity.comparison import Beginning, beginning
from strmctl.services.playback.continuity.continuity import other_content
from strmctl.services.playback.continuity.evidence import NamedPreludes, Prelude
from strmctl.services.playback.fetching.fetch import Fetch
from strmctl.services.playback.fetching.loaded_playlist import LoadedPlaylist
from strmctl.upstream.response import UpstreamResponse

KEPT_BYTES = 64 * 1024
"""A longer one is named by so many first bytes, and streamed instead of kept."""

_MAX_AGE = 10.0
"""Seconds for which what was read may be given in place of what the upstream has now."""

DEADLINE = 3.0
"""Seconds that a playlist waits for all of its preludes."""

_SILENT_FOR = 2.0
"""Seconds in which a silent server is not waited for again: a segment would wait for it twice."""


class Preludes:
    """The preludes of one resolution, by rendition and name; `named` holds earlier ones as well."""

    def __init__(self, fetch: Fetch, named: NamedPreludes | None = None) -> None:
        self._fetch = fetch
        self._named = named or NamedPreludes()
        self._kept: dict[tuple[str, str], Prelude] = {}
        self._untaken: dict[tuple[str, str], float] = {}
        self._given_up: dict[str, float] = {}
        self.size = 0
        """Bytes that are kept here."""

    async def name(self, rendition: str, loaded: LoadedPlaylist) -> str:
        """What a finished playlist's preludes are named together, "" where it has none.

        Raises UpstreamError where one cannot be had, or is no key and no init section.
        """
        if loaded.media is None or not loaded.media.ended or not loaded.media.preludes:
            return ""
        if time.monotonic() - self._given_up.get(rendition, -math.inf) < _SILENT_FOR:
            raise _silent()
        try:
            async with asyncio.timeout(DEADLINE):
                name = run.name_of(
                    *[await self._seen(rendition, each, loaded) for each in loaded.media.preludes]
                )
        except TimeoutError:
            self._given_up[rendition] = time.monotonic()
            raise _silent() from None
        for each in loaded.media.preludes:
            if (known := self._kept.get((rendition, each))) is not None:
                self._named.put(rendition, name, each, known)
        return name

    def take(self, rendition: str, name: str, resource: Resource) -> Prelude | None:
        """What was read lately and has not been given to a player yet."""
        known = self._known(rendition, name, resource)
        at = self._untaken.pop((rendition, name), None) if known is not None else None
        is_young = at is not None and time.monotonic() - at < _MAX_AGE
        return known if is_young else None

    async def check(
        self,
        rendition: str,
        name: str,
        resource: Resource,
        response: UpstreamResponse,
        skip: int = 0,
        preludes: str = "",
    ) -> None:
        """Close an answer that is not what its name says, and raise UpstreamError.

        `skip` bytes of it come before a byte range; `preludes` is that part of its address.
        """
        known, part = self._known(rendition, name, resource), response.content_range
        known = known or self._named.find(rendition, preludes, name)
        is_whole = response.status == 200 or (part is not None and part.length == part.total)
        if known is None or not (is_whole or resource.byte_range):
            return
        size = len(known.data) + (resource.byte_range is None)
        head = (await response.peek(skip + size))[skip:][:size]
        # If it is cut off, it will be resumed from the same file.
        if head == known.data or (response.is_cut and known.data.startswith(head)):
            return
        response.close()
        self._forget(rendition, name)
        raise other_content()

    def _known(self, rendition: str, name: str, resource: Resource) -> Prelude | None:
        known = self._kept.get((rendition, name))
        return known if known is not None and known.resource == resource else None

    async def _seen(self, rendition: str, name: str, loaded: LoadedPlaylist) -> tuple[bytes, bool]:
        """A digest of its bytes, and whether that is of all of them."""
        resource = loaded.locate(name)
        if resource is None:
            raise UpstreamError("the playlist lists no such key", final=True)
        known = self._known(rendition, name, resource)
        if known is not None:
            return _digest(known.data), True
        seen = await self._patiently_read(name, resource)
        # It may be hidden behind an image, as media may.
        offset = media_offset(seen.head) if looks_disguised(seen.head) else 0
        data = seen.head[offset:]
        self._forget(rendition, name)
        if not offset and len(data) <= KEPT_BYTES:
            self._kept[rendition, name] = Prelude(resource, _fields(seen), data)
            self._untaken[rendition, name] = time.monotonic()
            self.size += len(data)
        return _digest(data[:KEPT_BYTES]), len(data) <= KEPT_BYTES

    async def _patiently_read(self, name: str, resource: Resource) -> Beginning:
        patience = Patience(GLANCE, time.monotonic())

        def wait(failure: StrmctlError) -> float | None:
            return patience.wait(time.monotonic(), getattr(failure, "retry_after", None))

        return await patiently(lambda: self._read(name, resource), wait)

    async def _read(self, name: str, resource: Resource) -> Beginning:
        expected = listed(name, "", resource.size)
        size = KEPT_BYTES + SEARCHED_BYTES
        return await beginning(self._fetch, resource, expected, size, asks_for_all=True)

    def _forget(self, rendition: str, name: str) -> None:
        gone = self._kept.pop((rendition, name), None)
        self.size -= len(gone.data) if gone is not None else 0


def _silent() -> UpstreamError:
    return UpstreamError("a key did not come in time", http_status=504)


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _fields(seen: Beginning) -> Mapping[str, str]:
    """Response fields for what is kept: every part of it can be had, whatever the upstream can."""
    if seen.is_part:  # The validators are those of the file that it is cut out of.
        return {"Accept-Ranges": "bytes"}
    fields = {"ETag": seen.representation.etag, "Last-Modified": seen.representation.last_modified}
    return {"Accept-Ranges": "bytes"} | {name: value for name, value in fields.items() if value}
