"""Long playlists are read beside the event loop, one after another, within a bound of memory.

In threads, not processes: reading makes a million small objects. For a playlist of 15 MiB another
process would send 28 MiB of pickle. To write it takes 1.2 s, on top of 1.3 s of reading, and the
event loop would stand still for 0.27 s to take it over. Beside a thread the event loop waits for
one switch interval at each event, as long as no single step holds the interpreter. So searches
(domain/hls/playlist_text.py) go piece by piece, and memory is freed piece by piece.
"""

import asyncio
import gc
import threading
import weakref
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import Self, TypeVar

from strmctl.errors import UpstreamError

T = TypeVar("T")

OFF_LOOP = 64 * 1024
"""Characters; what is shorter is read faster than a thread takes it over."""

LARGE = 1024 * 1024
"""Characters; the longest playlists have a thread of their own, so that usual ones do not wait."""

WAITING = 16
"""So many large playlists may wait for their turn: as many as are read in `_PATIENCE` seconds."""

_PATIENCE = 45.0
_FREED_AT_ONCE = 2000
_USUAL = ThreadPoolExecutor(1, "playlist")
_LONG = ThreadPoolExecutor(1, "long-playlist")


class Places:
    """For large playlists: one is read at a time, a few wait, more are refused at once.

    `make_room` is called before each.
    """

    def __init__(self, make_room: Callable[[], None] = lambda: None) -> None:
        self._make_room = make_room
        self._free = asyncio.Semaphore(1)
        self._waiting = 0

    async def take(self) -> None:
        """Raises UpstreamError where too many wait, or others have held it for too long."""
        # Each that waits holds what it has read so far.
        if self._waiting >= WAITING:
            raise _crowded()
        self._waiting += 1
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._free.acquire()
        except TimeoutError:
            raise _crowded() from None
        finally:
            self._waiting -= 1
        self._make_room()

    def give_back(self) -> None:
        self._free.release()


def _crowded() -> UpstreamError:
    what = "too many large playlists at once"
    return UpstreamError(what, http_status=503, retry_after=10, final=True)


class Room:
    """The place of one playlist, which needs one from its second megabyte on."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self.is_taken = False

    async def take(self) -> None:
        """Raises UpstreamError when none becomes free."""
        await self._places.take()
        self.is_taken = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.is_taken:
            self._places.give_back()


async def beside_the_loop(work: Callable[[], T], size: int) -> T:
    """`work` on a playlist of `size` characters; a short one is done here and now."""
    if size <= OFF_LOOP:
        return work()
    threads = _LONG if size > LARGE else _USUAL
    return await asyncio.get_running_loop().run_in_executor(
        threads, _uncollected, work, size > LARGE
    )


_lock = threading.RLock()  # A collection may end a playlist just here.
_at_work = 0
_kept = 0


def _uncollected(work: Callable[[], T], is_large: bool) -> T:
    """`work` without the garbage collector, which would look at each new object again and again
    while all else waits."""
    global _at_work
    with _lock:
        _at_work += 1
        gc.disable()
    try:
        return work()
    finally:
        with _lock:
            # Before the collector goes on: it would walk through a million objects at once.
            if is_large:
                gc.freeze()
            _at_work -= 1
            if not _at_work:
                gc.enable()


def keep_from_collector(loaded: object, *parts: Collection[object]) -> None:
    """Hide what large playlists are made of from the garbage collector, until none is kept.

    `parts` are those of `loaded`; when it is gone they are freed beside the event loop.
    """
    global _kept
    with _lock:
        _kept += 1
    # Starts the thread now: started by `_let_go`, it would run before its caller has let go.
    _LONG.submit(list)
    weakref.finalize(loaded, _let_go, list(parts)).atexit = False


def _let_go(parts: list[Collection[object]]) -> None:
    global _kept
    with _lock:
        _kept -= 1
        if not _kept:
            gc.unfreeze()
    # By the thread that reads the next large playlist, which finds the memory free.
    with suppress(RuntimeError):  # The process ends, and all its memory with it.
        _LONG.submit(_free, parts)


def _free(parts: list[Collection[object]]) -> None:
    """By pieces: 200,000 segments freed at once kept every other thread waiting for 100 ms."""
    left = [list(part) for part in parts]
    parts.clear()
    for pieces in left:
        while pieces:
            del pieces[-_FREED_AT_ONCE:]
