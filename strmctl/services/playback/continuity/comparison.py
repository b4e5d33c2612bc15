"""Content is the same if what the upstream has now begins like what players have been sent."""

import asyncio
from collections import Counter
from collections.abc import Iterable

from msgspec import Struct

from strmctl.discreet import Discreet
from strmctl.domain.hls.listed import Resource
from strmctl.domain.hls.stable_names import INIT, KEY
from strmctl.domain.http.ranges import ContentRange
from strmctl.domain.http.representation import Representation
from strmctl.domain.media import disguise
from strmctl.domain.media.not_media import Expected, listed
from strmctl.errors import UpstreamError
from strmctl.services.patiently import patiently
from strmctl.services.playback.continuity.evidence import SAMPLE_BYTES, Sample
from strmctl.services.playback.fetching.fetch import Attempt, Fetch
from strmctl.services.playback.fetching.loaded_playlist import LoadedPlaylist

_PRELUDE_SECONDS = 3.0
"""For a key or init section; if it does not come, the segments have to do."""

_LOOKS = {"": 2, KEY: 1, INIT: 1}
"""How many Media Segments, keys and Media Initialization Sections are compared."""


class Compared(Struct, frozen=True):
    """How many samples were compared, and whether all were alike."""

    count: int
    is_same: bool


class Beginning(Discreet, frozen=True):
    """The first bytes of a resource, its length (None where that is not known), its validators.

    Where it `is_part` of a file, the validators are that file's.
    """

    hidden = ("head",)

    head: bytes
    total: int | None
    representation: Representation
    is_part: bool


async def compare(
    fetch: Fetch, rendition: str, loaded: LoadedPlaylist, samples: Iterable[tuple[str, Sample]]
) -> Compared:
    """Compare the newest samples of a rendition, as far as its playlist still lists them.

    Raises UpstreamError where none can be had: then nothing is known.
    """
    looks: Counter[str] = Counter()
    missing: UpstreamError | None = None
    for name, sample in samples:
        resource, kind = loaded.locate(name), name[0] if name[0] in _LOOKS else ""
        if resource is None or looks[kind] == _LOOKS[kind]:
            continue
        looks[kind] += 1
        try:
            async with asyncio.timeout(_PRELUDE_SECONDS if kind else None):
                there = await look_at(fetch, resource, expected(rendition, name))
        except TimeoutError:
            missing = UpstreamError("a key did not come in time", http_status=504)
        except UpstreamError as failure:
            # Many a key is given only once: the segments that it decrypts show as much.
            if not kind:
                raise
            missing = failure
        else:
            if not sample.is_like(there):
                return Compared(looks.total(), is_same=False)
    if missing is not None and not looks[""]:
        raise missing
    return Compared(looks.total(), is_same=True)


def expected(rendition: str, name: str) -> Expected:
    """What a rendition's playlist calls `name`; the rendition's key begins with its kind."""
    media_type = {"s": "text/vtt", "j": "image/jpeg"}.get(rendition[:1], "video/mp2t")
    return listed(name, media_type)


async def look_at(fetch: Fetch, resource: Resource, expected: Expected) -> Sample:
    """A sample of it as a player would get it. Raises UpstreamError."""
    try:
        # A passing failure must not make this look like other content.
        return await patiently(lambda: _sample(fetch, resource, expected), Attempt(fetch).wait)
    except UpstreamError as failure:
        # To wait for it once more multiplies the waits: a CDN that refuses what has played got a
        # hundred requests for each segment, and the player 12 seconds of silence.
        raise failure.made_anew(lasting=True) from None


async def _sample(
    fetch: Fetch, resource: Resource, expected: Expected, size: int = SAMPLE_BYTES
) -> Sample:
    seen = await beginning(fetch, resource, expected, size)
    head, total = seen.head, seen.total
    if resource.byte_range is not None or not disguise.looks_disguised(head):
        return Sample.of(head, total)
    if size == SAMPLE_BYTES:
        size = disguise.SEARCHED_BYTES + SAMPLE_BYTES
        return await _sample(fetch, resource, expected, size)
    offset = disguise.media_offset(head[: disguise.SEARCHED_BYTES])
    return Sample.of(head[offset:], None if total is None else total - offset)


async def beginning(
    fetch: Fetch, resource: Resource, expected: Expected, size: int, *, asks_for_all: bool = False
) -> Beginning:
    """Its first bytes, asked for again where they are cut off.

    `asks_for_all` sends the request of a player, which every server understands. Raises
    UpstreamError.
    """
    part = resource.byte_range
    first = 0 if part is None else part.offset
    last = first + (size if part is None else min(size, part.length)) - 1
    head, known = b"", None
    while True:
        span = ContentRange(first + len(head), last, None)
        if asks_for_all and part is None and not head:
            response, skip = await fetch.fetch(resource.uri, expected=expected), 0
        else:
            response, skip = await fetch.fetch_span(resource.uri, span, known, expected=expected)
        try:
            more = (await response.peek(skip + span.length))[skip:][: span.length]
        finally:
            response.close()
        head, known = head + more, response.representation
        total = known.total
        if part is not None:
            # A byte range that is longer than its file ends with it, for players too.
            is_within = total is None or total <= first or total >= first + part.length
            total = part.length if total is None or is_within else total - first
        # An upstream may send a shorter part than the one that was asked for.
        goal = last - first + 1 if total is None else min(last - first + 1, total)
        if len(head) >= goal or (total is None and not response.is_cut):
            return Beginning(head, total, known, part is not None)
        if not more:
            raise UpstreamError("the upstream cut the body off")
