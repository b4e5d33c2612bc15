"""How often a thing is asked for again, and after which wait: one table, one way of counting.

What to do after an upstream's failure is a rule of its own (healing.py). Times are seconds of a
monotonic clock.
"""

from msgspec import Struct


class Policy(Struct, frozen=True):
    """`again` more tries in a row, within `within` seconds of the beginning; None: no such limit.

    `wait` comes before each, `growth` times as long before the next one. A wait that the other
    side names (Retry-After) counts instead where it is longer; beyond `longest` it ends the tries.
    """

    wait: float
    again: int | None = None
    within: float | None = None
    longest: float = 0.0
    growth: float = 1.0


CUT_BODY = Policy(wait=0.0, again=2)
"""A body goes on as long as it makes progress; these are tries that brought no byte."""

LOST_EGRESS = Policy(wait=0.25, within=5.0)
"""An egress that has worked is waited for, since VPNs reconnect."""

FREED_PLACE = Policy(wait=0.1, again=3)
"""A provider notices after a moment that a connection has ended."""

GLANCE = Policy(wait=0.05, again=1)
"""A playlist that waits for its key is worth one more try, not the silence that several are."""

COMPARED = Policy(wait=0.1, again=6, growth=2.0, longest=5.0)
"""Segments that show whether a renewed link has the same content: six seconds in all, and players
give up after eight. Failing quickly would end a play that goes on a moment later."""

COMPARED_AGAIN = Policy(wait=0.1, again=1, longest=5.0)
"""The same where nobody could have them a moment ago: each request would wait for them anew."""

LISTED_SOON = Policy(wait=0.25, within=3.0)
"""Another process has listed it already, or the provider's next edge has: this one will."""

NEW_LINK = Policy(wait=0.5, again=1, longest=5.0)
"""A resolver's answer that does not play is asked for once more where that may pass."""

OTHER_ANSWER = Policy(wait=0.0, again=2)
"""A resolver may have another link where its answer does not play."""

RESOLVER_LATER = Policy(wait=0.0, again=1, longest=60.0)
"""A resolver that says when to come back is asked then. cron's next run comes within the hour:
longer waits are its own."""


class Patience:
    """Counts the failures of one piece of work that began at `now`."""

    def __init__(self, policy: Policy, now: float) -> None:
        self._policy = policy
        self._began = now
        self._failures = 0

    def progressed(self) -> None:
        """The next failure is a first one."""
        self._failures = 0

    def wait(self, now: float, named: float | None = None) -> float | None:
        """Seconds to wait after a failure, None where it ends the tries."""
        policy = self._policy
        self._failures += 1
        if policy.again is not None and self._failures > policy.again:
            return None
        if policy.within is not None and now - self._began > policy.within:
            return None
        if named is not None and named > policy.longest:
            return None
        return max(policy.wait * policy.growth ** (self._failures - 1), named or 0.0)
