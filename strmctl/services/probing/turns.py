"""Whose turn it is: hosts in turn, each with no more requests at once than its pace allows.

A resolver takes turns like a host does. Nothing here waits or asks.
"""

import heapq
import itertools
import random
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msgspec import Struct, field, structs

from strmctl.domain.mapping import Mapping, Resolution
from strmctl.domain.patience.host_pace import HostPace
from strmctl.domain.probe_result import Failure, ProbeResult
from strmctl.domain.urls import url_marks

_RESOLVER = "resolver "
_RESOLVER_AT_ONCE = 4
_LEFT_ALONE = 600.0
"""Seconds for which a host that refuses everything is not asked, unless it says how long."""


class Question(Struct, frozen=True):
    """For the resolution's host or, without a resolution, for the `resolver` of that name.

    `tries` counts requests to the host that may be repeated; `refused` says why the resolver is
    asked, `renewed` that it has been. A *witness* is a link that has answered before in this run:
    it is asked again only to see whether its host or the other links are at fault. `turn`, in
    which the question waits, follows from the other fields.
    """

    mapping: Mapping
    resolution: Resolution | None
    resolver: str = ""
    tries: int = 0
    refused: ProbeResult | None = None
    renewed: bool = False
    is_witness: bool = False
    turn: str = ""

    def __post_init__(self) -> None:
        structs.force_setattr(self, "turn", self._whose_turn())

    def again(self) -> "Question":
        return structs.replace(self, tries=self.tries + 1)

    def as_witness(self) -> "Question":
        return structs.replace(self, is_witness=True)

    def to_resolver(self, refused: ProbeResult) -> "Question":
        return structs.replace(self, resolution=None, refused=refused, tries=0)

    def to_host(self, resolution: Resolution) -> "Question":
        return structs.replace(self, resolution=resolution, renewed=True, tries=0)

    def _whose_turn(self) -> str:
        if self.resolution is None:
            return f"{_RESOLVER}{self.resolver}"
        return url_marks.origin(self.resolution.url)


class Host(Struct):
    """`failures` counts links that got no answer in the end, whether they were asked for or not;
    the last of them was of the site `failed_for`. `answered` is the last question that it did
    answer, `urgent` comes before all others. `reserved` says that its next free place is kept."""

    name: str
    pace: HostPace
    running: int = 0
    reserved: bool = False
    is_ready: bool = False
    failures: int = 0
    failed_for: str = ""
    answered: Question | None = None
    urgent: Question | None = None
    waiting: deque[Question] = field(default_factory=deque)

    @property
    def has_room(self) -> bool:
        return self.running + self.reserved < self.pace.limit

    @property
    def has_work(self) -> bool:
        return bool(self.waiting) or self.urgent is not None

    def next(self, choose: Callable[[int], int]) -> Question:
        """The first one; while the host is in doubt a random one, since neighbours may be alike."""
        if self.urgent is not None:
            question, self.urgent = self.urgent, None
            return question
        if self.pace.is_in_doubt:
            self.waiting.rotate(-choose(len(self.waiting)))
        return self.waiting.popleft()


class Turns:
    def __init__(self, per_host: int, choose: Callable[[int], int] = random.randrange) -> None:
        self._per_host = per_host
        self._choose = choose
        self._hosts: dict[str, Host] = {}
        self._ready: deque[Host] = deque()
        self._paused: list[tuple[float, int, Host]] = []
        self._later: list[tuple[float, int, Question]] = []
        self._numbers = itertools.count()
        self._reserved: Host | None = None
        self._left: list[Question] = []
        self._reopened: set[str] = set()
        self.waiting = 0

    # A resolver's limit is its own: `probe.per_host` is about upstreams.
    def host(self, name: str) -> Host:
        host = self._hosts.get(name)
        if host is None:
            limit = _RESOLVER_AT_ONCE if name.startswith(_RESOLVER) else self._per_host
            host = self._hosts[name] = Host(name, HostPace(limit))
        return host

    def hosts(self) -> Iterator[Host]:
        return iter(self._hosts.values())

    def add(self, question: Question) -> None:
        """Put it behind those that wait, or before them if it has been asked for and failed.

        A resolver's questions always go behind: what it has put off it may put off again.
        """
        self.waiting += 1
        host = self.host(question.turn)
        if question.tries and question.resolution is not None:
            host.waiting.appendleft(question)
        else:
            host.waiting.append(question)
        self._make_ready(host)

    def add_witness(self, host: Host) -> bool:
        """Ask once more for what it has answered before; False where there is nothing."""
        if host.answered is None:
            return False
        if host.urgent is None:
            self.waiting += 1
            host.urgent = host.answered.as_witness()
            self._make_ready(host)
        return True

    def add_later(self, question: Question, at: float) -> None:
        self.waiting += 1
        heapq.heappush(self._later, (at, next(self._numbers), question))

    def take(self, now: float) -> Question | None:
        """What may be asked now; `done` has to be called for it in the end."""
        self._wake(now)
        while self._ready:
            host = self._ready.popleft()
            host.is_ready = False
            if not host.has_work or not host.has_room:
                continue
            # A 429 said how long to wait (RFC 6585 section 4).
            if host.pace.not_before > now:
                self._pause(host)
                continue
            question = host.next(self._choose)
            self.waiting -= 1
            host.running += 1
            self._make_ready(host)
            return question
        return None

    def done(self, name: str) -> Host:
        host = self._hosts[name]
        host.running -= 1
        self._make_ready(host)
        return host

    def take_pace(self, host: Host, question: Question, result: ProbeResult, now: float) -> None:
        """Adapt the pace of its host to an answer."""
        if result.failure is Failure.RATE_LIMITED:
            host.pace.limited(now, result.retry_after)
            refuses_all = host.pace.seems_closed
            if question.is_witness or (refuses_all and not self.add_witness(host)):
                host.pace.close(now + (result.retry_after or _LEFT_ALONE))
        elif result.failure is Failure.UNREACHABLE:
            host.pace.unreachable()
        elif question.is_witness:
            host.pace.means_links()
        elif not result.is_network_failure:
            host.pace.answered()
            host.answered = question

    def drain(self, host: Host) -> list[Question]:
        """Take away what waits for the host in vain; what it was asked for before goes on."""
        questions = [question for question in host.waiting if not question.tries]
        host.waiting = deque(question for question in host.waiting if question.tries)
        self.waiting -= len(questions)
        return questions

    def leave(self, question: Question) -> bool:
        """Keep it for `reopen`; False if that has happened already."""
        if question.turn in self._reopened:
            return False
        self._left.append(question)
        return True

    def reopen(self) -> set[str]:
        """Resolvers that failed for the first of their links are asked for the last ones, once.

        Those next to each other may be alike: a resolver that fails for one series would be given
        up at each run before the others had their turn. Return their names.
        """
        left, self._left = self._left, []
        for question in reversed(left):
            if question.turn not in self._reopened:
                self._reopened.add(question.turn)
                self.host(question.turn).pace.reopen()
            self.add(question)
        return {question.resolver for question in left}

    def next_at(self) -> float | None:
        """When something that is put off may be asked; None for nothing."""
        times = [queue[0][0] for queue in (self._paused, self._later) if queue]
        return min(times, default=None)

    @contextmanager
    def place(self, names: Iterator[str]) -> Iterator[str | None]:
        """A place at the first host that has one. None if none has: then the first host's next
        place is kept until `release`."""
        candidates = [self.host(name) for name in names]
        host = next((host for host in candidates if host.running < host.pace.limit), None)
        if host is None:
            self._reserve(candidates[0])
            yield None
            return
        self.release()
        host.running += 1
        try:
            yield host.name
        finally:
            self.done(host.name)

    def release(self) -> None:
        """No place has to be kept any more."""
        host, self._reserved = self._reserved, None
        if host is not None:
            host.reserved = False
            self._make_ready(host)

    def _reserve(self, host: Host) -> None:
        self.release()
        host.reserved = True
        self._reserved = host

    def _make_ready(self, host: Host) -> None:
        if not host.is_ready and host.has_work and host.has_room:
            host.is_ready = True
            self._ready.append(host)

    def _pause(self, host: Host) -> None:
        host.is_ready = True  # It comes back by itself.
        heapq.heappush(self._paused, (host.pace.not_before, next(self._numbers), host))

    def _wake(self, now: float) -> None:
        while self._paused and self._paused[0][0] <= now:
            host = heapq.heappop(self._paused)[2]
            host.is_ready = False
            self._make_ready(host)
        while self._later and self._later[0][0] <= now:
            self.waiting -= 1
            self.add(heapq.heappop(self._later)[2])
