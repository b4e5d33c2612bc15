"""What Sonarr and Radarr say while another run holds the lock is done when that has ended.

Neither of them says it again. Events keep their order; the end of the server forgets those that
still wait, and says so.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

from strmctl.domain.arr_event import Sender, read
from strmctl.domain.counted import counted
from strmctl.errors import LockedError, StrmctlError
from strmctl.services.arr import Received, receive
from strmctl.services.aside import aside
from strmctl.settings.model import Settings
from strmctl.storage.database import Database

log = logging.getLogger(__name__)

_WAITING_MAX = 200
_AGAIN_SECONDS = 1.0

Payload = Mapping[str, object]


@asynccontextmanager
async def late_events(settings: Settings) -> AsyncIterator["LateEvents"]:
    events = LateEvents(settings)
    task = asyncio.create_task(events.carry_out())
    try:
        yield events
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if events.waiting:
            log.warning("the end forgets %s: `strmctl import`", counted(events.waiting, "event"))


class LateEvents:
    """`waiting` counts those that are not done."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._queue: asyncio.Queue[tuple[Sender, Payload]] = asyncio.Queue()
        self.waiting = 0

    async def receive(self, sender: Sender, payload: Payload) -> Received:
        """What has been done, or that it will be. Raises what services/arr.py does, LockedError
        where too many wait already."""
        event = read(sender, payload)
        if not self.waiting or not event.concerns_files:
            with suppress(LockedError):
                return await self._now(sender, payload)
        if self.waiting >= _WAITING_MAX:
            raise LockedError(f"{self.waiting} events wait for another run to end: send it later")
        self.waiting += 1
        self._queue.put_nowait((sender, payload))
        return Received(sender, event.name, ignored=False, waiting=True)

    async def carry_out(self) -> None:
        """Until it is cancelled."""
        while True:
            sender, payload = await self._queue.get()
            try:
                await self._when_it_can(sender, payload)
            except StrmctlError as error:
                log.error("%s: %s", sender, error)
            self.waiting -= 1

    async def _when_it_can(self, sender: Sender, payload: Payload) -> None:
        while True:
            with suppress(LockedError):
                await self._now(sender, payload)
                return
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _now(self, sender: Sender, payload: Payload) -> Received:
        return await aside(_receive, self._settings, sender, payload)


def _receive(settings: Settings, sender: Sender, payload: Payload) -> Received:
    with Database.open(settings.database) as database:
        return receive(settings, database, sender, payload)
