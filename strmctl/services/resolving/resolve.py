"""An identity is resolved once at a time, by all processes of a library; the answer is stored.

`current` is what to play now, `renew` what to play instead of something that has failed. Whoever
asks while a resolve is under way gets its answer. Whoever comes late, with a failure that has been
repaired since, gets the repaired answer.

A resolver that answers the very URL that has just failed is believed once: the upstream's failure
may have passed. But like each answer it counts as a failure until `confirm` says that it plays.
While such failures go on, the identity rests longer and longer, and `renew` fails at once.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping as Table, Sequence, Set
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from strmctl.domain.expiry.freshness import differs, has_expired, has_surely_expired, is_fresh
from strmctl.domain.identity import Identity
from strmctl.domain.library.library_path import Naming
from strmctl.domain.mapping import Resolution
from strmctl.domain.media.extent import Extent
from strmctl.domain.patience.circuit_breaker import CircuitBreaker, Pauses
from strmctl.domain.urls import url_marks
from strmctl.errors import ResolverError
from strmctl.resolvers.contract import Reason, ResolveRequest
from strmctl.resolvers.registry import NamedResolver, Registry
from strmctl.services.observer import UNOBSERVED, Observer
from strmctl.services.resolving.ending import Endings
from strmctl.services.resolving.stored import KnownResolutions
from strmctl.services.threads import reading
from strmctl.storage.locks.identity_locks import IdentityLocks
from strmctl.storage.tables.mappings import Mappings, StoredResolution

_LOCK_POLL = 0.05
_LONG_ENOUGH = timedelta(seconds=30)
"""A URL that ends after this has served; one that ends before has never played."""
_REFUSED = (401, 403)
_REFUSED_AS_EXPIRED = (401, 403, 410)


class Trial(Protocol):
    """Sees whether an answer plays before it replaces another."""

    @property
    def refused(self) -> Sequence[Resolution]:
        """Answers that do not play; the resolver is asked to avoid them."""

    @property
    def last_status(self) -> int | None:
        """What the upstream answered for the last of them, None for no answer."""

    async def plays(self, answer: Resolution) -> bool:
        """False where nobody can tell. Raises ItemError for an answer that is not to be stored,
        EgressError where nothing can be concluded."""


class _Question(Struct, frozen=True):
    """`unwanted` is what the caller has already; `failed` says that this does not play."""

    reason: Reason
    unwanted: Resolution | None
    failed: bool = False
    last_status: int | None = None
    trial: Trial | None = None


class Resolving:
    """Made inside a running event loop, and used in that one only.

    `lock_file` is shared by every process of this library. A resolution is asked for again when
    it is older than `cache_ttl` (0: never), or expires in less than `margin`. For as long as
    `remember` the database is not asked twice about an identity.
    """

    def __init__(
        self,
        registry: Registry,
        mappings: Mappings,
        *,
        lock_file: Path,
        cache_ttl: timedelta = timedelta(0),
        margin: timedelta = timedelta(seconds=30),
        remember: timedelta = timedelta(seconds=1),
        breaker: CircuitBreaker | None = None,
        observer: Observer = UNOBSERVED,
        writing: Mappings | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._registry = registry
        self._known = KnownResolutions(
            mappings, remember=remember, monotonic=monotonic, writing=writing
        )
        self._endings = Endings(mappings.database)
        self._learning = Endings((writing or mappings).database)
        self._locks = IdentityLocks(lock_file)
        self._cache_ttl, self._margin = cache_ttl, margin
        self._breaker = breaker or CircuitBreaker()
        self._pauses = Pauses()
        self._observer = observer
        self._now, self._monotonic = now, monotonic
        self._flights: dict[Identity, asyncio.Task[Resolution]] = {}

    async def current(self, identity: Identity, reason: Reason) -> Resolution:
        """What the identity resolves to; a resolver is asked only where nothing fresh is known.

        Raises ResolverError, unless an older answer may still play: that is returned then.
        """
        stored = await self._known.recent(identity)
        if stored is not None and self._is_fresh(stored):
            return stored
        try:
            return await self._shared(identity, _Question(reason, unwanted=stored))
        except ResolverError:
            if stored is None or has_surely_expired(stored, self._now()):
                raise
            return stored

    async def renew(
        self,
        identity: Identity,
        reason: Reason,
        *,
        failed: Resolution | None,
        last_status: int | None = None,
        trial: Trial | None = None,
    ) -> Resolution:
        """Something newer than `failed`, which does not play; without it, what is answered now.

        `last_status` is what the upstream answered, None for no answer. Raises ResolverError, and
        what the trial raises: nothing has been replaced then.
        """
        if failed is not None:
            question = _Question(reason, failed, failed=True, last_status=last_status, trial=trial)
        else:
            question = _Question(reason, await self._known.read(identity), trial=trial)
        return await self._shared(identity, question)

    def introduce(self, namings: Table[Identity, Naming]) -> None:
        """For identities that have no row yet: what resolvers are told of them."""
        self._known.introduce(namings)

    def resolver_name(self, site: str) -> str:
        """The name of the site's resolver in the settings, "" where it has none."""
        return self._registry.for_site(site).name if self._registry.has(site) else ""

    def egress(self, site: str) -> str | None:
        """The egress by which the site's upstreams have to be asked, None for the settings' own."""
        return self._registry.egress(site)

    def egresses(self) -> Set[str | None]:
        """The egresses of all sites; None is the settings' own."""
        return {None, *(resolver.egress or None for resolver in self._registry.all())}

    def extent(self, identity: Identity) -> Extent | None:
        """How much there was of what it played before, if that is known."""
        return self._known.extent(identity)

    def confirm(self, identity: Identity) -> None:
        """The answer plays, so the next failure counts as the first."""
        self._breaker.close(identity)

    async def aclose(self) -> None:
        """Give up what is under way; the registry and the database stay open."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)
        await self._known.aclose()
        self._locks.close()

    async def _shared(self, identity: Identity, question: _Question) -> Resolution:
        while (flight := self._flights.get(identity)) is not None:
            # Shielded: a waiter that leaves does not take the answer from the others.
            answer = await asyncio.shield(flight)
            if differs(answer, question.unwanted):
                return answer
        flight = asyncio.create_task(self._fly(identity, question))
        flight.add_done_callback(_take_failure)
        self._flights[identity] = flight
        return await asyncio.shield(flight)

    async def _fly(self, identity: Identity, question: _Question) -> Resolution:
        try:
            newer = await self._newer(identity, question)
            if newer is not None:
                return newer
            resolver = self._registry.for_site(identity.site)
            self._breaker.check(identity, self._monotonic())
            # Runs wait their turn by rules of their own (probing/turns.py, refresh.py).
            if question.reason is Reason.PLAY:
                self._pauses.check(resolver.name, self._monotonic())
            async with self._alone(identity, resolver.timeout):
                newer = await self._newer(identity, question)
                return newer or await self._ask(resolver, identity, question)
        finally:
            del self._flights[identity]

    async def _newer(self, identity: Identity, question: _Question) -> Resolution | None:
        stored = await self._known.read(identity)
        if stored is None or not differs(stored, question.unwanted) or not self._is_fresh(stored):
            return None
        return stored

    async def _ask(
        self, resolver: NamedResolver, identity: Identity, question: _Question
    ) -> Resolution:
        try:
            request = await self._known.named(self._request(identity, question))
            answer = await resolver.resolve(request)
        except ResolverError as error:
            if not error.unasked:
                trouble = None if error.is_answer else str(error)
                self._observer.resolver_said(resolver.name, trouble)
            self._breaker.failed(identity, self._monotonic(), error)
            self._pauses.take(resolver.name, error, self._monotonic())
            raise
        self._observer.resolver_said(resolver.name, None)
        resolution = await reading(self._endings.with_end, answer, self._now())
        plays = False
        if question.trial is None:
            self._judge(resolver, identity, question, resolution)
        else:
            plays = await question.trial.plays(resolution)
            self._breaker.close(identity)
        stored = StoredResolution(identity, resolution, plays=plays, cause=question.reason.value)
        await self._known.keep(stored, or_fail=question.reason is not Reason.PLAY)
        self._count_address(question)
        await self._learn(question, resolution)
        return resolution

    def _count_address(self, question: _Question) -> None:
        """Count a link that was refused before its end: it is bound to another address."""
        old = question.unwanted
        is_refused = question.last_status in _REFUSED
        if old is not None and is_refused and not has_expired(old, self._now()):
            if url_marks.binding(old.url) is not None:
                self._observer.address_changed()

    async def _learn(self, question: _Question, answer: Resolution) -> None:
        """Remember how long the link before lived, if it has expired."""
        old = question.unwanted
        if old is None or question.last_status not in _REFUSED_AS_EXPIRED:
            return
        if differs(replace(answer, resolved_at=None), old):
            await self._known.later(partial(self._learning.died, old, self._now()))

    def _request(self, identity: Identity, question: _Question) -> ResolveRequest:
        trouble = self._breaker.trouble(identity, self._monotonic())
        urls = list(trouble.urls) if trouble else []
        providers: list[str] = []
        unwanted = question.unwanted
        if unwanted is not None and (question.failed or has_expired(unwanted, self._now())):
            urls.append(unwanted.url)
            # Its answer before this one did not play either: perhaps another provider's does.
            if trouble and trouble.urls and unwanted.provider and identity.provider is None:
                providers.append(unwanted.provider)
        refused = question.trial.refused if question.trial else ()
        urls += [answer.url for answer in refused]
        # A provider that the user insists on is never avoided.
        if identity.provider is None:
            providers += [answer.provider for answer in refused if answer.provider]
        return ResolveRequest(
            identity,
            question.reason,
            avoid_urls=tuple(dict.fromkeys(urls)),
            avoid_providers=tuple(dict.fromkeys(providers)),
            last_status=question.trial.last_status if question.trial else question.last_status,
        )

    def _judge(
        self, resolver: NamedResolver, identity: Identity, question: _Question, answer: Resolution
    ) -> None:
        unwanted = question.unwanted
        if unwanted is None or not question.failed:
            self._breaker.close(identity)
            return
        again = not differs(replace(answer, resolved_at=None), unwanted)
        if again or not self._has_served(unwanted):
            what = "answers the URL that has just failed" if again else "its answers do not play"
            error = ResolverError(f"resolver {resolver.name!r}: {what}: {identity}")
            self._breaker.failed(identity, self._monotonic(), error, [unwanted.url])
        else:
            self._breaker.close(identity)

    def _has_served(self, resolution: Resolution) -> bool:
        """Whether its end is no failure: it has expired, or was in use for long enough."""
        at = resolution.resolved_at
        long_ago = at is not None and self._now() - at >= _LONG_ENOUGH
        return long_ago or has_expired(resolution, self._now())

    def _is_fresh(self, resolution: Resolution) -> bool:
        return is_fresh(resolution, self._now(), margin=self._margin, ttl=self._cache_ttl)

    @asynccontextmanager
    async def _alone(self, identity: Identity, patience: timedelta) -> AsyncIterator[None]:
        """Hold the identity's lock against other processes; wait as long as a resolve may take."""
        try:
            async with asyncio.timeout(patience.total_seconds()):
                # fcntl locks between processes cannot be awaited, so they are asked for again.
                while not self._locks.acquire(identity):
                    await asyncio.sleep(_LOCK_POLL)
        except TimeoutError:
            raise ResolverError(
                f"another strmctl has been resolving {identity} for too long", http_status=504
            ) from None
        try:
            yield
        finally:
            self._locks.release(identity)


def _take_failure(flight: asyncio.Task[Resolution]) -> None:
    """Where nobody is left to take it, asyncio would log that it was never retrieved."""
    if not flight.cancelled():
        flight.exception()
