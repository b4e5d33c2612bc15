"""Repeats a step until it succeeds: with the same resolution, then with a new one, or never."""

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from strmctl import tracing
from strmctl.domain.identity import Identity
from strmctl.errors import ResolverError, UpstreamError
from strmctl.services.patiently import patiently
from strmctl.services.playback.fetching.fetch import Attempt
from strmctl.services.playback.heals import Heals
from strmctl.services.playback.source.source import Source
from strmctl.services.playback.source.sources import Sources

T = TypeVar("T")
Step = Callable[[Source], Awaitable[T]]

log = logging.getLogger(__name__)


class Healing:
    """Runs steps for one identity. Each may run several times, so it has to allow that."""

    def __init__(self, sources: Sources, identity: Identity, heals: Heals) -> None:
        self._sources = sources
        self._identity = identity
        self._heals = heals

    async def __call__(self, step: Step[T]) -> T:
        """Raises UpstreamError for a failure that cannot be healed, ResolverError where there is
        no resolution at all.

        An EgressError says nothing about a resolution, so the resolver is not asked for another.
        """
        source, renewed = await self._sources.current(self._identity), False
        while True:
            attempt = Attempt(source.fetch, renewed=renewed)
            try:
                answer = await patiently(partial(step, source), attempt.wait)
            except UpstreamError as failure:
                if not attempt.wants_renewal:
                    if renewed:
                        self._heals.failed(self._identity, source.resolution, failure)
                    raise
                source, renewed = await self._renewed(source, failure), True
            else:
                if renewed:
                    self._sources.plays(self._identity)
                    self._heals.answered(self._identity, source.resolution)
                return answer

    async def _renewed(self, source: Source, failure: UpstreamError) -> Source:
        """Raises the upstream's failure where the resolver has nothing better."""
        try:
            renewed = await self._sources.renewed(self._identity, source, failure.status)
        except ResolverError as error:
            self._heals.refused(self._identity, error)
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
        self._heals.begun(self._identity, renewed.resolution)
        return renewed
