"""Tells media servers what has changed, each for itself; what one does not show yet waits for it.

Never part of what changes the files: the outbox (storage/tables/notices.py) stands between them,
and any number of processes may deliver.
"""

import asyncio
import logging
import random
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime, timedelta
from time import monotonic

from msgspec import Struct

from strmctl.domain.counted import counted
from strmctl.domain.notice import Notice, retry_delay
from strmctl.errors import DatabaseError
from strmctl.services.notifying.connection import (
    Connection,
    MediaServer,
    Outcome,
    Stage,
    UndeliveredError,
)
from strmctl.services.notifying.kodi import Kodi
from strmctl.services.notifying.media_browser import MediaBrowser
from strmctl.services.notifying.webhook import Webhook
from strmctl.services.threads import in_thread
from strmctl.settings.model import NotifySettings, NotifyType, Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.notices import Notices

log = logging.getLogger(__name__)

KEPT = timedelta(days=7)
"""What its server does not show by then is dropped."""

_BATCH = 500
_ANSWER_SECONDS = 10.0
_PATIENCE = timedelta(seconds=100)
_CLAIMED = timedelta(seconds=120)
"""Longer than the patience: by then whoever has claimed it has given up."""

_POLL_SECONDS = 2.0
_LOOK_AGAIN = timedelta(seconds=75)
"""Jellyfin and Emby gather notices for a minute before they look."""

_CONFIRMED_ONLY = "it has confirmed them and does not show them yet"


class Delivery(Struct, frozen=True):
    """What became of one target's batch; `reason` says why not all of it was delivered.

    `delivered` notices were confirmed or are shown, `waiting` of them are not shown yet;
    `refused` says that the server wants another token.
    """

    target: str
    delivered: int
    reason: str | None = None
    refused: bool = False
    dropped: int = 0
    waiting: int = 0


async def deliver(
    settings: Settings,
    database: Database,
    now: datetime,
    *,
    target: str | None = None,
    patience: timedelta = _PATIENCE,
) -> list[Delivery]:
    """One batch for each target, or the one named, that has something due; each takes `patience`
    at most.

    Raises DatabaseError.
    """
    notices = Notices(database)
    due = await in_thread(notices.due_targets, now)
    if not due:
        return []
    tables = {table.name: table for table in settings.notify}
    dropped = await in_thread(notices.drop, now - KEPT, tables.keys())
    found = await asyncio.gather(
        *(
            _deliver_to(table, settings, notices, now, patience)
            for name, table in tables.items()
            # Each has its own turn: a Kodi that is switched off does not hold Jellyfin up.
            if name in due and target in (None, name)
        )
    )
    gone = [Delivery(name, 0, dropped=number) for name, number in dropped.items()]
    return [*gone, *(delivery for delivery in found if delivery is not None)]


async def deliver_at_once(
    settings: Settings, database: Database, patience: timedelta
) -> list[Delivery]:
    """As much as can be told within `patience`; the rest stays in the outbox."""
    end = monotonic() + patience.total_seconds()
    found: list[Delivery] = []
    while (left := end - monotonic()) > 0:
        some = await deliver(
            settings, database, datetime.now(UTC), patience=timedelta(seconds=left)
        )
        found += some
        # A server that is down would be asked in a circle until the patience ends.
        if not any(delivery.delivered for delivery in some):
            break
    return found


@asynccontextmanager
async def notifying(settings: Settings) -> AsyncIterator[None]:
    """Delivers in the background as long as it is open; does nothing without a table."""
    if not settings.notify:
        yield
        return
    tasks = [asyncio.create_task(_notify_forever(settings, it.name)) for it in settings.notify]
    for task in tasks:
        task.add_done_callback(_log_defect)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _log_defect(task: asyncio.Task[None]) -> None:
    """Its words may hold secrets."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("notifications have stopped: unexpected %s", type(error).__name__)


async def _notify_forever(settings: Settings, target: str) -> None:
    """Until it is cancelled; what keeps it from the server or the database is logged once."""
    lines = _Log()
    while True:
        try:
            with await in_thread(Database.open, settings.database) as database:
                while True:
                    if not await _deliver_and_log(settings, database, target, lines):
                        await asyncio.sleep(_POLL_SECONDS)
        except DatabaseError as error:
            lines.failure("database", str(error))
            await asyncio.sleep(_POLL_SECONDS)


async def _deliver_and_log(
    settings: Settings, database: Database, target: str, lines: "_Log"
) -> bool:
    """Whether more notices may be waiting."""
    deliveries = await deliver(settings, database, datetime.now(UTC), target=target)
    lines.forget("database")
    for delivery in deliveries:
        lines.delivery(delivery)
    return any(delivery.delivered for delivery in deliveries)


async def _deliver_to(
    table: NotifySettings,
    settings: Settings,
    notices: Notices,
    now: datetime,
    patience: timedelta,
) -> Delivery | None:
    batch = await in_thread(notices.claim, table.name, now, now + _CLAIMED, _BATCH)
    if not batch:
        return None
    begun = monotonic()
    progress = _Progress(notices, batch, now)
    failure: UndeliveredError | None = None
    try:
        async with asyncio.timeout(patience.total_seconds()):
            async with aclosing(_outcomes(table, settings, batch, now)) as outcomes:
                async for outcome in outcomes:
                    await progress.take(outcome)
    except UndeliveredError as error:
        failure = error
    except TimeoutError:
        failure = None if progress.delivered else UndeliveredError("it does not answer in time")
    finally:
        # Cancelled as well: the next one need not wait until the claim has ended.
        ended = now + timedelta(seconds=monotonic() - begun)
        await in_thread(progress.postpone, ended, failure)
    return progress.delivery(table.name, failure)


async def _outcomes(
    table: NotifySettings, settings: Settings, batch: Sequence[Notice], now: datetime
) -> AsyncGenerator[Outcome, None]:
    server = media_server(table, settings)
    async with Connection(server.address, timeout=_ANSWER_SECONDS) as connection:
        async with aclosing(server.notify(connection, batch, now)) as outcomes:
            async for outcome in outcomes:
                yield outcome


class _Progress:
    """How far each notice of a batch has come; what is settled leaves the outbox at once."""

    def __init__(self, notices: Notices, batch: Sequence[Notice], now: datetime) -> None:
        self._notices, self._batch, self._now = notices, batch, now
        self._left = {notice.id: notice for notice in batch}
        self._refused: dict[int, str] = {}
        self._confirmed = {it.id for it in batch if it.told_at is not None}
        self._fresh: set[int] = set()

    @property
    def delivered(self) -> int:
        shown = {notice.id for notice in self._batch} - self._left.keys()
        return len((shown | self._fresh) - self._refused.keys())

    async def take(self, outcome: Outcome) -> None:
        if not outcome.notices:
            return
        names = {notice.id for notice in outcome.notices}
        match outcome.stage:
            case Stage.SHOWN:
                await in_thread(self._notices.done, outcome.notices, self._now)
                for name in names:
                    del self._left[name]
            case Stage.CONFIRMED:
                await in_thread(self._notices.confirmed, outcome.notices, self._now)
                self._fresh |= names
            case Stage.REFUSED:
                self._refused |= dict.fromkeys(names, outcome.reason)

    def postpone(self, now: datetime, failure: UndeliveredError | None) -> None:
        delay = _delay(self._batch, failure)
        held: defaultdict[str, list[Notice]] = defaultdict(list)
        for notice in self._left.values():
            held[self._reason_alone(notice) or ""].append(notice)
        rest = held.pop("", [])
        for reason, notices in held.items():
            # Jellyfin's scan begins a minute after it was told: asking earlier shows nothing.
            pause = max(delay, _LOOK_AGAIN) if reason == _CONFIRMED_ONLY else delay
            self._notices.postpone(notices, now + pause, reason, alone=True)
        if rest:
            # Without a failure they had no turn: the patience ended while others were told.
            until = now + delay if failure else now
            self._notices.postpone(rest, until, str(failure or ""), alone=failure is None)

    def delivery(self, target: str, failure: UndeliveredError | None) -> Delivery:
        reason = str(failure) if failure else next(iter(self._refused.values()), None)
        is_refused = failure is not None and failure.refused
        waiting = sum(self._reason_alone(it) == _CONFIRMED_ONLY for it in self._left.values())
        return Delivery(target, self.delivered, reason, refused=is_refused, waiting=waiting)

    def _reason_alone(self, notice: Notice) -> str | None:
        """Why this notice has to wait though its server is well."""
        if reason := self._refused.get(notice.id):
            return reason
        return _CONFIRMED_ONLY if notice.id in self._fresh | self._confirmed else None


def _delay(batch: Sequence[Notice], failure: UndeliveredError | None) -> timedelta:
    attempts = max(notice.attempts for notice in batch)
    wanted = timedelta(seconds=(failure and failure.retry_after) or 0)
    # Retry-After may be a week: an hour at most, so that a mended server is told soon.
    return max(retry_delay(attempts, random.random()), min(wanted, timedelta(hours=1)))


class _Log:
    """Says when a target stops taking notices, why, and when it takes them again."""

    def __init__(self) -> None:
        self._reasons: dict[str, str] = {}

    def delivery(self, delivery: Delivery) -> None:
        name = f"notify.{delivery.target}"
        if delivery.dropped:
            reason = "not shown within a week, or its table is gone"
            log.warning("%s: dropped %s: %s", name, counted(delivery.dropped, "notice"), reason)
        elif delivery.refused:
            self.failure(name, f"{delivery.reason}: correct {name}.token")
        elif delivery.reason is not None:
            self.failure(name, f"{delivery.reason}: told later")
        else:
            self.forget(name)
            if delivery.delivered:
                log.info("%s: told of %s", name, counted(delivery.delivered, "file"))

    def failure(self, name: str, reason: str) -> None:
        if self._reasons.get(name) != reason:
            self._reasons[name] = reason
            log.warning("%s: %s", name, reason)

    def forget(self, name: str) -> None:
        if self._reasons.pop(name, None) is not None:
            log.warning("%s: well again", name)


def media_server(table: NotifySettings, settings: Settings) -> MediaServer:
    library = library_there(table, settings)
    match table.type:
        case NotifyType.JELLYFIN | NotifyType.EMBY:
            return MediaBrowser(table, library)
        case NotifyType.KODI:
            return Kodi(table, library)
        case NotifyType.WEBHOOK:
            return Webhook(table, library)
        case NotifyType.APPRISE:
            raise ValueError(f"notify.{table.name} tells people, no media server")


def library_there(table: NotifySettings, settings: Settings) -> str:
    """The library's folder as that server sees it."""
    return table.library or str(settings.library)
