"""Counts as shapes: numbers in, the coordinates of an SVG out; colours are the style sheet's."""

from collections.abc import Sequence

from msgspec import Struct

from strmctl.domain.mapping import LinkState
from strmctl.domain.state_history import States

WIDTH, HEIGHT = 600, 100

TROUBLE = (LinkState.DEAD, LinkState.BLOCKED, LinkState.SUSPECT, LinkState.THROTTLED)
ALL = (*TROUBLE, LinkState.UNKNOWN, LinkState.ALIVE)
"""From the bottom of a chart to its top."""

_LEAST = 0.006
"""The share of a bar that the smallest count takes, so that it can be seen."""


class Band(Struct, frozen=True):
    """`points` are those of a polygon."""

    state: LinkState
    points: str


class Area(Struct, frozen=True):
    """`top` is the count at the upper edge."""

    bands: Sequence[Band]
    top: int

    @property
    def is_empty(self) -> bool:
        return not self.bands


class Segment(Struct, frozen=True):
    """A piece of a bar that is WIDTH wide."""

    state: LinkState
    count: int
    x: float
    width: float


def area(history: Sequence[States], states: Sequence[LinkState] = ALL) -> Area:
    """Bands on each other, the first at the bottom; those that stay at nothing are left out."""
    top = max((sum(counts[state] for state in states) for counts in history), default=0)
    if not top:
        return Area((), 0)
    bands = []
    below = [0] * len(history)
    for state in states:
        if not any(counts[state] for counts in history):
            continue
        above = [base + counts[state] for base, counts in zip(below, history, strict=True)]
        edge = [_point(index, value, len(history), top) for index, value in enumerate(above)]
        back = [_point(index, value, len(history), top) for index, value in enumerate(below)]
        bands.append(Band(state, " ".join([*edge, *reversed(back)])))
        below = above
    return Area(bands, top)


def bar(states: States) -> Sequence[Segment]:
    """What is well first, then what is worse and worse."""
    counts = [(state, states[state]) for state in reversed(ALL) if states[state]]
    total = sum(count for _, count in counts)
    shares = [max(count / total, _LEAST) for _, count in counts]
    segments, x = [], 0.0
    for (state, count), share in zip(counts, shares, strict=True):
        width = WIDTH * share / sum(shares)
        segments.append(Segment(state, count, round(x, 2), round(width, 2)))
        x += width
    return segments


def _point(index: int, value: int, number: int, top: int) -> str:
    x = WIDTH * index / max(1, number - 1)
    y = HEIGHT * (1 - value / top)
    return f"{x:.1f},{y:.1f}"
