"""Mappings are resolved again one by one, politely: a failure of one never stops the others.

What a resolver answers has to play before it replaces what was there.
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
"""What expires within that is replaced anyway."""

_FAILING = (LinkState.SUSPECT, LinkState.DEAD, LinkState.BLOCKED)


class Outcome(StrEnum):
    REFRESHED = "refreshed"
    UNCHANGED = "unchanged"
    FAILED = "failed"


class Refreshed(Struct, frozen=True):
    """What became of one mapping; `reason` says why it failed, `resolution` is what it has now.

    `is_unrenewed` says that its resolver failed: one ResolverTrouble reports that for all of its
    links. `incomplete` says which of its sidecars could not be had.
    """

    mapping: Mapping
    outcome: Outcome
    resolution: Resolution | None = None
    reason: str | None = None
    is_unrenewed: bool = False
    incomplete: str | None = None


def runs_as_a_play(settings: Settings, selection: Selection, *, sidecars: bool = False) -> bool:
    """Whether it needs no lock: a few links, renewed beside other runs as playing them would be.

    In mode direct it rewrites files, which must not meet another run. With `sidecars` it writes a
    journal, which another run could forget.
    """
    return selection.is_a_few_ids and settings.proxy.mode is not Mode.DIRECT and not sidecars


class Planned(Struct, frozen=True):
    """What a refresh would ask for. Whether the answers play shows only when they are asked for,
    so each counts as refreshed."""

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
    """Raises SafetyError if too many links would be replaced though they seem to work."""
    soon = datetime.now(UTC) + _SOON
    # cron's `refresh --expiring 2h` replaces many links, but each of them would die anyway.
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
    """Yields each mapping once it is done and stored, in no particular order, and at the end the
    resolvers in trouble. What is under way when the caller stops is given up.

    In mode direct the `.strm` is rewritten too, unless it holds something else. With `force` and
    a few ids, content of another length than before is taken, and its length remembered. `undo`
    takes back the files of `sidecars`, not the links.

    Raises what concerns every mapping: SettingsError, DatabaseError, ItemError where there is no
    library, EgressError where new links cannot be checked, and, unless `force`d, SafetyError
    where too many links would be replaced though they seem to work.
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
    """A few in their own order, many in a random one: neighbours may be alike.

    In its own order a resolver that fails for one series, or one provider, would be given up in
    each run before other series had their turn.
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
    """A resolver is asked a few things at once, and nothing before the time that it named."""

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
    """`files` is None except in mode direct, `lengths` unless content of any length is taken,
    `beside` without sidecars."""

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
        """Asks once more if the resolver names a time, but never one that has been given up."""
        site = mapping.identity.site
        name = self._service.resolver_name(site) or site
        later, other = (Patience(it, time.monotonic()) for it in (RESOLVER_LATER, OTHER_ANSWER))

        def wait(failure: StrmctlError) -> float | None:
            if not isinstance(failure, ResolverError) or failure.is_answer:
                return None
            if self.troubles.is_given_up(name) or asks_for_patience(failure) is None:
                return None
            # No longer than its turn says: that makes everybody wait who asks this resolver next.
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
            except ItemError:  # It has answered, though with what does not play.
                self.troubles.answered(name)
                raise
            self.troubles.answered(name)
            return resolution

    def _take_failure(self, name: str, error: ResolverError) -> None:
        if error.is_answer:
            self.troubles.answered(name)
            return
        wait = asks_for_patience(error)
        # A resolver that says "in an hour" rests for this run: the next run comes soon enough.
        is_much_later = error.http_status == 503 and error.retry_after is not None and wait is None
        self.troubles.failed(name, error, rests=is_much_later)
        self._turns[name].put_off(wait or 0.0)

    async def _renew(self, mapping: Mapping, trial: LinkTrial, other: Patience) -> Resolution:
        """Asks a few times while answers do not play: the resolver may have others."""
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
    """Write the known link into the file, in case there is no newer one."""
    files.check_followable(mapping)
    if mapping.resolution is not None:
        files.catch_up(mapping, mapping.resolution)
