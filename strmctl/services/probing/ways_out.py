"""A failure counts only if its egress works: a VPN that is down must not touch the library.

Canaries show that, if there are some. Without them the other hosts do: when most of them fail at
once, it is the egress, and a host that has answered before is asked again. It is the egress as
well when two sites answer with one page, as behind a captive portal. With a single host nobody
can tell, so its failures count, unless the egress itself answered for it.
"""

import time
from collections.abc import Callable, Collection, Iterator, Sequence, Set
from contextlib import AbstractContextManager

from msgspec import Struct, field

from strmctl.domain.mapping import Resolution
from strmctl.domain.patience.shared_pages import SharedPages
from strmctl.domain.probe_result import Failure, ProbeResult
from strmctl.domain.urls import canary, url_marks
from strmctl.errors import EgressError, SettingError, UpstreamError
from strmctl.services.checking.check import LinkCheck
from strmctl.upstream.client import UpstreamClient

_WITNESSES = 3
_CANARY_TRIES = 2

Place = Callable[[Iterator[str]], AbstractContextManager[str | None]]
"""Takes a place at the first host that has room, so that no host sees more than its limit."""


class _Way(Struct):
    """What was seen through one egress; times are of a monotonic clock.

    A host that has answered once is not `silent` because of a link that is cut off; only a
    witness, whose link has brought an answer before, can take that back.
    """

    answered: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    spoken_for: set[str] = field(default_factory=set)
    pages: SharedPages = field(default_factory=SharedPages)
    witnesses: dict[str, Resolution] = field(default_factory=dict)
    failed_at: float = -1.0
    asked_well_at: float = -1.0
    canaries_at: float = -1.0

    # One CDN that is down is no lost VPN.
    @property
    def seems_down(self) -> bool:
        most_fail = len(self.silent) > len(self.heard) or not self.witnesses
        if self.pages.are_there and not self.heard:
            return True
        if self.spoken_for and not self.witnesses:
            return True  # A VPN's proxy says 503 for every host while its tunnel is down.
        return len(self.silent) >= 2 and most_fail

    @property
    def heard(self) -> Set[str]:
        """The hosts that have answered for themselves, as far as can be seen."""
        return self.answered | self.pages.alone

    def has_heard(self, host: str) -> bool:
        return host in self.answered or self.pages.has_own(host)

    def take_page(self, page: str, resolution: Resolution, now: float) -> None:
        """A page is an answer of its host's, until another site answers with the same."""
        host = url_marks.origin(resolution.url)
        if not self.pages.add(page, resolution.url):
            # If a host has said more than this page, it may be a soft 404 as well as a portal.
            if host not in self.answered:
                self._take_witness(host, resolution)
            return
        # Those that have answered before are asked again: a portal may begin in mid-run.
        self.failed_at = now
        for witness in self.witnesses.keys() - self.heard:
            del self.witnesses[witness]

    def take_answer(self, resolution: Resolution) -> None:
        host = url_marks.origin(resolution.url)
        self.pages.forget(host)
        self.answered.add(host)
        self._take_witness(host, resolution)

    def _take_witness(self, host: str, resolution: Resolution) -> None:
        if len(self.witnesses) < _WITNESSES or host in self.witnesses:
            self.witnesses[host] = resolution

    @property
    def has_failed_since(self) -> bool:
        """Whether no answer came to a request that was sent after the last failure."""
        return self.failed_at >= self.asked_well_at


class WaysOut:
    """The egresses of one run, None for the settings' own; `lost` are those that are down.

    `canaries` are URLs that have to answer before a failure is believed.
    """

    def __init__(
        self,
        client: UpstreamClient,
        check: LinkCheck,
        canaries: Sequence[str],
        place: Place,
        egresses: Collection[str | None] = (None,),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._check = check
        self._canaries = canaries
        self._place = place
        self._monotonic = monotonic
        self._egresses = frozenset(egresses)
        self._ways: dict[str | None, _Way] = {}
        self.lost: dict[str | None, EgressError] = {}

    def saw(
        self, resolution: Resolution, egress: str | None, result: ProbeResult, asked_at: float
    ) -> None:
        """What came of a request that was sent at `asked_at`."""
        if result.failure is Failure.NOT_CHECKED:
            return  # Nothing has left this machine.
        way = self._ways.setdefault(egress, _Way())
        host = url_marks.origin(resolution.url)
        if result.is_network_failure:
            way.failed_at = self._monotonic()
            # A proxy's own 502 or 503 is about its tunnel.
            if result.by_egress:
                way.spoken_for.add(host)
            # A link that is cut off does not make a host silent that has answered others.
            if not way.has_heard(host):
                way.silent.add(host)
            return
        way.silent.discard(host)
        way.spoken_for.discard(host)
        way.asked_well_at = max(way.asked_well_at, asked_at)
        if result.page:
            way.take_page(result.page, resolution, self._monotonic())
        else:
            way.take_answer(resolution)

    def has_answered(self, egress: str | None) -> bool:
        """Whether anybody has answered through it in this run."""
        way = self._ways.get(egress)
        return way is not None and bool(way.heard)

    def lose(self, egress: str | None, error: EgressError) -> None:
        """What leaves by it is not asked for any more; raises the error where nothing is left."""
        if self._egresses <= {*self.lost, egress}:
            raise error
        self.lost.setdefault(egress, error)

    async def begin(self) -> None:
        """Raises EgressError unless the canaries answer, where there is no other egress."""
        try:
            await self.ask_canaries()
        except EgressError as error:
            self.lose(None, error)

    async def ask_canaries(self, egress: str | None = None) -> None:
        """Raises EgressError unless all of them answer."""
        for number, url in enumerate(self._canaries, 1):
            complaint = await self._complaint(url, egress)
            if complaint:
                raise EgressError(
                    f"canary {number} of probe.canaries: {complaint}: the egress seems down, "
                    "nothing was recorded"
                )

    async def vouch(self) -> bool:
        """Whether the failures so far may be believed; False for "ask again a little later".

        Raises EgressError where the egress seems down, and there is no other one.
        """
        for egress, way in self._ways.items():
            if way.failed_at < 0 or egress in self.lost:
                continue
            try:
                if self._canaries:
                    await self._ask_canaries_again(egress, way)
                elif not await self._ask_witness(egress, way):
                    return False
            except EgressError as error:
                self.lose(egress, error)
        return True

    async def _ask_canaries_again(self, egress: str | None, way: _Way) -> None:
        if way.failed_at >= way.canaries_at:
            asked_at = self._monotonic()
            await self.ask_canaries(egress)
            way.canaries_at = asked_at

    async def _ask_witness(self, egress: str | None, way: _Way) -> bool:
        """Ask hosts that have answered before; False while none of them has room."""
        while way.witnesses and way.has_failed_since and not way.seems_down:
            with self._place(iter(way.witnesses)) as host:
                if host is None:
                    return False
                resolution = way.witnesses.pop(host)
                way.answered.discard(host)
                way.pages.forget(host)
                asked_at = self._monotonic()
                result = await self._check.check(resolution, egress=egress)
            self.saw(resolution, egress, result, asked_at)
        if way.seems_down:
            raise _down(way)
        return True

    async def _complaint(self, url: str, egress: str | None) -> str:
        """What is wrong with a canary, "" for nothing; it is asked twice."""
        complaint = ""
        for _ in range(_CANARY_TRIES):
            try:
                status, end = await self._check.status(url, egress=egress)
            except UpstreamError as error:
                # A canary that the guard refuses would say "egress down" for ever.
                if error.lasting:
                    raise SettingError("probe.canaries", str(error)) from None
                complaint = str(error)
            else:
                complaint = canary.complaint(url, status, end)
                if not complaint:
                    return ""
        return complaint


def _down(way: _Way) -> EgressError:
    if way.pages.are_there and not way.heard:
        return EgressError(
            "different hosts answer with the same page: a captive portal or the egress answers for "
            "them, nothing was recorded; set probe.canaries to be sure"
        )
    if way.spoken_for and not way.answered:
        return EgressError(
            "the egress answers that no host can be reached: it seems down, nothing was recorded; "
            "set probe.canaries to be sure"
        )
    return EgressError(
        f"{len(way.silent)} of {len(way.silent | way.heard)} hosts failed at once: the egress "
        "seems down, nothing was recorded; set probe.canaries to be sure"
    )
