"""How long the machine itself stood still, which is not to be held against what is watched."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_TICK = 0.05


@dataclass(slots=True)
class Hiccups:
    """`longest` in seconds."""

    longest: float = 0.0


@contextmanager
def noticing_hiccups() -> Iterator[Hiccups]:
    """A thread that wants to run every 50 ms tells how late it came at the worst."""
    hiccups, over = Hiccups(), threading.Event()

    def tick() -> None:
        slept = time.monotonic()
        while not over.wait(_TICK):
            now = time.monotonic()
            hiccups.longest = max(hiccups.longest, now - slept - _TICK)
            slept = now

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        yield hiccups
    finally:
        over.set()
        thread.join()
