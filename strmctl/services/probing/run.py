"""A run asks what is due, politely and many at once, and saves results in batches as they come.

A failure that may pass is asked about again in the same run. A host that is broken, or wants to be
left alone, is not asked for its other links: they are judged with it. Expired links are resolved
again, and the new URL is judged. Nothing is saved before the egress is known to work.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Iterator
from contextlib import suppress
from itertools import islice

from msgspec import structs

from strmctl.domain.link_state import Verdict
from strmctl.domain.mapping import Mapping, Resolution
from strmctl.domain.probe_result import Failure, ProbeResult
from strmctl.errors import EgressError, ItemError, ResolverError
from strmctl.resolvers.contract import Reason
from strmctl.services.checking.check import LinkCheck
from strmctl.services.library.direct_files import DirectFiles
from strmctl.services.probing.judging import Plan, is_asked_again, verdict_on, wants_renewal
from strmctl.services.probing.saving import Found, Saving
from strmctl.services.probing.turns import Host, Question, Turns
from strmctl.services.probing.ways_out import WaysOut
from strmctl.services.resolving.resolve import Resolving
from strmctl.services.resolving.trouble import Troubles, asks_for_patience
from strmctl.storage.tables.probe_records import Judged, ProbeRecords

_WAITING = 10_000  # Questions in memory: a slow host at the front holds up no other.
_READ_AT_ONCE = 200  # Mappings, between two answers.
_RETRY_SECONDS = 0.5  # Before the second try of a link; twice that before the third.


class ProbeRun:
    def __init__(
        self,
        plan: Plan,
        turns: Turns,
        check: LinkCheck,
        resolving: Resolving,
        files: DirectFiles | None,
        ways_out: WaysOut,
        records: ProbeRecords,
    ) -> None:
        self._plan = plan
        self._turns = turns
        self._check = check
        self._resolving = resolving
        self._files = files
        self._ways_out = ways_out
        self.troubles = Troubles()
        self._workers: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()
        self._failure: BaseException | None = None
        self._is_vouching = False
        self._records = records
        self._saving = Saving(records, self._vouch, self.is_lost, plan.monotonic)

    async def results(self, mappings: Iterator[Mapping]) -> AsyncGenerator[Found, None]:
        """Yields each once it is saved. Raises EgressError when nothing can be concluded.

        If one of several egresses is lost, nothing stays recorded of the links that leave by it.
        """
        try:
            while self._begin(mappings) or self._look_again():
                await self._next()
                for found in await self._saving.saved():
                    yield found
            while not self._saving.is_empty:
                for found in await self._saving.saved(wait=True):
                    yield found
        finally:
            await self._saving.end()
            if self._ways_out.lost:
                self._records.take_back(self.is_lost)
            for worker in self._workers:
                worker.cancel()
            await asyncio.gather(*self._workers, return_exceptions=True)

    @property
    def lost(self) -> EgressError | None:
        """What is wrong with each egress that was lost beside others."""
        errors = "; ".join(dict.fromkeys(map(str, self._ways_out.lost.values())))
        beside = "what leaves by another egress was probed"
        return EgressError(f"{errors} ({beside})") if errors else None

    def _begin(self, mappings: Iterator[Mapping]) -> bool:
        """Start what may be started; False when everything is done.

        No more is read than there is room for, so that the first requests do not wait for rows.
        """
        if self._failure is not None:
            raise self._failure
        self._start_workers()
        while self._turns.waiting < (_WAITING if self._has_room else _READ_AT_ONCE):
            read = [self._question(each) for each in islice(mappings, _READ_AT_ONCE)]
            for question in read:
                self._add(question)
            if self._start_workers() or not read:
                break
        return bool(self._workers) or self._turns.waiting > 0

    def _look_again(self) -> bool:
        for resolver in self._turns.reopen():
            self.troubles.look_again(resolver)
        return self._start_workers() or self._turns.waiting > 0

    @property
    def _has_room(self) -> bool:
        return len(self._workers) < self._plan.concurrency

    def _start_workers(self) -> bool:
        before = len(self._workers)
        while self._has_room and (question := self._next_question()) is not None:
            worker = asyncio.create_task(self._work(question))
            self._workers.add(worker)
            worker.add_done_callback(self._end_worker)
        return len(self._workers) > before

    def _end_worker(self, worker: asyncio.Task[None]) -> None:
        self._workers.discard(worker)
        if not worker.cancelled():
            failure = worker.exception()  # Taken each time, or asyncio logs that nobody did.
            self._failure = self._failure or failure
        self._news.set()

    def _next_question(self) -> Question | None:
        return None if self._is_vouching else self._turns.take(self._plan.monotonic())

    async def _next(self) -> None:
        """Wait until something has ended, may be asked, or has to be saved."""
        times = [at for at in (self._turns.next_at(), self._saving.due_at) if at is not None]
        patience = max(min(times) - self._plan.monotonic(), 0.0) if times else None
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._news.wait()
        self._news.clear()

    async def _work(self, first: Question) -> None:
        """One question after another: none waits for what others are in the middle of."""
        question: Question | None = first
        while question is not None:
            if self.is_lost(question.mapping.identity.site):
                self._turns.done(question.turn)
            elif question.resolution is None:
                self._take_resolution(question, await self._resolve(question))
            elif (result := await self._ask(question, question.resolution)) is not None:
                self._take_answer(question, result)
            else:
                self._turns.done(question.turn)
            self._news.set()
            question = self._next_question()

    def is_lost(self, site: str) -> bool:
        return self._resolving.egress(site) in self._ways_out.lost

    async def _ask(self, question: Question, resolution: Resolution) -> ProbeResult | None:
        """None where the egress is lost."""
        try:
            await self._put_in_file(question.mapping, resolution)
        except ItemError as error:
            return ProbeResult(None, Failure.NOT_CHECKED, str(error))
        asked_at = self._plan.monotonic()
        egress = self._resolving.egress(question.mapping.identity.site)
        known = question.mapping.extent
        try:
            result = await self._check.check(
                resolution, egress=egress, deep=self._plan.deep, known=known
            )
        except EgressError as error:
            self._ways_out.lose(egress, error)
            return None
        self._ways_out.saw(resolution, egress, result, asked_at)
        return result

    async def _resolve(self, question: Question) -> Resolution | ItemError:
        try:
            if self._files is not None:
                await asyncio.to_thread(self._files.check_followable, question.mapping)
            resolution = await self._resolving.renew(
                question.mapping.identity,
                Reason.PROBE,
                failed=question.mapping.resolution,
                last_status=question.refused.status if question.refused else None,
            )
        except ItemError as error:
            return error
        with suppress(ItemError):  # It is reported when the new URL is asked for.
            await self._put_in_file(question.mapping, resolution)
        return resolution

    async def _put_in_file(self, mapping: Mapping, resolution: Resolution) -> None:
        if self._files is not None:
            await asyncio.to_thread(self._files.catch_up, mapping, resolution)

    def _add(self, question: Question) -> None:
        if question.resolution is None and not question.resolver:
            reason = "nothing to probe: it has no URL and its site no resolver"
            self._saving.add(Found(question.mapping, ProbeResult(None, reason=reason)))
            return
        if (host := self._turns.host(question.turn)).pace.is_closed:
            self._judge_unasked(question, host)
        else:
            self._turns.add(question)

    def _take_answer(self, question: Question, result: ProbeResult) -> None:
        host, now = self._turns.done(question.turn), self._plan.monotonic()
        self._turns.take_pace(host, question, result, now)
        if question.is_witness:
            return self._give_up(host)
        if is_asked_again(question, result) and not host.pace.is_closed:
            pause = _RETRY_SECONDS * 2**question.tries * random.uniform(0.5, 1.5)
            self._turns.add_later(question.again(), now + max(pause, result.retry_after or 0.0))
            return None
        if result.is_network_failure:
            host.pace.silent()
        self._conclude(question, result)
        return self._give_up(host)

    def _give_up(self, host: Host) -> None:
        """What waits for a host that is not asked any more is judged with it."""
        if host.pace.is_closed:
            for left in self._turns.drain(host):
                self._judge_unasked(left, host)

    def _conclude(self, question: Question, result: ProbeResult) -> None:
        verdict = self._judge(question, result)
        if self._is_to_be_renewed(question, verdict, result):
            self._add(question.to_resolver(result))
            return
        if question.renewed and result.is_alive:
            self._resolving.confirm(question.mapping.identity)
        self._note(question, verdict, result)

    def _is_to_be_renewed(self, question: Question, verdict: Verdict, result: ProbeResult) -> bool:
        if not wants_renewal(question, verdict, result):
            return False
        # In an outage nothing is concluded: then no URL may be replaced either.
        egress = self._resolving.egress(question.mapping.identity.site)
        return not result.is_network_failure or self._ways_out.has_answered(egress)

    def _take_resolution(self, question: Question, answer: Resolution | ItemError) -> None:
        host, name = self._turns.done(question.turn), question.resolver
        if isinstance(answer, ResolverError) and not answer.is_answer:
            self._take_trouble(question, answer, host)
            return
        if isinstance(answer, Resolution | ResolverError):  # Else its file is at fault.
            host.pace.answered()
            self.troubles.answered(name)
        if isinstance(answer, Resolution):
            self._add(question.to_host(answer))
        else:
            self._note_unresolved(question, answer)

    def _take_trouble(self, question: Question, error: ResolverError, host: Host) -> None:
        now, wait = self._plan.monotonic(), asks_for_patience(error)
        host.pace.put_off(now + (wait or 0.0))
        self.troubles.failed(question.resolver, error)
        if wait is not None and not question.tries:
            self._turns.add_later(question.again(), now + wait)
        else:
            self._note_unrenewed(question, error)
        if self.troubles.is_given_up(question.resolver):
            host.pace.close(now)
        self._give_up(host)

    def _judge_unasked(self, question: Question, host: Host) -> None:
        if question.resolution is None:
            if not self._turns.leave(question):
                self._note_unrenewed(question, self.troubles.first(question.resolver))
        # A host of 5,000 links that is down costs a few requests, not 5,000 timeouts.
        elif host.pace.is_broken:
            result = ProbeResult(None, Failure.UNREACHABLE, "its host cannot be reached")
            self._conclude(question, result)
        else:
            left = (host.pace.closed_until or 0.0) - self._plan.monotonic()
            reason = "its host wants to be left alone"
            result = ProbeResult(None, Failure.RATE_LIMITED, reason, retry_after=max(left, 1.0))
            self._note(question, self._judge(question, result), result, asked=False)

    def _note_unresolved(self, question: Question, error: ItemError) -> None:
        """Judged by what its host said before, if that was asked."""
        if question.refused is None:
            result = ProbeResult(None, Failure.NOT_CHECKED, str(error))
            self._note(question, self._judge(question, result), result)
            return
        verdict = self._judge(question, question.refused)
        reason = f"{verdict.reason}; not renewed: {error}"
        self._note(question, structs.replace(verdict, reason=reason), question.refused)

    def _note_unrenewed(self, question: Question, error: ResolverError) -> None:
        """Nothing is concluded from a resolver's trouble, past the link's end at least."""
        self.troubles.leave_link(question.resolver)
        refused = question.refused
        if refused is not None and not self._judge(question, refused).has_expired:
            self._note_unresolved(question, error)
            return
        reason = f"expired, not renewed: {error}" if refused else str(error)
        status = refused.status if refused else None
        result = ProbeResult(status, Failure.NOT_CHECKED, reason, retry_after=error.retry_after)
        self._note(question, self._judge(question, result), result, is_unrenewed=True)

    def _judge(self, question: Question, result: ProbeResult) -> Verdict:
        return verdict_on(question, result, self._plan.now(), self._plan.rules)

    def _note(
        self,
        question: Question,
        verdict: Verdict,
        result: ProbeResult,
        *,
        asked: bool = True,
        is_unrenewed: bool = False,
    ) -> None:
        resolution = question.resolution or question.mapping.resolution
        now = self._plan.now()
        # Only now: a link that was renewed elsewhere does not miss this host.
        if result.is_network_failure and question.resolution is not None:
            host = self._turns.host(question.turn)
            host.failures += 1
            host.failed_for = question.mapping.identity.site
        judged = Judged(
            mapping_id=question.mapping.id,
            url=resolution.url if resolution else None,
            host=question.turn,
            previous=question.mapping.state,
            verdict=verdict,
            status=result.status,
            at=now,
            asked_at=now if asked else None,
        )
        self._saving.add(Found(question.mapping, result, judged, is_unrenewed=is_unrenewed))

    def _question(self, mapping: Mapping) -> Question:
        site = mapping.identity.site
        return Question(mapping, mapping.resolution, self._resolving.resolver_name(site))

    async def _vouch(self) -> bool:
        """Nothing is begun meanwhile, since it might not be believed either."""
        self._is_vouching = True
        try:
            is_well = await self._ways_out.vouch()
        finally:
            self._is_vouching = False
        if is_well:
            self._turns.release()
        return is_well
