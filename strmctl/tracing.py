"""What happened is told once, as a record of the log that knows its request and its fields.

The server makes a line of text or JSON of it, `strmctl trace` a step. Fields hold hosts, never
upstream URLs, and no secrets:

    log.info("resolved again", extra=fields(step="heal", status=403))
"""

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

REQUEST_ID_FIELD = "X-Request-Id"
REQUEST_ID_VARIABLE = "STRMCTL_REQUEST_ID"
"""Where resolvers find the id; upstreams are never told it."""

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""Of the request that is being answered; "" outside of one."""

_ACCEPTED_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def is_request_id(text: str) -> bool:
    """Whether an id from outside may stand in logs, header fields and environments."""
    return _ACCEPTED_ID.fullmatch(text) is not None


def fields(**values: object) -> Mapping[str, object]:
    """The `extra` of a record; `step` names what kind of step it is."""
    return {"fields": values}


def fields_of(record: logging.LogRecord) -> Mapping[str, object]:
    found = getattr(record, "fields", None)
    return found if isinstance(found, dict) else {}


class _Listener(logging.Handler):
    def __init__(self, hear: Callable[[logging.LogRecord], None]) -> None:
        super().__init__(logging.DEBUG)
        self._hear = hear

    def emit(self, record: logging.LogRecord) -> None:
        self._hear(record)


@contextmanager
def listening(hear: Callable[[logging.LogRecord], None]) -> Iterator[None]:
    """`hear` gets every record of strmctl's own, whatever is shown; nobody else does meanwhile."""
    log = logging.getLogger("strmctl")
    listener = _Listener(hear)
    level, propagate = log.level, log.propagate
    log.addHandler(listener)
    log.setLevel(logging.DEBUG)
    log.propagate = False
    try:
        yield
    finally:
        log.removeHandler(listener)
        log.setLevel(level)
        log.propagate = propagate
