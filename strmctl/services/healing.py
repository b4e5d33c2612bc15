"""Runs a step of one identity until it succeeds: asked again, with a new resolution, or not."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from strmctl.domain.freshness import has_expired
from strmctl.domain.healing import AskAgain, GiveUp, Standing, next_step
from strmctl.domain.identity import Identity
from strmctl.errors import ResolverError, UpstreamError
from strmctl.services.session import Session

T = TypeVar("T")
Step = Callable[[Session], Awaitable[T]]

LATELY = 5.0
"""Seconds for which a success makes a failure look like a passing one."""

log = logging.getLogger(__name__)


class Sessions(Protocol):
    """Where sessions come from; both raise ResolverError."""

    async def current(self, identity: Identity) -> Session: ...

    async def renewed(self, identity: Identity, old: Session, status: int | None) -> Session: ...

    def plays(self, identity: Identity) -> None:
        """What was renewed has proved good."""


class Healing:
    """A step may run several times and must be able to."""

    def __init__(self, sessions: Sessions, identity: Identity) -> None:
        self._sessions = sessions
        self._identity = identity

    async def __call__(self, step: Step[T]) -> T:
        """Raises UpstreamError for a failure that cannot be healed, ResolverError for none."""
        session = await self._sessions.current(self._identity)
        tries, renewed = 1, False
        while True:
            try:
                answer = await step(session)
            except UpstreamError as failure:
                standing = _standing(session, tries, renewed=renewed)
                action = next_step(failure, standing)
                if isinstance(action, GiveUp):
                    raise
                if isinstance(action, AskAgain):
                    tries += 1
                    await asyncio.sleep(action.after)
                    continue
                session = await self._renewed(session, failure)
                tries, renewed = 1, True
            else:
                if renewed:
                    self._sessions.plays(self._identity)
                return answer

    async def _renewed(self, session: Session, failure: UpstreamError) -> Session:
        """Raises the upstream's failure where the resolver has nothing better."""
        try:
            renewed = await self._sessions.renewed(self._identity, session, failure.status)
        except ResolverError as error:
            log.warning("%s: %s; not healed: %s", self._identity, failure, error)
            raise failure from None
        log.info("%s: %s; resolved again", self._identity, failure)
        return renewed


def _standing(session: Session, tries: int, *, renewed: bool) -> Standing:
    return Standing(
        tries,
        expired=has_expired(session.resolution, datetime.now(UTC)),
        lately=session.fetcher.succeeded_within(LATELY),
        renewed=renewed,
    )
