"""Wait for an event with a deadline, never for time to pass."""

import itertools
import os
import random
import socket
import threading
import time
from collections.abc import Callable

_NEVER = threading.Event()


def _ports_of_this_worker() -> list[int]:
    """Below the ephemeral range, so that no outgoing connection takes one meanwhile."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    ports = range(20_000 + worker, 32_000, workers)
    return random.SystemRandom().sample(ports, len(ports))


_PORTS = itertools.cycle(_ports_of_this_worker())


def until(condition: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    """Poll `condition`; raises TimeoutError naming `what` when it does not come true."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        _NEVER.wait(0.02)


def free_port(host: str = "127.0.0.1") -> int:
    """One that no other worker is given, and this one not again before long."""
    for port in _PORTS:
        with socket.socket() as probe:
            try:
                probe.bind((host, port))
            except OSError:
                continue
        return port
    raise AssertionError("they have no end")
