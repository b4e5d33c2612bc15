"""No player waits because another program writes to the database: answers are stored afterwards.

They are stored in the order in which they came, and tried again while another program writes. An
answer that waits counts as if it were stored.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from strmctl.domain.identity import Identity
from strmctl.domain.mapping import Resolution
from strmctl.errors import DatabaseError
from strmctl.services.threads import storing
from strmctl.storage.tables.mappings import Mappings, StoredResolution

log = logging.getLogger(__name__)

USUALLY_WITHIN = 0.05
"""Seconds that an answer waits to be stored: enough for a database that nobody else holds."""

_WAITING = 1000
_PAUSES = (0.2, 1.0, 5.0)
_AT_THE_END = 1.0

Stored = Callable[[StoredResolution, bool], None]
"""Called with what has been stored, and whether the identity has a row."""


class Storing:
    def __init__(self, mappings: Mappings, stored: Stored) -> None:
        self._mappings = mappings
        self._stored = stored
        self._queue: deque[StoredResolution] = deque()
        self._task: asyncio.Task[None] | None = None
        self._others: set[asyncio.Task[None]] = set()

    def waiting(self, identity: Identity) -> Resolution | None:
        """The newest answer that is not stored yet."""
        for stored in reversed(self._queue):
            if stored.identity == identity:
                return stored.resolution
        return None

    async def add(self, stored: StoredResolution) -> None:
        """Returns once it is stored, or a moment later."""
        self._queue.append(stored)
        # A backup program may hold SQLite's write lock for an hour.
        if len(self._queue) > _WAITING:
            self._queue.popleft()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._store_all(), name="storing")
        await asyncio.wait({self._task}, timeout=USUALLY_WITHIN)

    async def later(self, work: Callable[[], None]) -> None:
        task = asyncio.create_task(storing(work))
        self._others.add(task)
        task.add_done_callback(self._others.discard)
        await asyncio.wait({task}, timeout=USUALLY_WITHIN)

    async def aclose(self) -> None:
        """Give up what cannot be stored soon: it is resolved again some day."""
        tasks = self._others | ({self._task} if self._task is not None else set())
        if not tasks:
            return
        await asyncio.wait(tasks, timeout=_AT_THE_END)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _store_all(self) -> None:
        failures = 0
        while self._queue:
            first = self._queue[0]
            try:
                has_row = await storing(self._store, first)
            except DatabaseError as error:
                # One line, and not one for each try while the lock is held.
                if not failures:
                    log.warning("%s plays, but is not stored yet: %s", first.identity, error)
                await asyncio.sleep(_PAUSES[min(failures, len(_PAUSES) - 1)])
                failures += 1
                continue
            failures = 0
            if self._queue and self._queue[0] is first:
                self._queue.popleft()
            self._stored(first, has_row)

    def _store(self, stored: StoredResolution) -> bool:
        """Store it unless another process has stored something newer meanwhile."""
        # Look under the write lock: others store while this waits for it.
        with self._mappings.database.transaction():
            found = self._mappings.find(stored.identity)
            if found is not None and is_newer(found.resolution, stored.resolution):
                return True
            return bool(self._mappings.store_resolutions([stored]))


def is_newer(one: Resolution | None, other: Resolution) -> bool:
    if one is None or one.resolved_at is None:
        return False
    return other.resolved_at is None or one.resolved_at > other.resolved_at
