"""Whether work grows with its input alone; a bound in seconds would be one on the machine."""

import time
from collections.abc import Callable

SMALL, FACTOR = 20_000, 8
MOST = 3.0 * FACTOR
"""Three times of what linear work takes; quadratic work takes eight times of it."""

AT_LEAST, AT_MOST = 5, 40
"""Pairs of measurements: the least of few can be a disturbed one, on either side."""


def grows_linearly(work: Callable[[int], object], small: int = SMALL) -> bool:
    """Somebody else on the CPU only adds to a measurement, so the least of each size counts."""
    least_small = least_large = float("inf")
    for pair in range(AT_MOST):
        least_small = min(least_small, _cpu_seconds(work, small))
        least_large = min(least_large, _cpu_seconds(work, FACTOR * small))
        if pair + 1 >= AT_LEAST and least_large < MOST * least_small:
            return True
    return False


def _cpu_seconds(work: Callable[[int], object], size: int) -> float:
    """Of this thread."""
    began = time.thread_time()
    work(size)
    return max(time.thread_time() - began, 1e-6)
