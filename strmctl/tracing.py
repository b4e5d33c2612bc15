"""What happened is logged once, as a record that knows its request, its step and its fields.

The server makes a line of text or JSON of it, `strmctl trace` a step. Fields hold hosts, never
upstream URLs, and no secrets:

    tracing.step(log, "heal", "resolved again", level=logging.INFO, status=403)
"""

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

REQUEST_ID_FIELD = "X-Request-Id"
REQUEST_ID_VARIABLE = "STRMCTL_REQUEST_ID"
"""Where resolvers find the id; upstreams never see it."""

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request that is being answered; "" outside of one."""

_ACCEPTED_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def is_request_id(text: str) -> bool:
    """Whether an id from outside may stand in logs, header fields and environments."""
    return _ACCEPTED_ID.fullmatch(text) is not None


def step(
    log: logging.Logger,
    kind: str,
    message: str,
    /,
    *arguments: object,
    level: int = logging.DEBUG,
    **fields: object,
) -> None:
    """Log `message % arguments` as a step of this `kind`; `fields` go to JSON and to `trace`."""
    if log.isEnabledFor(level):
        extra = {"fields": {"step": kind, **fields}}
        log.log(level, message, *arguments, extra=extra, stacklevel=2)


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
