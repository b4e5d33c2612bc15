"""Why nobody answered a request, in the words of the operating system where it has said some."""

import errno
from collections.abc import Iterator

_ASYNCIO_S = "Connect call failed"
"""And the address, in place of the system's words (asyncio/selector_events.py)."""
_WORDS = {
    errno.ECONNREFUSED: "Connection refused",
    errno.EHOSTUNREACH: "No route to host",
    errno.ENETUNREACH: "Network is unreachable",
}


def why_unanswered(error: BaseException) -> str:
    """`Connection refused`, `Name or service not known`; else the error's kind, `ReadTimeout`.

    An HTTP client says "All connection attempts failed", and keeps the system's error as the cause
    or the context of its own. Never holds the URL that was asked for.
    """
    said = (_of_system(it) for it in _chain(error) if isinstance(it, OSError))
    return next(filter(None, said), type(error).__name__)


def _of_system(error: OSError) -> str:
    said = str(error.strerror or "")
    return _WORDS.get(error.errno or 0, "") if said.startswith(_ASYNCIO_S) else said


def _chain(error: BaseException) -> Iterator[BaseException]:
    """From the innermost error outwards. One address failed after another: the first counts."""
    if isinstance(error, BaseExceptionGroup):
        yield from _chain(error.exceptions[0])
    # httpcore raises its errors `from None`: the context alone still knows.
    elif (within := error.__cause__ or error.__context__) is not None:
        yield from _chain(within)
    yield error
