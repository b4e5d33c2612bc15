"""At most ten redirects are followed, and none that leads in a circle."""

import time
from collections.abc import Callable

from strmctl.errors import UpstreamError
from strmctl.newest import Newest

MAX_REDIRECTS = 10

REMEMBERED = 5.0
"""Seconds in which a URL that led nowhere is refused without a request."""

_URLS = 1000


class Redirects:
    """Remembers URLs that led nowhere, for one client."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._endless: Newest[str, tuple[float, UpstreamError]] = Newest(_URLS)

    def trail(self, url: str) -> "Trail":
        """Raises UpstreamError for a URL that has just led nowhere."""
        at, failure = self._endless.get(url, (0.0, None))
        if failure is not None and self._monotonic() - at < REMEMBERED:
            raise UpstreamError(str(failure), status=failure.status)
        return Trail(self, url)

    def lost(self, url: str, failure: UpstreamError) -> UpstreamError:
        self._endless.put(url, (self._monotonic(), failure))
        return failure


class Trail:
    """The URLs of one chain of redirects. A redirect to itself with a new cookie is no circle."""

    def __init__(self, redirects: Redirects, url: str) -> None:
        self._redirects = redirects
        self._start = url
        self._seen: set[tuple[str, str]] = set()

    def step(self, url: str, cookie: str, redirect: int | None) -> None:
        """Raises UpstreamError, with the status of the last redirect, if this leads nowhere."""
        # A loop cost 60 upstream requests for each play (docs/peers.md, row 50).
        if (url, cookie) in self._seen:
            self._refuse("the upstream redirects in a circle", redirect)
        if len(self._seen) > MAX_REDIRECTS:
            self._refuse(f"the upstream redirected more than {MAX_REDIRECTS} times", redirect)
        self._seen.add((url, cookie))

    def _refuse(self, reason: str, redirect: int | None) -> None:
        raise self._redirects.lost(self._start, UpstreamError(reason, status=redirect))
