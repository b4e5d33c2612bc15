"""A new link has to play before it replaces an old one; one that does not is never stored."""

import asyncio
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime

from strmctl.domain.expiry.freshness import has_expired
from strmctl.domain.mapping import LinkState, Mapping, Resolution
from strmctl.domain.media.extent import Extent
from strmctl.domain.patience.patience import NEW_LINK, Patience
from strmctl.domain.patience.shared_pages import SharedPages
from strmctl.domain.probe_result import Failure, ProbeResult
from strmctl.domain.urls import url_marks
from strmctl.errors import EgressError, ItemError, ResolverError
from strmctl.services.checking.check import LinkCheck


class Trials:
    """Tries links, no more than `per_host` of a host at once.

    `guarded`: a link that the guard refuses could not be played either.
    """

    def __init__(self, check: LinkCheck, *, per_host: int, guarded: bool) -> None:
        self._check = check
        self._guarded = guarded
        self._places: defaultdict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(per_host)
        )
        self._pages: defaultdict[str | None, SharedPages] = defaultdict(SharedPages)
        self._played: set[str | None] = set()

    def of(self, mapping: Mapping, egress: str | None, *, any_length: bool = False) -> "LinkTrial":
        """With `any_length` content that is longer or shorter than it was is taken as well."""
        known = None if any_length else mapping.extent
        return LinkTrial(self, mapping, egress, known, guarded=self._guarded)

    async def result(
        self, answer: Resolution, egress: str | None, known: Extent | None = None
    ) -> ProbeResult:
        """`known` is how much content there was before. Raises EgressError."""
        async with self._places[url_marks.origin(answer.url)]:
            result = await self._checked(answer, egress, known)
        self._check_page(result, answer, egress)
        # gluetun's 503 is about its tunnel, not about the link.
        if result.by_egress and not self._check.is_egress_heard(answer.url, egress):
            raise EgressError(
                "the egress answers that the new link's host cannot be reached, and no other host "
                "has answered: it seems down"
            )
        return result

    async def _checked(
        self, answer: Resolution, egress: str | None, known: Extent | None
    ) -> ProbeResult:
        """Check, and check again while the failure may pass."""
        patience = Patience(NEW_LINK, time.monotonic())
        while True:
            result = await self._check.check(answer, egress=egress, known=known)
            pause = _pause(result, patience)
            if pause is None:
                return result
            await asyncio.sleep(pause)

    def _check_page(self, result: ProbeResult, answer: Resolution, egress: str | None) -> None:
        """Raises EgressError if nothing has played yet and two sites answer with the same page."""
        if result.is_alive:
            self._played.add(egress)
        elif result.page and self._pages[egress].add(result.page, answer.url):
            if egress not in self._played:
                raise EgressError(
                    "different hosts answer for new links with the same page: a captive portal or "
                    "the egress answers for them"
                )


@dataclass(slots=True)
class LinkTrial:
    """Tries the answers for one mapping. `reason` says what was wrong with the last one, `extent`
    how much content it has."""

    trials: Trials
    mapping: Mapping
    egress: str | None = field(repr=False)
    known: Extent | None = None
    guarded: bool = True
    refused: list[Resolution] = field(default_factory=list, repr=False)
    last_status: int | None = None
    reason: str | None = None
    extent: Extent | None = None

    async def plays(self, answer: Resolution) -> bool:
        """False where nobody can tell and there is nothing better. Raises ItemError for an answer
        that is not to be stored, EgressError where nothing can be concluded."""
        if any(answer.url == other.url for other in self.refused):
            raise ItemError(self.reason or "the resolver has no other answer")
        result = await self._result(answer)
        self.last_status, self.reason, self.extent = result.status, None, result.extent
        if result.is_alive:
            return True
        # In mode redirect the player asks the upstream itself, which may be at home.
        if result.failure is Failure.NOT_CHECKED and not self.guarded:
            return False
        # A 429 says nothing of the link: an old one that plays is worth more.
        if result.failure is Failure.RATE_LIMITED:
            if not self._has_a_good_one():
                return False
            self.reason = f"the new link cannot be checked ({result.reason}): the old one stays"
        else:
            self.reason = f"the new link does not play: {result.reason}"
            self.refused.append(answer)
        raise ItemError(self.reason)

    async def _result(self, answer: Resolution) -> ProbeResult:
        try:
            return await self.trials.result(answer, self.egress, self.known)
        except EgressError as error:
            # This resolver alone uses it: the links of the others are renewed all the same.
            if self.egress is None:
                raise
            raise ResolverError(str(error), by_egress=True) from error

    def _has_a_good_one(self) -> bool:
        old = self.mapping.resolution
        is_alive = self.mapping.state is LinkState.ALIVE
        return is_alive and old is not None and not has_expired(old, datetime.now(UTC))


def _pause(result: ProbeResult, patience: Patience) -> float | None:
    """Seconds after which to ask once more; None where that would not help or last too long."""
    if result.retry_after is None and not result.may_pass:
        return None
    return patience.wait(time.monotonic(), result.retry_after)
