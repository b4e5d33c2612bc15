"""A body that survives: cut off in the middle it goes on where it ended, from the same entity."""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable

from strmctl.errors import StrmctlError, UpstreamError
from strmctl.upstream.response import UpstreamResponse

_TRIES_WITHOUT_PROGRESS = 3

log = logging.getLogger(__name__)

Resume = Callable[[int], Awaitable[tuple[UpstreamResponse, int]]]
"""From the bytes sent so far, a response and how many of its bytes to skip."""


class Body:
    """`length` bytes of `response` after `skip`; None where the length is not known.

    `resume` is asked for the rest whenever the upstream cuts the body off, as long as every
    answer brings at least one byte more.
    """

    def __init__(
        self,
        response: UpstreamResponse,
        *,
        length: int | None,
        skip: int = 0,
        resume: Resume | None = None,
    ) -> None:
        self._response = response
        self._skip = skip
        self._length = length
        self._resume = resume
        self._sent = 0

    def close(self) -> None:
        self._response.close()

    async def chunks(self) -> AsyncGenerator[bytes]:
        """Raises UpstreamError when the body cannot be completed."""
        failures = 0
        while True:
            before = self._sent
            try:
                async for chunk in self._part():
                    yield chunk
                return
            except UpstreamError as cut:
                self._response.close()
                if self._length is None or self._resume is None:
                    raise
                failures = 0 if self._sent > before else failures + 1
                if failures >= _TRIES_WITHOUT_PROGRESS:
                    raise
                await self._go_on(cut)

    async def _part(self) -> AsyncGenerator[bytes]:
        """What this response has of the body; raises UpstreamError when it ends too early."""
        async for chunk in self._response.chunks():
            if self._skip:
                self._skip, chunk = max(0, self._skip - len(chunk)), chunk[self._skip :]
            if self._length is not None:
                chunk = chunk[: self._length - self._sent]
            if chunk:
                self._sent += len(chunk)
                yield chunk
            if self._sent == self._length:
                return
        if self._length is not None and self._sent < self._length:
            raise UpstreamError("the upstream ended the body too early")

    async def _go_on(self, cut: UpstreamError) -> None:
        assert self._resume is not None
        try:
            self._response, self._skip = await self._resume(self._sent)
        except StrmctlError as error:
            log.warning("body ended after %d bytes: %s; not resumed: %s", self._sent, cut, error)
            raise UpstreamError("the body cannot be completed") from None
        log.info("body resumed after %d bytes: %s", self._sent, cut)
