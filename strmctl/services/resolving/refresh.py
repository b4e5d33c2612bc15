"""Resolve mappings again, politely and each for itself: one failure never stops the rest.

What a resolver answers is seen to play before it replaces what was there.
"""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from itertools import islice

from msgspec import Struct, field, structs

from strmctl.domain import brake
from strmctl.domain.mapping import LinkState, Mapping, Resolution
from strmctl.domain.patience.patience import OTHER_ANSWER, RESOLVER_LATER, Patience
from strmctl.domain.selection import Selection
from strmctl.errors import ItemError, ResolverError, SafetyError, StrmctlError
from strmctl.resolvers.contract import Reason, answers_for, no_resolver
from strmctl.services.checking.check import LinkCheck
from strmctl.services.library.direct_files import DirectFiles, direct_files
from strmctl.services.library.sidecars import Beside, Item
from strmctl.services.library.undoable_run import UndoableRun
from strmctl.services.patiently import patiently
from strmctl.services.resolving.opening import resolving
from strmctl.services.resolving.resolve import Resolving
from strmctl.services.resolving.trial import LinkTrial, Trials
from strmctl.services.resolving.trouble import ResolverTrouble, Troubles, asks_for_patience
from strmctl.settings.model import Mode, Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.mappings import Mappings
from strmctl.storage.tables.tallies import Extents
from strmctl.upstream.client import UpstreamClient
from strmctl.upstream.guard import guard

_AT_ONCE = 8
_AT_ONCE_FOR_ONE = 4
_READ_AHEAD = 1000
_SOON = timedelta(days=1)
"""What ends within that is replaced anyway."""

_FAILING = (LinkState.SUSPECT, LinkState.DEAD, LinkState.BLOCKED)


class Outcome(StrEnum):
    REFRESHED = "refreshed"
    UNCHANGED = "unchanged"
    FAILED = "failed"


class Refreshed(Struct, frozen=True):
    """What became of one mapping; `reason` says why it failed, `resolution` is what it has now.

    It `is_unrenewed` where its resolver failed, which a ResolverTrouble says for all of its links;
    `incomplete` says which of its sidecars could not be had.
    """

    mapping: Mapping
    outcome: Outcome
    resolution: Resolution | None = None
    reason: str | None = None
    is_unrenewed: bool = False
    incomplete: str | None = None


def runs_as_a_play(settings: Settings, selection: Selection, *, sidecars: bool = False) -> bool:
    """Whether it needs no lock: a few links, renewed as playing them would, beside other runs.

    In mode direct a file is rewritten, which no other run may meet; so are `sidecars`, whose
    journal another run could forget.
    """
    return selection.is_a_few_ids and settings.proxy.mode is not Mode.DIRECT and not sidecars


class Planned(Struct, frozen=True):
    """What a refresh would ask for, as if all would play that a resolver answers for: only asking
    tells which does."""

    links: Iterable[Refreshed]
    needs_force: bool


def rehearse(settings: Settings, database: Database, selection: Selection) -> Planned:
    try:
        _check_brake(settings, database, selection)
        needs_force = False
    except SafetyError:
        needs_force = True
    planned = (_planned(settings, it) for it in Mappings(database).select(selection))
    return Planned(planned, needs_force)


def _planned(settings: Settings, mapping: Mapping) -> Refreshed:
    site = mapping.identity.site
    if answers_for(settings.resolvers, site):
        return Refreshed(mapping, Outcome.REFRESHED, mapping.resolution)
    return Refreshed(mapping, Outcome.FAILED, mapping.resolution, no_resolver(site))


def _check_brake(settings: Settings, database: Database, selection: Selection) -> None:
    """Raises SafetyError where too many links would be replaced that nothing is known against."""
    soon = datetime.now(UTC) + _SOON
    # cron's `refresh --expiring 2h` replaces much, and every one of it would die anyway.
    if selection.expiring_before is not None and selection.expiring_before <= soon:
        return
    mappings = Mappings(database)
    working = mappings.count_working(selection, datetime.now(UTC))
    total = mappings.count(Selection())
    brake.check(
        working,
        total,
        settings.safety.max_change,
        "working links would be replaced",
        advice="select fewer (--state, --expiring 2h, --series)",
    )


async def refresh(
    settings: Settings,
    database: Database,
    selection: Selection,
    *,
    force: bool = False,
    sidecars: bool = False,
) -> AsyncGenerator[Refreshed | ResolverTrouble, None]:
    """Each as it is done and stored, in no particular order, resolvers in trouble last; what is
    under way when the caller stops is given up.

    In direct mode the `.strm` is rewritten as well unless it holds something else. Raises
    what concerns every mapping: SettingsError, DatabaseError, ItemError where there is no library,
    EgressError where new links cannot be checked; SafetyError, unless `force`d, where too many
    links would be replaced that nothing is known against. Of a few ids that are `force`d, content
    of another length than was known is taken, and its length is known from then on. `undo` takes
    back the files of `sidecars`, not the links.
    """
    if not force:
        _check_brake(settings, database, selection)
    mappings = Mappings(database)
    files = direct_files(settings, mappings)
    if files is not None:
        files.check_there()
    async with resolving(settings, mappings) as service, _trials(settings) as trials:
        lengths = Extents(database) if force and selection.is_a_few_ids else None
        journal = UndoableRun(database, "refresh")
        beside = Beside(settings, journal.beside) if sidecars else None
        refresher = _Refresher(service, trials, files, lengths, beside)
        async with aclosing(_some_at_once(refresher, mappings.select(selection))) as results:
            async for done in results:
                yield done
        journal.finish()
        for trouble in refresher.troubles.found():
            yield trouble


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
    waiting = _mixed(mappings)
    tasks: set[asyncio.Task[Refreshed]] = set()
    ended: set[asyncio.Task[Refreshed]] = set()
    try:
        while True:
            while len(tasks) < _AT_ONCE and (mapping := next(waiting, None)) is not None:
                tasks.add(asyncio.create_task(refresher.refresh(mapping)))
            if not tasks:
                return
            done, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            ended |= done
            for task in done:
                yield task.result()
            ended.clear()
    finally:
        for task in tasks:
            task.cancel()
        # Several may have failed at once, of a full disk say: asyncio would print the others.
        await asyncio.gather(*tasks, *ended, return_exceptions=True)


def _mixed(mappings: Iterable[Mapping]) -> Iterator[Mapping]:
    """Few as they come, many in any order: those next to each other may be alike.

    A resolver that fails for one series, or one provider, would be given up at each run before
    the others had their turn.
    """
    rows = iter(mappings)
    read = list(islice(rows, _READ_AHEAD))
    while len(read) > _AT_ONCE:
        place = random.randrange(len(read))
        read[place], read[-1] = read[-1], read[place]
        yield read.pop()
        read.extend(islice(rows, 1))
    yield from read


class _Turn(Struct):
    """A resolver is asked a few things at once, and nothing before the time it named."""

    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE_FOR_ONE))
    not_before: float = 0.0

    # RFC 9110 section 10.2.3: not before the time that was named.
    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        async with self.places:
            while (wait := self.not_before - time.monotonic()) > 0:
                await asyncio.sleep(wait)
            yield

    def put_off(self, seconds: float) -> None:
        self.not_before = max(self.not_before, time.monotonic() + seconds)


class _Refresher:
    """`files` are there in direct mode only, `lengths` where other ones are to be taken, `beside`
    where sidecars are asked for."""

    def __init__(
        self,
        service: Resolving,
        trials: Trials,
        files: DirectFiles | None,
        lengths: Extents | None = None,
        beside: Beside | None = None,
    ) -> None:
        self._service = service
        self._trials = trials
        self._files = files
        self._lengths = lengths
        self._beside = beside
        self._turns: defaultdict[str, _Turn] = defaultdict(_Turn)
        self.troubles = Troubles()

    async def refresh(self, mapping: Mapping) -> Refreshed:
        egress, any_length = self._service.egress(mapping.identity.site), self._lengths is not None
        trial = self._trials.of(mapping, egress, any_length=any_length)
        try:
            resolution = await self._resolve_and_write(mapping, trial)
        except ItemError as error:
            reason = trial.reason or str(error)
            is_trouble = isinstance(error, ResolverError) and not error.is_answer
            return Refreshed(mapping, Outcome.FAILED, mapping.resolution, reason, is_trouble)
        same = mapping.resolution is not None and mapping.resolution.url == resolution.url
        outcome = Outcome.UNCHANGED if same else Outcome.REFRESHED
        done = Refreshed(mapping, outcome, resolution)
        if self._beside is None:
            return done
        [trouble] = await self._beside.write([Item(mapping, resolution, egress)])
        return structs.replace(done, incomplete=None if trouble is None else str(trouble))

    async def _resolve_and_write(self, mapping: Mapping, trial: LinkTrial) -> Resolution:
        if self._files is not None:
            # fsync on a NAS may take seconds; the other links go on meanwhile.
            await asyncio.to_thread(_prepare, self._files, mapping)
        resolution = await self._resolve(mapping, trial)
        if self._lengths is not None and trial.extent is not None:
            await asyncio.to_thread(self._lengths.keep, [(mapping.identity, trial.extent)])
        if self._files is not None:
            await asyncio.to_thread(self._files.rewrite, mapping, resolution)
        return resolution

    async def _resolve(self, mapping: Mapping, trial: LinkTrial) -> Resolution:
        """Asks again, once, where the resolver says when; not at all once it is given up."""
        site = mapping.identity.site
        name = self._service.resolver_name(site) or site
        later, other = (Patience(it, time.monotonic()) for it in (RESOLVER_LATER, OTHER_ANSWER))

        def wait(failure: StrmctlError) -> float | None:
            if not isinstance(failure, ResolverError) or failure.is_answer:
                return None
            if self.troubles.is_given_up(name) or asks_for_patience(failure) is None:
                return None
            # Until when its turn knows: whoever asks this resolver next waits as well.
            return later.wait(time.monotonic())

        try:
            return await patiently(partial(self._ask_in_turn, name, mapping, trial, other), wait)
        except ResolverError as error:
            if not error.is_answer:
                self.troubles.leave_link(name)
            raise

    async def _ask_in_turn(
        self, name: str, mapping: Mapping, trial: LinkTrial, other: Patience
    ) -> Resolution:
        async with self._turns[name].taken():
            if self.troubles.is_given_up(name):
                raise self.troubles.first(name)
            try:
                resolution = await self._renew(mapping, trial, other)
            except ResolverError as error:
                self._take_failure(name, error)
                raise
            except ItemError:  # It has answered; what it said does not play.
                self.troubles.answered(name)
                raise
            self.troubles.answered(name)
            return resolution

    def _take_failure(self, name: str, error: ResolverError) -> None:
        if error.is_answer:
            self.troubles.answered(name)
            return
        wait = asks_for_patience(error)
        # What says "in an hour" is left alone for this run: the next one comes soon enough.
        is_much_later = error.http_status == 503 and error.retry_after is not None and wait is None
        self.troubles.failed(name, error, rests=is_much_later)
        self._turns[name].put_off(wait or 0.0)

    async def _renew(self, mapping: Mapping, trial: LinkTrial, other: Patience) -> Resolution:
        """Asks again, a few times, where the answer does not play: there may be another one."""
        failed = mapping.resolution if mapping.state in _FAILING else None
        refused = len(trial.refused)

        def wait(failure: StrmctlError) -> float | None:
            nonlocal refused
            before, refused = refused, len(trial.refused)
            is_refusal = isinstance(failure, ItemError) and refused > before
            return other.wait(time.monotonic()) if is_refusal else None

        renew = partial(self._service.renew, mapping.identity, Reason.REFRESH)
        return await patiently(partial(renew, failed=failed, trial=trial), wait)


def _prepare(files: DirectFiles, mapping: Mapping) -> None:
    """What is known is in the file, even if nothing newer is to be had."""
    files.check_followable(mapping)
    if mapping.resolution is not None:
        files.catch_up(mapping, mapping.resolution)
