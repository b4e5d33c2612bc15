"""Wait for an event with a deadline, never for time to pass."""

import random
import socket
import threading
import time
from collections.abc import Callable

_NEVER = threading.Event()


def until(condition: Callable[[], bool], what: str, seconds: float = 15.0) -> None:
    """Poll `condition`; raises TimeoutError naming `what` when it does not come true."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        _NEVER.wait(0.02)


def free_port(host: str = "127.0.0.1") -> int:
    """A port below the ephemeral range, so that no outgoing connection takes it meanwhile."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind((host, port))
            except OSError:
                continue
        return port
