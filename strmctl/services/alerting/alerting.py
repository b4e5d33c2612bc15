"""Sends people what is due, each target for itself; any number of processes may do so.

What is to be said is decided and remembered in one transaction, then sent; what could not be sent
is forgotten again and tried later.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from strmctl.domain import alert, digest
from strmctl.domain.alert import Condition, Kind, Message
from strmctl.errors import DatabaseError, StrmctlError
from strmctl.services.alerting.conditions import conditions
from strmctl.services.alerting.people import NotSentError, send
from strmctl.services.alerting.troubles import full_disk_marker
from strmctl.services.threads import in_thread
from strmctl.settings.model import NotifySettings, Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.database.file_system import is_disk_full
from strmctl.storage.tables import alerts
from strmctl.storage.tables.alerts import Alerts, Sent
from strmctl.storage.tables.counts import newest_event

log = logging.getLogger(__name__)

Sender = Callable[[NotifySettings, str, Sequence[str]], None]

_POLL_SECONDS = 5.0
_TRIED_AGAIN_AFTER = timedelta(minutes=1)
_FULL_AGAIN_AFTER = timedelta(days=1)
_ALL_DEAD = "strmctl list --state dead"


class _Due(Struct, frozen=True):
    """`before` and `known` are what was remembered of its kind until now."""

    message: Message
    before: Sent
    known: frozenset[str]


def alert_people(
    settings: Settings, database: Database, now: datetime, send: Sender = send
) -> list[str]:
    """The titles of what was sent. Raises DatabaseError."""
    sent = []
    for table in settings.people:
        target = Alerts(database, table.name)
        for due in _decide(database, target, now):
            try:
                send(table, due.message.title, due.message.lines)
            except NotSentError as error:
                log.warning("%s: tried again later", error)
                _take_back(target, database, due, now)
            else:
                sent.append(due.message.title)
    return sent


def alert_after(
    settings: Settings, failure: StrmctlError | None, now: datetime, send: Sender = send
) -> list[str]:
    """The same after a run, which may have failed. Raises DatabaseError."""
    is_full = is_disk_full(failure)
    try:
        with Database.open(settings.database, migrate=False, create=False) as database:
            if not is_full or any(it.kind is Kind.DISK for it in conditions(database, now)):
                return alert_people(settings, database, now, send)
    except DatabaseError:
        if not is_full:
            raise
    return _alert_of_full_disk(settings, str(failure), now, send)


def _alert_of_full_disk(settings: Settings, reason: str, now: datetime, send: Sender) -> list[str]:
    """Where the database is on that disk, it cannot remember what people have been sent.

    The age of an empty file beside it does: a name takes no space.
    """
    marker = full_disk_marker(settings.database)
    with suppress(OSError):
        if now.timestamp() - marker.stat().st_mtime < _FULL_AGAIN_AFTER.total_seconds():
            return []
    with suppress(OSError):
        marker.touch()
    return [sent for table in settings.people if (sent := _send_at_once(table, reason, send))]


def _send_at_once(table: NotifySettings, reason: str, send: Sender) -> str | None:
    title = alert.title_of(Kind.DISK)
    try:
        send(table, title, [reason])
    except NotSentError as error:
        log.warning("%s", error)
        return None
    return title


@asynccontextmanager
async def alerting(settings: Settings, database: Database) -> AsyncIterator[None]:
    """Looks every few seconds as long as it is open; does nothing without a table for people."""
    if not settings.people:
        yield
        return
    task = asyncio.create_task(_alert_forever(settings, database), name="alerting")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _alert_forever(settings: Settings, database: Database) -> None:
    while True:
        try:
            await in_thread(alert_people, settings, database, datetime.now(UTC))
        except DatabaseError as error:
            log.warning("people are told later: %s", error)
        await asyncio.sleep(_POLL_SECONDS)


def _decide(database: Database, target: Alerts, now: datetime) -> list[_Due]:
    with database.transaction():
        found = conditions(database, now)
        due = [_due_of(kind, found, target, now) for kind in Kind if kind is not Kind.DEAD]
        due.append(_newly_dead(database, target, now))
    return [each for each in due if each is not None]


def _due_of(kind: Kind, found: Sequence[Condition], target: Alerts, now: datetime) -> _Due | None:
    own = [condition for condition in found if condition.kind is kind]
    known, before = target.known(kind), target.sent(kind)
    message = alert.due(kind, own, known, before.at, now)
    there = {condition.subject for condition in own}
    if message is None:
        # What ended without being worth a message is news when it comes again.
        if not alert.is_too_soon(before.at, now) and known - there:
            target.know(kind, known & there)
        return None
    target.know(kind, there)
    target.remember(kind, Sent(now))
    return _Due(message, before, frozenset(known))


def _newly_dead(database: Database, target: Alerts, now: datetime) -> _Due | None:
    """A target that is new hears of what comes, not of what has been dead for long."""
    before, newest = target.sent(Kind.DEAD), newest_event(database)
    # After an update to a version with alerts, a message of 400 old links helps nobody.
    if before.last_event is None:
        target.remember(Kind.DEAD, Sent(None, newest))
        return None
    # ntfy, Pushover and Telegram limit messages, and so do people.
    if alert.is_too_soon(before.at, now) or newest <= before.last_event:
        return None
    found = alerts.newly_dead(database, before.last_event, now)
    target.remember(Kind.DEAD, Sent(now if found else before.at, newest))
    if not found:
        return None
    lines = digest.lines(digest.grouped(found), _ALL_DEAD)
    return _Due(alert.newly_dead(lines, len(found)), before, frozenset())


def _take_back(target: Alerts, database: Database, due: _Due, now: datetime) -> None:
    soon = now - alert.AT_MOST_EVERY + _TRIED_AGAIN_AFTER
    with database.transaction():
        target.remember(due.message.kind, Sent(soon, due.before.last_event))
        if due.message.kind is not Kind.DEAD:
            target.know(due.message.kind, due.known)
