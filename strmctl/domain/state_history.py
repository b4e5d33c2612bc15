"""How many links were in which state, walked back from today by what has happened since."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from msgspec import Struct

from strmctl.domain.mapping import LinkState

Group = TypeVar("Group", bound=Hashable)
States = Mapping[LinkState, int]


class Passage(Struct, Generic[Group], frozen=True):
    """So many links of a group went from one state to another; `before` None: they were new."""

    at: datetime
    group: Group
    before: LinkState | None
    after: LinkState
    links: int = 1


class Moment(Struct, Generic[Group], frozen=True):
    at: datetime
    groups: Mapping[Group, States]

    def total(self) -> States:
        return combined(self.groups.values())


def combined(counts: Iterable[States]) -> States:
    """The sums, with all six states."""
    total = Counter(dict.fromkeys(LinkState, 0))
    for states in counts:
        total.update(states)
    return total


def moments(now: datetime, since: datetime, number: int) -> Sequence[datetime]:
    """So many, evenly from `since` to `now`, both of them included; at least two."""
    step = max(now - since, timedelta(0)) / (number - 1)
    return [now - step * back for back in reversed(range(number))]


def walk_back(
    today: Mapping[Group, States], passages: Iterable[Passage[Group]], times: Sequence[datetime]
) -> Sequence[Moment[Group]]:
    """The counts at `times`, in their order, which is that of time.

    Where the history does not lead to today's counts, since some of it has been forgotten, the
    states are a guess; how many links there were is right even then.
    """
    counts = {group: Counter(states) for group, states in today.items()}
    later = sorted(passages, key=lambda passage: passage.at)
    found = []
    for at in reversed(times):
        while later and later[-1].at > at:
            _undo(counts, later.pop())
        found.append(Moment(at, {group: _plausible(states) for group, states in counts.items()}))
    return found[::-1]


def _undo(counts: dict[Group, Counter[LinkState]], passage: Passage[Group]) -> None:
    states = counts.setdefault(passage.group, Counter())
    states[passage.after] -= passage.links
    if passage.before is not None:
        states[passage.before] += passage.links


def _plausible(states: Counter[LinkState]) -> States:
    """Without negative counts: what is missing is taken from the largest ones."""
    missing = -sum(number for number in states.values() if number < 0)
    found = {}
    for state, number in states.most_common():
        found[state] = max(0, number - missing)
        missing = max(0, missing - max(0, number))
    return found
