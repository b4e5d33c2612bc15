"""A body that is cut off goes on where it ended, with bytes of the same representation."""

import hashlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Protocol

from strmctl import tracing
from strmctl.domain.patience.patience import CUT_BODY, Patience
from strmctl.errors import StrmctlError, UpstreamError
from strmctl.services.observer import UNOBSERVED, Observer
from strmctl.upstream.response import Pipe, UpstreamResponse

log = logging.getLogger(__name__)

LONGEST_BEGINNING = 64 * 1024 * 1024
"""At most so many bytes are read again to see whether a body of unknown length is the same."""

_COMPARED_FIRST = 16 * 1024
"""Bytes within which two broadcasts differ: they begin with the same tables, a time follows."""

Resume = Callable[[int], Awaitable[tuple[UpstreamResponse, int]]]
"""From the bytes sent so far, a response and how many of its bytes to skip."""


class Listener(Protocol):
    """Hears every byte of a body as it is sent, as long as it `needs_more` of them."""

    @property
    def needs_more(self) -> bool: ...

    def hear(self, chunk: bytes) -> None: ...

    def close(self) -> None: ...


class _Beginning:
    """How a body of unknown length began: only an answer that begins the same may continue it."""

    def __init__(self) -> None:
        self.length = 0
        self._head = b""
        self._digest = hashlib.blake2b()

    def add(self, piece: bytes) -> None:
        self.length += len(piece)
        self._head += piece[: _COMPARED_FIRST - len(self._head)]
        # More is never read again.
        if self.length <= LONGEST_BEGINNING:
            self._digest.update(piece)

    def check(self, other: "_Beginning") -> None:
        """Raises UpstreamError if `other`, as far as it has come, begins differently.

        Another live broadcast shows that within its first bytes.
        """
        is_same = self._head.startswith(other._head)
        if is_same and other.length == self.length:
            is_same = self._digest.digest() == other._digest.digest()
        if not is_same:
            raise UpstreamError("the upstream's file has changed", final=True)


class Body:
    """`length` bytes (None: not known) of `response`, after its first `skip` bytes.

    If there `may_be_less`, that many were asked for, and a good end of the body is one.
    Without a response the body is `known`. Whenever the upstream cuts the body off, `resume` is
    asked for the rest, as long as each answer brings at least one byte more. If the length is
    not known, `resume` may answer with the whole.
    """

    def __init__(
        self,
        response: UpstreamResponse | None,
        *,
        length: int | None,
        skip: int = 0,
        known: bytes = b"",
        resume: Resume | None = None,
        listeners: Sequence[Listener] = (),
        observer: Observer = UNOBSERVED,
        may_be_less: bool = False,
    ) -> None:
        self._response = response
        self._skip = skip
        self._length = length
        self._known = known
        self._resume = resume
        self._listeners = listeners
        self._observer = observer
        self._sent = 0
        self._may_be_less = may_be_less
        self._beginning = _Beginning() if length is None and resume is not None else None
        self._again: _Beginning | None = None
        """What has been read again, to be compared."""
        self._is_unread = False
        self._gave_way = False
        self._pipe: Pipe | None = None

    def heard_by(self, listener: Listener) -> None:
        self._listeners = (*self._listeners, listener)

    @property
    def is_whole(self) -> bool:
        """Whether the last of a known number of bytes has been given out."""
        return self._sent == self._length

    def give_way(self) -> bool:
        """End the upstream's answer; a viewer that reads on gets the rest from another one.

        False where that is not possible, or while its viewer reads: that may be somebody else,
        behind the same reverse proxy.
        """
        if (
            self._gave_way
            or not (self._is_unread or (self._pipe is not None and self._pipe.is_held_back))
            or None in (self._response, self._resume)
        ):
            return False
        assert self._response is not None
        self._response.close()
        self._gave_way = True
        return True

    def close(self) -> None:
        if self._response is not None:
            self._response.close()
        for listener in self._listeners:
            listener.close()
        self._listeners = ()

    def at_hand(self) -> bytes | None:
        """The whole body if it came along with its head, else None: then read `chunks`.

        Most short segments come so, and to wait for nothing is a tenth of their price.
        """
        if self._response is None:
            return self._known
        if self._length is None or self._sent:
            return None
        found = self._response.taken[self._skip : self._skip + self._length]
        if len(found) < self._length:
            return None
        self._sent = self._length
        for listener in self._listeners:
            listener.hear(found)
        return found

    async def chunks(self, pipe: Pipe | None = None) -> AsyncGenerator[bytes]:
        """The body, but for what `pipe` sends by itself. Raises UpstreamError when it cannot be
        completed."""
        if self._response is None:
            yield self._known
            return
        patience = Patience(CUT_BODY, 0.0)
        while True:
            before = self._sent
            try:
                async for chunk in self._part(pipe):
                    yield chunk
                    chunk = b""  # As in `_part`.
                return
            except UpstreamError as cut:
                if self._resume is None or cut.final:
                    raise
                if self._sent > before:
                    patience.progressed()
                elif patience.wait(0.0) is None:
                    # Whoever reads it anew would ask for each of these again, nine times over.
                    raise cut.made_anew(lasting=True) from None
                await self._go_on(cut)

    async def _part(self, pipe: Pipe | None) -> AsyncGenerator[bytes]:
        """What this response has of the body; raises UpstreamError when it ends too early."""
        assert self._response is not None
        async for chunk in self._response.chunks():
            if self._skip:
                self._look_again(chunk[: self._skip])
                self._skip, chunk = max(0, self._skip - len(chunk)), chunk[self._skip :]
            if self._length is not None:
                chunk = chunk[: self._length - self._sent]
            if chunk:
                self._sent += len(chunk)
                if self._beginning is not None:
                    self._beginning.add(chunk)
                for listener in self._listeners:
                    listener.hear(chunk)
                self._is_unread = True
                yield chunk
                self._is_unread = False
            chunk = b""  # The rest may take hours: what was sent is not kept for as long.
            if self._sent == self._length or (pipe is not None and await self._poured(pipe)):
                return
        is_short = self._length is not None and self._sent < self._length
        is_over = self._may_be_less and self._sent > 0
        if self._skip or self._gave_way or (is_short and not is_over):
            raise UpstreamError("the upstream ended the body too early")

    def _look_again(self, piece: bytes) -> None:
        """Raises UpstreamError if skipped bytes differ from those that were sent before."""
        if self._again is not None and self._beginning is not None:
            self._again.add(piece)
            self._beginning.check(self._again)

    async def _poured(self, pipe: Pipe) -> bool:
        """Whether the rest of the body went through `pipe`.

        The first bytes never do: they are compared, and the first one shows that a link healed.
        """
        assert self._response is not None
        if self._skip or self._length is None or any(one.needs_more for one in self._listeners):
            return False
        before, self._pipe = pipe.sent, pipe
        try:
            return await self._response.pour(pipe, self._length - self._sent)
        except UpstreamError:
            # As if it were read piece by piece: the rest is asked for when the player wants more.
            await pipe.room()
            raise
        finally:
            self._pipe = None
            self._sent += pipe.sent - before

    async def _go_on(self, cut: UpstreamError) -> None:
        """Ask for what follows after `cut`. Raises UpstreamError."""
        assert self._resume is not None
        assert self._response is not None
        self._response.close()
        reason = str(cut)
        try:
            self._response, self._skip = await self._resume(self._sent)
            self._gave_way = False
            if self._beginning is not None:
                self._length, self._again = self._response.total, _Beginning()
        except StrmctlError as error:
            self._observer.resumed(well=False)
            tracing.step(
                log,
                "not resumed",
                "body ended after %d bytes: %s; not resumed: %s",
                self._sent,
                reason,
                error,
                level=logging.WARNING,
                sent=self._sent,
                reason=reason,
            )
            raise _incomplete(error) from None
        self._observer.resumed(well=True)
        tracing.step(
            log,
            "resume",
            "body goes on after %d bytes: %s",
            self._sent,
            reason,
            level=logging.INFO,
            sent=self._sent,
            reason=reason,
        )


def _incomplete(error: StrmctlError) -> UpstreamError:
    """Says what `error` says, but not that it is final: asked for anew, the body may be whole."""
    return UpstreamError(
        "the body cannot be completed",
        status=getattr(error, "status", None),
        http_status=error.http_status,
        retry_after=getattr(error, "retry_after", None),
    )
