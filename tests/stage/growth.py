"""Whether work grows with its input alone; a bound in seconds would be one on the machine."""

import time
from collections.abc import Callable

SMALL, FACTOR = 20_000, 4
MOST = 8.0
"""Twice of what linear work takes; quadratic work takes sixteen times as long."""


def grows_linearly(work: Callable[[int], object], small: int = SMALL) -> bool:
    """Of several tries one is enough: that somebody else had the CPU only makes a try slower."""
    return any(_ratio(work, small) < MOST for _ in range(5))


def _ratio(work: Callable[[int], object], small: int) -> float:
    return _cpu_seconds(work, FACTOR * small) / _cpu_seconds(work, small)


def _cpu_seconds(work: Callable[[int], object], size: int) -> float:
    """Of this thread; the least of three."""
    taken = []
    for _ in range(3):
        began = time.thread_time()
        work(size)
        taken.append(time.thread_time() - began)
    return max(min(taken), 1e-6)
