"""A request's own line in the log: what it asked for, and what became of it.

Its address holds a signature and is never logged.
"""

import logging

from msgspec import Struct
from starlette.types import Scope

from strmctl import tracing
from strmctl.server.http.logs import printable

log = logging.getLogger("strmctl.access")


def describe(scope: Scope, *what: object) -> None:
    """Say in the log line what is asked for, in one word or several."""
    scope["strmctl.what"] = what


class Answered(Struct):
    """What became of a request: seconds from its beginning, None for what did not come."""

    status: int = 0
    bytes: int = 0
    first_byte: float | None = None
    seconds: float = 0.0


def answered(scope: Scope) -> Answered:
    """Of a request that has come through the front; whole once it has ended."""
    found = scope.get("strmctl.answered")
    return found if isinstance(found, Answered) else Answered()


def log_answer(scope: Scope, seen: Answered) -> None:
    """One line for each request: id, client, method, what, status, bytes, seconds."""
    # Each segment is a request: what nobody reads is not put together.
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
