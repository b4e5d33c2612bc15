"""What Sonarr and Radarr say while another run holds the lock is done when that has ended.

Neither of them says it again, so it waits in the database: whichever server runs does it, in the
order in which it came.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

from strmctl.domain.library.arr_event import ArrEvent, Sender, read
from strmctl.errors import ItemError, LockedError, SafetyError, StrmctlError, UsageError
from strmctl.services.arr.following import Received, named_as_gone, receive
from strmctl.services.library.mounted import emptied
from strmctl.services.threads import in_thread
from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.files.strm_file import LibraryFiles
from strmctl.storage.locks.file_lock import held
from strmctl.storage.tables.arr_events import LateEvent, LateEventRecords

log = logging.getLogger(__name__)

_WAITING_MAX = 100_000
"""A bound for the disk's sake alone: neither of them sends an event again."""

_AGAIN_SECONDS = 1.0
_AFTER_FAILURE_SECONDS = 30.0
_KEPT = timedelta(days=7)
_WORKER = "late-events"

Payload = Mapping[str, object]


@asynccontextmanager
async def late_events(
    settings: Settings, *, failure_pause: float = _AFTER_FAILURE_SECONDS
) -> AsyncIterator["LateEvents"]:
    """`failure_pause`: after how many seconds what could not be done is tried again."""
    with await in_thread(Database.open, settings.database) as database:
        events = LateEvents(settings, LateEventRecords(database), failure_pause)
        over = asyncio.Event()
        task = asyncio.create_task(events.carry_out(over))
        try:
            yield events
        finally:
            over.set()
            await task


class LateEvents:
    """Takes events of Sonarr and Radarr, and carries out later what a run keeps from being done.

    After a failure it pauses for `failure_pause` seconds.
    """

    def __init__(self, settings: Settings, waiting: LateEventRecords, failure_pause: float) -> None:
        self._settings = settings
        self._waiting = waiting
        self._failure_pause = failure_pause

    async def receive(self, sender: Sender, payload: Payload) -> Received:
        """What has been done, or that it will be.

        Raises what services/arr/following.py does, and LockedError where too many wait already.
        """
        return await in_thread(self._receive, sender, payload)

    async def carry_out(self, over: asyncio.Event) -> None:
        """Do what waits, one server's worker at a time, until it is over."""
        logged = ""
        while not over.is_set():
            pause, reason = _AGAIN_SECONDS, ""
            try:
                await in_thread(self._catch_up, over)
            except (StrmctlError, OSError) as error:
                pause, reason = self._failure_pause, str(error)
                # A library on a NAS may be away for days: one line, not one each half minute.
                if reason != logged:
                    log.error("what Sonarr and Radarr said waits: %s", reason)
            logged = reason
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), pause)

    def _receive(self, sender: Sender, payload: Payload) -> Received:
        event = read(sender, payload)
        waiting = self._waiting.count()
        if not waiting or not event.concerns_files:
            # A library that is away for now is back later, and the event does not come again.
            with suppress(LockedError, ItemError):
                return _receive(self._settings, sender, payload, event)
        if waiting >= _WAITING_MAX:
            # Sonarr loses what is answered by 409: only a full disk would be worse.
            raise LockedError(f"{waiting} events wait for another run to end: send it later")
        self._waiting.add(sender, payload, datetime.now(UTC))
        return Received(sender, event.name, ignored=False, waiting=True)

    def _catch_up(self, over: asyncio.Event) -> None:
        if not self._waiting.count():
            return
        with held(self._settings.database, _WORKER) as is_mine:
            while is_mine and not over.is_set() and (event := self._waiting.first()) is not None:
                try:
                    self._do(event)
                except LockedError:
                    return

    def _do(self, event: LateEvent) -> None:
        """Raises LockedError, and what may be mended before long."""
        try:
            with Database.open(self._settings.database) as database:
                _check_mounted(self._settings, database, read(event.sender, event.payload))
                receive(self._settings, database, event.sender, event.payload)
        except LockedError:
            raise
        except StrmctlError as error:
            # A share that is not mounted comes back; a payload that is wrong stays so.
            is_lasting = isinstance(error, UsageError | SafetyError)
            if not is_lasting and datetime.now(UTC) - event.received_at < _KEPT:
                raise
            log.error("%s: %s", event.sender, error)
        self._waiting.remove(event.id)


def _check_mounted(settings: Settings, database: Database, event: ArrEvent) -> None:
    """Nobody hears what is answered now: an event waits for a library that is not there."""
    LibraryFiles(settings.library).check_there()
    gone = [row.strm_path for row in named_as_gone(settings, database, event)]
    if (reason := emptied(settings, database, but=gone)) is not None:
        raise ItemError(reason)


def _receive(settings: Settings, sender: Sender, payload: Payload, event: ArrEvent) -> Received:
    with Database.open(settings.database) as database:
        if event.concerns_files:
            _check_mounted(settings, database, event)
        return receive(settings, database, sender, payload)
