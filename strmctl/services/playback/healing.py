"""Runs a step of one identity until it succeeds: asked again, with a new resolution, or not."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from strmctl import tracing
from strmctl.domain.identity import Identity
from strmctl.domain.patience.healing import AskAgain, GiveUp, next_step
from strmctl.errors import EgressError, ResolverError, UpstreamError
from strmctl.services.observer import UNOBSERVED, Observer
from strmctl.services.playback.source import Session

T = TypeVar("T")
Step = Callable[[Session], Awaitable[T]]

EGRESS_RETURNS_WITHIN = 5.0
"""Seconds for which an egress that has worked is waited for, since VPNs reconnect."""

_EGRESS_POLL = 0.25

log = logging.getLogger(__name__)


class Sessions(Protocol):
    """Where sessions come from; both raise ResolverError."""

    async def current(self, identity: Identity) -> Session: ...

    async def renewed(self, identity: Identity, old: Session, status: int | None) -> Session: ...

    def plays(self, identity: Identity) -> None:
        """What was renewed has proved good."""


class Healing:
    """A step may run several times and must be able to."""

    def __init__(
        self, sessions: Sessions, identity: Identity, observer: Observer = UNOBSERVED
    ) -> None:
        self._sessions = sessions
        self._identity = identity
        self.observer = observer

    async def __call__(self, step: Step[T]) -> T:
        """Raises UpstreamError for a failure that cannot be healed, ResolverError for none.

        EgressError concerns no resolution in particular: no other one is asked for.
        """
        session = await self._sessions.current(self._identity)
        tries, renewed, since = 1, False, None
        while True:
            try:
                answer = await _once_the_egress_is_back(step, session)
            except UpstreamError as failure:
                since = since or time.monotonic()
                standing = session.fetcher.standing(tries, since, renewed=renewed)
                action = next_step(failure, standing)
                if isinstance(action, GiveUp):
                    if renewed:
                        self.observer.healed(well=False)
                    raise
                if isinstance(action, AskAgain):
                    self._tell_another_try(failure, action.after)
                    tries += 1
                    await asyncio.sleep(action.after)
                    continue
                session = await self._renewed(session, failure)
                tries, renewed, since = 1, True, None
            else:
                if renewed:
                    self._sessions.plays(self._identity)
                    self.observer.healed(well=True)
                return answer

    async def _renewed(self, session: Session, failure: UpstreamError) -> Session:
        """Raises the upstream's failure where the resolver has nothing better."""
        try:
            renewed = await self._sessions.renewed(self._identity, session, failure.status)
        except ResolverError as error:
            self.observer.healed(well=False)
            tracing.step(
                log,
                "not healed",
                "%s: %s; not healed: %s",
                self._identity,
                failure,
                error,
                level=logging.WARNING,
                status=failure.status,
                reason=str(failure),
            )
            raise failure from None
        tracing.step(
            log,
            "heal",
            "%s: %s; resolved again",
            self._identity,
            failure,
            level=logging.INFO,
            status=failure.status,
            reason=str(failure),
        )
        return renewed

    def _tell_another_try(self, failure: UpstreamError, after: float) -> None:
        tracing.step(
            log,
            "retry",
            "%s: %s; asked again",
            self._identity,
            failure,
            status=failure.status,
            reason=str(failure),
            after=after,
        )


async def _once_the_egress_is_back(step: Step[T], session: Session) -> T:
    deadline = time.monotonic() + EGRESS_RETURNS_WITHIN
    while True:
        try:
            return await step(session)
        except EgressError:
            if not session.fetcher.has_succeeded or time.monotonic() > deadline:
                raise
        await asyncio.sleep(_EGRESS_POLL)
