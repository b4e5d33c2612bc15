"""Checks the upstream URLs of a selection and moves their link states (DESIGN.md section 7).

Nothing is concluded while the egress is down, and no run marks more links dead than the brake
lets it.
"""

from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from strmctl.domain import brake
from strmctl.domain.mapping import LinkState, Mapping
from strmctl.domain.probe_result import Failure
from strmctl.domain.selection import Selection
from strmctl.errors import EgressError, SafetyError
from strmctl.services.resolving.trouble import ResolverTrouble
from strmctl.settings.model import Mode, Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.mappings import Mappings
from strmctl.storage.tables.probe_records import Dying, ProbeQueue, ProbeRecords

if TYPE_CHECKING:
    from strmctl.services.probing.run import ProbeRun
    from strmctl.services.probing.saving import Found
    from strmctl.services.probing.turns import Turns

_PAGE = 500
_OTHER_THREADS = 8


class Outcome(StrEnum):
    PROBED = "probed"
    SKIPPED = "skipped"
    """Nothing was recorded: it has no URL yet, or another one by now."""
    FAILED = "failed"
    """It could not be asked, so its state stays."""


class Probed(Struct, frozen=True):
    """What became of one mapping, which is shown as it was before; saved by now.

    `host` is whom it was asked of, as `host:port`. It `is_unrenewed` where its resolver failed,
    which a ResolverTrouble says for all of its links.
    """

    mapping: Mapping
    outcome: Outcome
    state: LinkState
    status: int | None = None
    reason: str | None = None
    fail_count: int = 0
    next_probe_at: datetime | None = None
    host: str = ""
    is_unrenewed: bool = False


class BrokenHost(Struct, frozen=True):
    """One finding for all the links of a host that gives no answer."""

    host: str
    links: int
    reason: str = "it cannot be reached"


Result = Probed | BrokenHost | ResolverTrouble


def due(settings: Settings, now: datetime) -> Selection:
    """What is probed where nothing is selected."""
    return Selection(stale_before=now - settings.probe.stale_after)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Probe:
    """One run over a selection; `selection.stale_before` stands for everything that is due."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        selection: Selection,
        *,
        deep: bool = False,
        force: bool = False,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._settings = settings
        self._database = database
        self._mappings = Mappings(database)
        self._force = force
        self._now = now
        self._queue = ProbeQueue(database, selection, now())
        self._deep = deep
        self._records = ProbeRecords(database, hold_dead=not force)
        self.has_concluded = False

    @cached_property
    def _turns(self) -> "Turns":
        from strmctl.services.probing.turns import Turns  # Only where something is due.

        return Turns(self._settings.probe.per_host)

    def __len__(self) -> int:
        """How many mappings it will come to."""
        return len(self._queue)

    async def results(self) -> AsyncGenerator[Result, None]:
        """As they are saved; newly dead ones, broken hosts and resolvers in trouble come last.

        Raises EgressError where the egress is down, after taking back everything that was
        recorded, and SafetyError for too many dead links, which stay suspect then. Where one of
        several egresses is down only what leaves by it is taken back, and the error comes last.
        """
        # cron runs this each few minutes: no canary is asked for nothing.
        if not len(self._queue):
            return
        _leave_threads_for_names(self._settings.probe.concurrency)
        try:
            async with self._running() as run, aclosing(run.results(iter(self._queue))) as found:
                async for each in found:
                    if not self._is_held(each):
                        yield _probed(each)
                troubles, lost = run.troubles.found(), run.lost
        # gluetun's tunnel may fall in mid-run: what was found since says nothing about links.
        except EgressError:
            self._records.take_back()
            raise
        # One line for a host, not one for each of its thousand links.
        for host in self._turns.hosts():
            if host.pace.is_broken and host.failures and not run.is_lost(host.failed_for):
                yield BrokenHost(host.name, host.failures)
        for trouble in troubles:
            yield trouble
        refused = self._refused_by_brake()
        state = LinkState.SUSPECT if refused else LinkState.DEAD
        # Dead ones wait for the brake: until then they are only suspect.
        self._records.settle(state, self._now())
        for held in self._dying(state):
            yield held
        self.has_concluded = True
        if refused:
            raise refused
        if lost is not None:
            raise lost

    @asynccontextmanager
    async def _running(self) -> AsyncGenerator["ProbeRun", None]:
        # cron's usual run finds nothing due, and what asks upstreams is most of what there is to
        # import: aiohttp alone costs more than all the rest of that run.
        from strmctl.domain.link_state import Rules
        from strmctl.services.checking.check import LinkCheck
        from strmctl.services.library.direct_files import direct_files
        from strmctl.services.probing.judging import Plan
        from strmctl.services.probing.run import ProbeRun
        from strmctl.services.probing.ways_out import WaysOut
        from strmctl.services.resolving.opening import resolving
        from strmctl.upstream.client import UpstreamClient
        from strmctl.upstream.guard import guard

        settings, probe = self._settings, self._settings.probe
        rules = Rules(probe.attempts, probe.window)
        plan = Plan(probe.concurrency, rules, self._deep, now=self._now)
        client = UpstreamClient(settings.upstream, guard(settings))
        check = LinkCheck(
            client,
            timeout=probe.timeout,
            playlist_max=settings.upstream.playlist_max,
            guarded=settings.proxy.mode is Mode.PROXY,
        )
        files = direct_files(settings, self._mappings)
        try:
            async with resolving(settings, self._mappings, now=self._now) as service:
                ways_out = WaysOut(
                    client, check, probe.canaries, self._turns.place, service.egresses()
                )
                await ways_out.begin()
                yield ProbeRun(plan, self._turns, check, service, files, ways_out, self._records)
        finally:
            await client.aclose()

    def _is_held(self, found: "Found") -> bool:
        judged = found.judged
        is_newly_dead = judged is not None and judged.is_newly_dead
        return is_newly_dead and not self._force and not found.is_outdated

    def _refused_by_brake(self) -> SafetyError | None:
        total = self._mappings.count(Selection())
        share = self._settings.safety.max_change
        try:
            brake.check(
                self._records.dying(),
                total,
                share,
                "links would be marked dead",
                groups=self._records.dying_by_group(),
                advice="play one of them, ask for one with `strmctl trace`",
            )
        except SafetyError as error:
            return error
        return None

    def _dying(self, state: LinkState) -> Iterator[Probed]:
        last = 0
        while page := self._records.page_of_dying(last, _PAGE):
            last = page[-1].mapping_id
            by_id = {each.mapping_id: each for each in page}
            for mapping in self._mappings.select(Selection(ids=tuple(by_id))):
                yield _settled(mapping, by_id[mapping.id], state)


def _probed(found: "Found") -> Probed:
    mapping, judged, result = found.mapping, found.judged, found.result
    if judged is None or found.is_outdated:
        reason = "its URL was renewed meanwhile" if found.is_outdated else result.reason
        return Probed(mapping, Outcome.SKIPPED, mapping.state, None, reason, mapping.fail_count)
    verdict = judged.verdict
    return Probed(
        mapping,
        Outcome.FAILED if result.failure is Failure.NOT_CHECKED else Outcome.PROBED,
        verdict.state,
        judged.status,
        verdict.reason,
        verdict.fail_count,
        verdict.next_probe_at,
        judged.host,
        found.is_unrenewed,
    )


def _settled(mapping: Mapping, dying: Dying, state: LinkState) -> Probed:
    """`mapping` is read after the run here, so its state was another one before."""
    return Probed(
        structs.replace(mapping, state=dying.previous),
        Outcome.PROBED,
        state,
        dying.status,
        dying.reason,
        mapping.fail_count,
        mapping.next_probe_at,
        dying.host,
    )


def _leave_threads_for_names(concurrency: int) -> None:
    """The system looks names up in threads, and dead ones take long: nothing else waits for it."""
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    # getaddrinfo(3) blocks up to 30 s for a name whose DNS is dead.
    threads = ThreadPoolExecutor(concurrency + _OTHER_THREADS)
    asyncio.get_running_loop().set_default_executor(threads)
