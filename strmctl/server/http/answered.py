"""Each request has one line in the log: what was asked for, and what became of it.

Its URL holds a signature and is never logged.
"""

import logging

from msgspec import Struct
from starlette.types import Scope

from strmctl import tracing
from strmctl.server.http.logs import printable

log = logging.getLogger("strmctl.access")


def describe(scope: Scope, *what: object) -> None:
    """Set the words of the log line that say what is asked for."""
    scope["strmctl.what"] = what


class Answered(Struct):
    """What became of a request; seconds count from its beginning, None for what never came."""

    status: int = 0
    bytes: int = 0
    first_byte: float | None = None
    seconds: float = 0.0


def answered(scope: Scope) -> Answered:
    """What is known so far of a request that passed the front."""
    found = scope.get("strmctl.answered")
    return found if isinstance(found, Answered) else Answered()


def log_answer(scope: Scope, seen: Answered) -> None:
    """One line for each request: id, client, method, what, status, bytes, seconds."""
    # Each segment is a request: no line is put together that nobody reads.
    if not log.isEnabledFor(logging.INFO):
        return
    client = (scope.get("client") or ("-",))[0]
    what = printable(" ".join(map(str, scope.get("strmctl.what", ("other",)))))
    tracing.step(
        log,
        "answer",
        "%s %s %s -> %d, %d bytes, %.3f s",
        client,
        scope["method"],
        what,
        seen.status,
        seen.bytes,
        seen.seconds,
        level=logging.INFO,
        client=client,
        method=scope["method"],
        what=what,
        status=seen.status,
        bytes=seen.bytes,
        first_byte=seen.first_byte and round(seen.first_byte, 4),
        seconds=round(seen.seconds, 4),
    )
