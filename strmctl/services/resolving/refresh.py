"""Resolve mappings again, politely and each for itself: one failure never stops the rest.

What a resolver answers is seen to play before it replaces what was there.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from strmctl.domain import brake
from strmctl.domain.mapping import LinkState, Mapping, Resolution
from strmctl.domain.selection import Selection
from strmctl.errors import ItemError, ResolverError
from strmctl.resolvers.contract import Reason
from strmctl.services.checking.check import LinkCheck
from strmctl.services.library.direct_files import DirectFiles, direct_files
from strmctl.services.resolving.resolve import Resolving, resolving
from strmctl.services.resolving.trial import LinkTrial, Trials
from strmctl.settings.model import Mode, Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.mappings import Mappings
from strmctl.upstream.client import UpstreamClient
from strmctl.upstream.guard import guard

_AT_ONCE = 8
_AT_ONCE_FOR_A_SITE = 4
_LONGEST_WAIT = 60.0
_ANSWERS = 3
"""That a resolver may give for a mapping in one run, of which the last ones avoid the others."""

_SOON = timedelta(days=1)
"""What ends within that is replaced anyway."""

_FAILING = (LinkState.SUSPECT, LinkState.DEAD, LinkState.BLOCKED)


class Outcome(StrEnum):
    REFRESHED = "refreshed"
    UNCHANGED = "unchanged"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What became of one mapping; `reason` says why it failed, `resolution` is what it has now."""

    mapping: Mapping
    outcome: Outcome
    resolution: Resolution | None = None
    reason: str | None = None


def check_brake(settings: Settings, database: Database, selection: Selection) -> None:
    """Raises SafetyError where too many links would be replaced that nothing is known against."""
    soon = datetime.now(UTC) + _SOON
    if selection.expiring_before is not None and selection.expiring_before <= soon:
        return
    mappings = Mappings(database)
    working = mappings.count_working(selection, datetime.now(UTC))
    total = mappings.count(Selection())
    brake.check(working, total, settings.safety.max_change, "working links would be replaced")


async def refresh(
    settings: Settings, database: Database, selection: Selection
) -> AsyncGenerator[Refreshed, None]:
    """Each as it is done and stored, in no particular order; what is under way when the caller
    stops is given up.

    In direct mode the `.strm` is rewritten as well unless it holds something else. Raises
    what concerns every mapping: SettingsError, DatabaseError, ItemError where there is no library,
    EgressError where new links cannot be checked.
    """
    mappings = Mappings(database)
    files = direct_files(settings, mappings)
    if files is not None:
        files.check_there()
    async with resolving(settings, mappings) as service, _trials(settings) as trials:
        refresher = _Refresher(service, trials, files)
        async with aclosing(_some_at_once(refresher, mappings.select(selection))) as results:
            async for done in results:
                yield done


@asynccontextmanager
async def _trials(settings: Settings) -> AsyncIterator[Trials]:
    client = UpstreamClient(settings.upstream, guard(settings))
    guarded = settings.proxy.mode is Mode.PROXY
    check = LinkCheck(client, timeout=settings.probe.timeout, guarded=guarded)
    try:
        yield Trials(check, per_host=settings.probe.per_host, guarded=guarded)
    finally:
        await client.aclose()


async def _some_at_once(
    refresher: "_Refresher", mappings: Iterable[Mapping]
) -> AsyncGenerator[Refreshed, None]:
    waiting = iter(mappings)
    tasks: set[asyncio.Task[Refreshed]] = set()
    try:
        while True:
            while len(tasks) < _AT_ONCE and (mapping := next(waiting, None)) is not None:
                tasks.add(asyncio.create_task(refresher.refresh(mapping)))
            if not tasks:
                return
            done, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                yield task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@dataclass(slots=True)
class _Turn:
    """A site's resolver is asked a few things at once, and nothing before the time it named."""

    places: asyncio.Semaphore = field(
        default_factory=lambda: asyncio.Semaphore(_AT_ONCE_FOR_A_SITE)
    )
    not_before: float = 0.0

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        async with self.places:
            while (wait := self.not_before - time.monotonic()) > 0:
                if wait > _LONGEST_WAIT:
                    raise ResolverError(f"its resolver asked to come back in {wait:.0f} s")
                await asyncio.sleep(wait)
            yield

    def put_off(self, seconds: float) -> None:
        self.not_before = max(self.not_before, time.monotonic() + seconds)


class _Refresher:
    """`files` are there in direct mode only."""

    def __init__(self, service: Resolving, trials: Trials, files: DirectFiles | None) -> None:
        self._service = service
        self._trials = trials
        self._files = files
        self._turns: defaultdict[str, _Turn] = defaultdict(_Turn)

    async def refresh(self, mapping: Mapping) -> Refreshed:
        trial = self._trials.of(mapping, self._service.egress(mapping.identity.site))
        try:
            if self._files is not None:
                await asyncio.to_thread(_prepare, self._files, mapping)
            resolution = await self._resolve(mapping, trial)
            if self._files is not None:
                await asyncio.to_thread(self._files.rewrite, mapping, resolution)
        except ItemError as error:
            reason = trial.reason or str(error)
            return Refreshed(mapping, Outcome.FAILED, mapping.resolution, reason)
        same = mapping.resolution is not None and mapping.resolution.url == resolution.url
        outcome = Outcome.UNCHANGED if same else Outcome.REFRESHED
        return Refreshed(mapping, outcome, resolution)

    async def _resolve(self, mapping: Mapping, trial: LinkTrial) -> Resolution:
        """Asks again, once, where the resolver says when."""
        turn = self._turns[mapping.identity.site]
        try:
            async with turn.taken():
                return await self._renew(mapping, trial)
        except ResolverError as error:
            if error.http_status != 503 or error.retry_after is None:
                raise
            turn.put_off(error.retry_after)
        async with turn.taken():
            return await self._renew(mapping, trial)

    async def _renew(self, mapping: Mapping, trial: LinkTrial) -> Resolution:
        """Asks again, a few times, where the answer does not play: there may be another one."""
        failed = mapping.resolution if mapping.state in _FAILING else None
        while True:
            refused = len(trial.refused)
            try:
                return await self._service.renew(
                    mapping.identity, Reason.REFRESH, failed=failed, trial=trial
                )
            except ItemError:
                if not refused < len(trial.refused) < _ANSWERS:
                    raise


def _prepare(files: DirectFiles, mapping: Mapping) -> None:
    """What is known is in the file, even if nothing newer is to be had."""
    files.check_own(mapping)
    if mapping.resolution is not None:
        files.catch_up(mapping, mapping.resolution)
