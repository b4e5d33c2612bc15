"""Counts in memory, saved to the database a moment later: nothing waits for it.

Every process that resolves or plays has one; what it has counted is in the database when it ends.
"""

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from strmctl.domain import tally
from strmctl.domain.identity import Identity
from strmctl.domain.media.extent import Extent
from strmctl.domain.resolver_health import ResolverHealth, after_an_answer, followed_by
from strmctl.domain.tally import Counted, Key
from strmctl.errors import DatabaseError
from strmctl.services.observer import Observer
from strmctl.services.threads import in_thread
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.resolver_health import ResolverHealthTable
from strmctl.storage.tables.tallies import Extents, Heal, Play, Tallies

log = logging.getLogger(__name__)

_SAVE_SECONDS = 1.0
_READ_SECONDS = 0.5
_MOST_KEPT = 10_000
"""Heals and plays that wait for a database which cannot be written."""


class Tally(Observer):
    """Threads may count and save at once."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._counts: Counter[Key] = Counter()
        self._heals: list[Heal] = []
        self._plays: dict[tuple[Identity, str], Play] = {}
        self._extents: dict[Identity, Extent] = {}
        self._health: dict[str, ResolverHealth] = {}
        self._read: dict[Key, int] = {}
        self._since: Counter[Key] = Counter()
        self._counting = threading.Lock()
        self._saving = threading.Lock()

    def count(self, name: Counted, label: str = "", number: int = 1) -> None:
        with self._counting:
            self._counts[name, label] += number
            self._since[name, label] += number

    def resolver_answered(self, seconds: float, http_status: int) -> None:
        self.count(Counted.RESOLVES, tally.of_resolve(http_status))

    def resolver_said(self, resolver: str, trouble: str | None) -> None:
        now = self._now()
        with self._counting:
            before = self._health.get(resolver) or ResolverHealth(resolver)
            self._health[resolver] = after_an_answer(before, trouble, now)

    def address_changed(self) -> None:
        self.count(Counted.ADDRESS_CHANGES)

    def healed(self, identity: Identity, url: str = "", *, well: bool, reason: str = "") -> None:
        with self._counting:
            heal = Heal(identity, self._now(), well, url, reason)
            self._since[Counted.HEALS, _label(heal)] += 1
            if len(self._heals) < _MOST_KEPT:
                self._heals.append(heal)

    def resumed(self, *, well: bool) -> None:
        self.count(Counted.RESUMES, "resumed" if well else "failed")

    def played(self, identity: Identity, url: str) -> None:
        now = self._now()
        with self._counting:
            before = self._plays.get((identity, url))
            if before is not None:
                before.last_at = now
            elif len(self._plays) < _MOST_KEPT:
                self._plays[identity, url] = Play(identity, url, now, now)

    def measured(self, identity: Identity, extent: Extent) -> None:
        with self._counting:
            if len(self._extents) < _MOST_KEPT:
                self._extents[identity] = extent

    def save(self, database: Database) -> None:
        """Raises DatabaseError; what could not be saved waits for the next time.

        Does nothing while another thread saves: that one may wait for the database for long.
        """
        if not self._saving.acquire(blocking=False):
            return
        try:
            self._save(database)
        finally:
            self._saving.release()

    def read(self, database: Database) -> None:
        """What all processes have counted; what was read before stands while this one's own
        numbers are on their way into the database. Raises DatabaseError."""
        if not self._saving.acquire(timeout=_READ_SECONDS):
            return
        try:
            found = Tallies(database).read()
            with self._counting:
                self._read, self._since = found, Counter(self._counts)
                self._since.update((Counted.HEALS, _label(heal)) for heal in self._heals)
        finally:
            self._saving.release()

    def totals(self) -> dict[Key, int]:
        """As they were read last, and what has been counted here since."""
        with self._counting:
            return dict(Counter(self._read) + self._since)

    def _save(self, database: Database) -> None:
        with self._counting:
            counts, self._counts = self._counts, Counter()
            heals, self._heals = self._heals, []
            plays, self._plays = self._plays, {}
            health, self._health = self._health, {}
            extents, self._extents = self._extents, {}
        if not (counts or heals or plays or health or extents):
            return
        try:
            with database.transaction():
                Tallies(database).add(counts, heals, plays.values())
                ResolverHealthTable(database).add(health.values())
                Extents(database).keep(extents.items())
        except DatabaseError:
            with self._counting:
                self._counts.update(counts)
                self._heals[:0] = heals
                self._plays = {**plays, **self._plays}
                self._extents = {**extents, **self._extents}
                for name, news in health.items():
                    self._health[name] = followed_by(news, self._health.get(name))
            raise


def _label(heal: Heal) -> str:
    return "healed" if heal.well else "failed"


@asynccontextmanager
async def saving(
    counted: Tally, database: Database, *, level: int = logging.WARNING
) -> AsyncIterator[None]:
    """Saves every second as long as it is open, and in the end; what it cannot save is logged at
    this `level`."""
    task = asyncio.create_task(_save_forever(counted, database, level), name="tally")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await _save(counted, database, level)


@asynccontextmanager
async def kept(
    counted: Tally, file: Path, begin: Callable[[Database], None]
) -> AsyncIterator[None]:
    """As `saving`, on a connection of its own, which `begin` is given first."""
    with await in_thread(Database.open, file) as database:
        await in_thread(begin, database)
        async with saving(counted, database):
            yield


async def _save_forever(counted: Tally, database: Database, level: int) -> None:
    is_saved = True
    while True:
        await asyncio.sleep(_SAVE_SECONDS)
        # A disk that is full for a day is one line in the log, not 86,400.
        is_saved = await _save(counted, database, level if is_saved else logging.DEBUG)


async def _save(counted: Tally, database: Database, level: int) -> bool:
    try:
        await in_thread(counted.save, database)
    except DatabaseError as error:
        log.log(level, "counts are not saved yet: %s", error)
        return False
    return True
