"""Long playlists are read beside the event loop, one after another, within a bound of memory.

Threads and not processes: what is read is a million small objects, and taking them over from
another process is work for the loop too. The two were not measured against each other.
"""

import asyncio
import gc
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

from strmctl.errors import UpstreamError

T = TypeVar("T")

OFF_LOOP = 64 * 1024
LARGE = 1024 * 1024
"""Characters; the longest playlists have a thread of their own, so that usual ones do not wait."""

_PATIENCE = 45.0
_USUAL = ThreadPoolExecutor(1, "playlist")
_LONG = ThreadPoolExecutor(1, "long-playlist")


class Room:
    """What one playlist holds of the memory for large ones, from its second megabyte on."""

    def __init__(self, places: asyncio.Semaphore, make_room: Callable[[], None]) -> None:
        self._places = places
        self._make_room = make_room
        self.is_taken = False

    async def take(self) -> None:
        """Raises UpstreamError when others have held every place for too long."""
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._places.acquire()
        except TimeoutError:
            raise UpstreamError(
                "too many large playlists at once", http_status=503, retry_after=10, final=True
            ) from None
        self.is_taken = True
        self._make_room()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.is_taken:
            self._places.release()


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
    """The collector looks at every new object again and again, and all else waits meanwhile."""
    global _at_work
    with _lock:
        _at_work += 1
        gc.disable()
    try:
        return work()
    finally:
        with _lock:
            # What has been made stands aside before the collector goes on: it would walk through
            # a million objects at once.
            if is_large:
                gc.freeze()
            _at_work -= 1
            if not _at_work:
                gc.enable()


def keep_from_collector(loaded: object) -> None:
    """The collector walks through what has been made again once no large playlist is kept."""
    global _kept
    with _lock:
        _kept += 1
    weakref.finalize(loaded, _let_go).atexit = False


def _let_go() -> None:
    global _kept
    with _lock:
        _kept -= 1
        if not _kept:
            gc.unfreeze()
