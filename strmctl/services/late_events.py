"""What Sonarr and Radarr say while another run holds the lock is done when that has ended.

Neither of them says it again, so it waits in the database: whichever server runs does it, in the
order in which it came.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

from strmctl.domain.arr_event import Sender, read
from strmctl.errors import LockedError, StrmctlError
from strmctl.services.arr import Received, receive
from strmctl.services.aside import aside
from strmctl.settings.model import Settings
from strmctl.storage.database import Database
from strmctl.storage.job_owner import held
from strmctl.storage.late_events import LateEventRecords

log = logging.getLogger(__name__)

_WAITING_MAX = 200
_AGAIN_SECONDS = 1.0
_AFTER_FAILURE_SECONDS = 30.0
_WORKER = "late-events"

Payload = Mapping[str, object]


@asynccontextmanager
async def late_events(settings: Settings) -> AsyncIterator["LateEvents"]:
    with await aside(Database.open, settings.database) as database:
        events = LateEvents(settings, LateEventRecords(database))
        over = asyncio.Event()
        task = asyncio.create_task(events.carry_out(over))
        try:
            yield events
        finally:
            over.set()
            await task


class LateEvents:
    def __init__(self, settings: Settings, waiting: LateEventRecords) -> None:
        self._settings = settings
        self._waiting = waiting

    async def receive(self, sender: Sender, payload: Payload) -> Received:
        """What has been done, or that it will be. Raises what services/arr.py does, LockedError
        where too many wait already."""
        return await aside(self._receive, sender, payload)

    async def carry_out(self, over: asyncio.Event) -> None:
        """Do what waits, one server's worker at a time, until it is over."""
        while not over.is_set():
            pause = _AGAIN_SECONDS
            try:
                await aside(self._catch_up, over)
            except StrmctlError as error:
                log.error("what Sonarr and Radarr said waits: %s", error)
                pause = _AFTER_FAILURE_SECONDS
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), pause)

    def _receive(self, sender: Sender, payload: Payload) -> Received:
        event = read(sender, payload)
        waiting = self._waiting.count()
        if not waiting or not event.concerns_files:
            with suppress(LockedError):
                return _receive(self._settings, sender, payload)
        if waiting >= _WAITING_MAX:
            raise LockedError(f"{waiting} events wait for another run to end: send it later")
        self._waiting.add(sender, payload, datetime.now(UTC))
        return Received(sender, event.name, ignored=False, waiting=True)

    def _catch_up(self, over: asyncio.Event) -> None:
        if not self._waiting.count():
            return
        with held(self._settings.database, _WORKER) as is_mine:
            while is_mine and not over.is_set() and (event := self._waiting.first()) is not None:
                try:
                    _receive(self._settings, event.sender, event.payload)
                except LockedError:
                    return
                except StrmctlError as error:
                    log.error("%s: %s", event.sender, error)
                self._waiting.remove(event.id)


def _receive(settings: Settings, sender: Sender, payload: Payload) -> Received:
    with Database.open(settings.database) as database:
        return receive(settings, database, sender, payload)
