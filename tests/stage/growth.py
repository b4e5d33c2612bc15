"""Whether work grows with its input alone; a bound in seconds would be one on the machine."""

import time
from collections.abc import Callable

SMALL, FACTOR = 20_000, 4
MOST = 8.0
"""Twice of what linear work takes; quadratic work takes sixteen times as long."""


def grows_linearly(work: Callable[[int], object], small: int = SMALL) -> bool:
    """Of several tries one is enough: that somebody else had the CPU only makes a try slower."""
    return any(_ratio(work, small) < MOST for _ in range(10))


def _ratio(work: Callable[[int], object], small: int) -> float:
    """A disturbed measurement of the small work would flatter it, so the least of three counts."""
    least = min(_cpu_seconds(work, small) for _ in range(3))
    return _cpu_seconds(work, FACTOR * small) / least


def _cpu_seconds(work: Callable[[int], object], size: int) -> float:
    """Of this thread."""
    began = time.thread_time()
    work(size)
    return max(time.thread_time() - began, 1e-6)
