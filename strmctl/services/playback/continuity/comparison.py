"""Content is the same if what the upstream has now begins like what players have been sent."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from itertools import cycle
from typing import NamedTuple

from msgspec import Struct

from strmctl.discreet import Discreet
from strmctl.domain.hls.listed import Resource
from strmctl.domain.hls.stable_names import INIT, KEY
from strmctl.domain.http.ranges import ContentRange
from strmctl.domain.http.representation import Representation
from strmctl.domain.media import disguise
from strmctl.domain.media.not_media import Expected, listed
from strmctl.domain.patience.patience import COMPARED, Patience, Policy
from strmctl.errors import EgressError, StrmctlError, UpstreamError
from strmctl.services.patiently import patiently
from strmctl.services.playback.continuity.evidence import SAMPLE_BYTES, Sample
from strmctl.services.playback.fetching.fetch import Attempt, Fetch
from strmctl.services.playback.fetching.loaded_playlist import LoadedPlaylist

_PRELUDE_SECONDS = 3.0
"""For a key or init section; if it does not come, the segments have to do."""

_CANDIDATES = 3
_ENOUGH = 2
"""Media Segments that are compared, of so many."""


class Compared(Struct, frozen=True):
    """How many samples were compared, and whether all were alike."""

    count: int
    is_same: bool


class _Look(NamedTuple):
    """A sample, and where it should be; `kind` is "" for a Media Segment."""

    kind: str
    sample: Sample
    resource: Resource
    expected: Expected


class _Round(NamedTuple):
    """What was compared, and of the others those whose failures may pass after a `wait`."""

    compared: Compared
    passing: Sequence[_Look] = ()
    wait: float = 0.0
    failure: StrmctlError | None = None


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
    fetch: Fetch,
    rendition: str,
    loaded: LoadedPlaylist,
    samples: Iterable[tuple[str, Sample]],
    waits: Policy = COMPARED,
) -> Compared:
    """Compare the newest samples of a rendition, as far as its playlist still lists them.

    Raises UpstreamError where none can be had, though they were asked for as often as `waits`
    says: then nothing is known.
    """
    looks = [
        _Look(_kind(name), sample, resource, expected(rendition, name))
        for name, sample in samples
        if (resource := loaded.locate(name)) is not None
    ]
    count, missing = 0, None
    # Many a key is given only once: the segments that it decrypts show as much.
    for look in filter(None, (_newest(KEY, looks), _newest(INIT, looks))):
        try:
            async with asyncio.timeout(_PRELUDE_SECONDS):
                there = await look_at(fetch, look.resource, look.expected)
        except TimeoutError:
            missing = UpstreamError("a key did not come in time", http_status=504)
        except UpstreamError as failure:
            missing = failure
        else:
            count += 1
            if not look.sample.is_like(there):
                return Compared(count, is_same=False)
    segments = [look for look in looks if not look.kind][:_CANDIDATES]
    if segments:
        compared = await _compare_segments(fetch, segments, waits)
        return Compared(count + compared.count, compared.is_same)
    if missing is not None:
        raise missing
    return Compared(count, is_same=True)


def _kind(name: str) -> str:
    return name[0] if name[0] in (KEY, INIT) else ""


def _newest(kind: str, looks: Iterable[_Look]) -> _Look | None:
    return next((look for look in looks if look.kind == kind), None)


async def _compare_segments(fetch: Fetch, looks: Sequence[_Look], waits: Policy) -> Compared:
    """One is enough where no other comes at once; each may fail where another does not.

    Raises the last failure where none can be had.
    """
    patience = Patience(waits, time.monotonic())
    asked, in_turn = looks, None
    while True:
        found = await _at_once(fetch, asked)
        if found.compared.count:
            return found.compared
        assert found.failure is not None
        seconds = patience.wait(time.monotonic(), found.wait) if found.passing else None
        if seconds is None:
            raise _unseen(found.failure) from None
        await asyncio.sleep(seconds)
        in_turn = in_turn or cycle(found.passing)
        asked = [next(in_turn)]


async def _at_once(fetch: Fetch, looks: Iterable[_Look]) -> _Round:
    count, wait = 0, 0.0
    passing: list[_Look] = []
    failure: StrmctlError | None = None
    for look in looks:
        if count == _ENOUGH:
            break
        attempt = Attempt(fetch)
        try:
            there = await _sample(fetch, look.resource, look.expected)
        except (UpstreamError, EgressError) as error:
            failure, seconds = error, attempt.wait(error)
            # A passing failure must not make this look like other content.
            if seconds is not None:
                wait = max(wait, seconds)
                passing.append(look)
        else:
            count += 1
            if not look.sample.is_like(there):
                return _Round(Compared(count, is_same=False))
    return _Round(Compared(count, is_same=True), passing, wait, failure)


def _unseen(failure: StrmctlError) -> StrmctlError:
    """To ask for it once more would multiply the waits.

    A CDN that refuses what has played got a hundred requests for each segment.
    """
    return failure.made_anew(lasting=True) if isinstance(failure, UpstreamError) else failure


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
        raise _unseen(failure) from None


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
