"""How many bodies are on their way; a full server says so before it asks an upstream."""

from collections.abc import Iterator
from contextlib import contextmanager

from strmctl.errors import UpstreamError

_RETRY_AFTER = 5.0


class Streams:
    """Counts what is being sent, up to `limit`."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.active = 0

    def check(self) -> None:
        """Raises UpstreamError (503) where there is no room for another one."""
        if self.active >= self._limit:
            raise UpstreamError(
                "serve.max_streams are being sent", http_status=503, retry_after=_RETRY_AFTER
            )

    @contextmanager
    def one(self) -> Iterator[None]:
        self.active += 1
        try:
            yield
        finally:
            self.active -= 1
