"""How many requests a host takes at once, and from when: less after a 429, slowly more again.

Times are seconds of a monotonic clock, given by the caller.
"""

from msgspec import Struct

SHORT_WAIT = 5.0
"""Longer than this a run does not wait for a host."""

_FIRST_PAUSE = 0.05
_PAUSE = 0.25
_REFUSALS = 5
_TOLERATED_MORE = 8
_BROKEN = 10
_UNREACHABLE_COUNTS = 2
_ANSWERS_TO_RECOVER = 20
_MOST_ANSWERS_TO_RECOVER = 640


class HostPace(Struct):
    """`limit` requests at once, none before `not_before`.

    A host that answers a 429 now and then may mean single links: it is slowed down. After a few
    bursts of nothing else it `seems_closed`, which a link that has answered before decides. It is
    broken when a few requests in a row, without any answer in this run, could not even connect;
    it takes more that were cut off or timed out, since these may be the links' fault.
    """

    limit: int
    not_before: float = 0.0
    closed_until: float | None = None
    has_answered: bool = False
    _most: int = 0
    _silence: int = 0
    _refusals: int = 0
    _tolerated: int = 1
    _answers: int = 0
    _needed: int = _ANSWERS_TO_RECOVER

    def __post_init__(self) -> None:
        self._most = self.limit

    @property
    def is_broken(self) -> bool:
        return self._silence >= _BROKEN

    @property
    def is_closed(self) -> bool:
        """Whether it is not to be asked any more in this run."""
        return self.is_broken or self.closed_until is not None

    @property
    def seems_closed(self) -> bool:
        return self._refusals >= self._tolerated + _REFUSALS

    @property
    def is_in_doubt(self) -> bool:
        """Whether what was seen last may be the fault of the link or of the host."""
        return self._refusals > 0 or (self._silence > 0 and not self.has_answered)

    def answered(self) -> None:
        """With anything but 429: after a good many of them one request more at once."""
        self.has_answered = True
        self._silence = self._refusals = 0
        self._answers += 1
        if self._answers >= self._needed and self.limit < self._most:
            self.limit += 1
            self._answers = 0

    def limited(self, now: float, retry_after: float | None) -> None:
        """A 429: half as many at once; each burst of them doubles what recovery takes."""
        self.has_answered = True
        self._silence = self._answers = 0
        self.limit = max(1, self.limit // 2)
        # Requests that were under way already belong to the same burst.
        if now >= self.not_before:
            self._refusals += 1
            self._needed = min(2 * self._needed, _MOST_ANSWERS_TO_RECOVER)
        self.not_before = max(self.not_before, now + self._pause(retry_after))

    def put_off(self, until: float) -> None:
        """It failed, or said when to come back: fewer at once, and none before then."""
        self.limit = max(1, self.limit // 2)
        self._answers = 0
        self._refusals += 1
        self.not_before = max(self.not_before, until)

    def means_links(self) -> None:
        """It answers 429 to a good many links, but not to one that has answered before."""
        self.answered()
        self._tolerated *= _TOLERATED_MORE

    def close(self, until: float) -> None:
        """Nothing more is asked of it in this run."""
        self.closed_until = max(self.closed_until or 0.0, until)

    def reopen(self) -> None:
        """Ask it once more, as if it had not failed."""
        self.closed_until, self._refusals = None, 0

    def silent(self) -> None:
        """A link without an answer, however often it was asked."""
        if not self.has_answered:
            self._silence += 1

    def unreachable(self) -> None:
        """A request without even a connection."""
        if not self.has_answered:
            self._silence += _UNREACHABLE_COUNTS

    # A longer rest may be meant for the one link: the next answers tell.
    def _pause(self, retry_after: float | None) -> float:
        beyond = self._refusals - self._tolerated
        if beyond <= 0:
            return _FIRST_PAUSE
        pause = min(_PAUSE * 2.0 ** (beyond - 1), SHORT_WAIT)
        return max(pause, retry_after) if retry_after and retry_after <= SHORT_WAIT else pause
