"""A body that survives: cut off in the middle it goes on where it ended, from the same entity."""

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
"""Bytes that are read again at most, to see whether a body of unknown length is the same."""

_COMPARED_FIRST = 16 * 1024
"""Bytes in which a broadcast shows a time of its own; its tables come first."""

Resume = Callable[[int], Awaitable[tuple[UpstreamResponse, int]]]
"""From the bytes sent so far, a response and how many of its bytes to skip."""


class Listener(Protocol):
    """Hears every byte of a body as it is sent, as long as it `needs_more` of them."""

    @property
    def needs_more(self) -> bool: ...

    def hear(self, chunk: bytes) -> None: ...

    def close(self) -> None: ...


class _Beginning:
    """Of a body whose length is not known: what another answer has to begin with, to go on here."""

    def __init__(self) -> None:
        self.length = 0
        self._head = b""
        self._digest = hashlib.blake2b()

    def add(self, piece: bytes) -> None:
        self.length += len(piece)
        self._head += piece[: _COMPARED_FIRST - len(self._head)]
        # What is longer would be read again for too long.
        if self.length <= LONGEST_BEGINNING:
            self._digest.update(piece)

    def check(self, other: "_Beginning") -> None:
        """Raises UpstreamError where `other` begins otherwise, as far as it has come.

        A live broadcast shows at once that it is another one.
        """
        is_same = self._head.startswith(other._head)
        if is_same and other.length == self.length:
            is_same = self._digest.digest() == other._digest.digest()
        if not is_same:
            raise UpstreamError("the upstream's file has changed", final=True)


class Body:
    """`length` bytes of `response` after `skip`; None where the length is not known.

    Without a response it is `known`, bytes at hand.
    `resume` is asked for the rest whenever the upstream cuts the body off, as long as every
    answer brings at least one byte more. Of an unknown length it may answer the whole.
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
    ) -> None:
        self._response = response
        self._skip = skip
        self._length = length
        self._known = known
        self._resume = resume
        self._listeners = listeners
        self._observer = observer
        self._sent = 0
        self._beginning = _Beginning() if length is None and resume is not None else None
        self._again: _Beginning | None = None
        """What has been read again of it."""
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
        """End the upstream's answer; whoever reads on gets the rest from another one.

        False where that is not possible, or where its viewer is reading: who reads all the time is
        another viewer, behind the same front perhaps.
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
        """All of it, where that has come with its head already, else None: then read `chunks`.

        Most short segments have; to wait for nothing costs a tenth of their price.
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
        """What `pipe` does not send by itself. Raises UpstreamError when the body cannot be
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
                    raise
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
        if self._skip or self._gave_way or is_short:
            raise UpstreamError("the upstream ended the body too early")

    def _look_again(self, piece: bytes) -> None:
        """Raises UpstreamError where what comes before is not what has been sent."""
        if self._again is not None and self._beginning is not None:
            self._again.add(piece)
            self._beginning.check(self._again)

    async def _poured(self, pipe: Pipe) -> bool:
        """Whether the rest of the body went through `pipe`; its first bytes never do.

        So whoever counts what healed, or compares what is sent, has seen them.
        """
        assert self._response is not None
        if self._skip or self._length is None or any(one.needs_more for one in self._listeners):
            return False
        before, self._pipe = pipe.sent, pipe
        try:
            return await self._response.pour(pipe, self._length - self._sent)
        except UpstreamError:
            # The rest is asked for once it is wanted, as if this had been read piece by piece.
            await pipe.room()
            raise
        finally:
            self._pipe = None
            self._sent += pipe.sent - before

    async def _go_on(self, cut: UpstreamError) -> None:
        """`cut` ended the part before. Raises UpstreamError."""
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
    """The reason stays, but not that it is final: begun anew, the body may be whole."""
    return UpstreamError(
        "the body cannot be completed",
        status=getattr(error, "status", None),
        http_status=error.http_status,
        retry_after=getattr(error, "retry_after", None),
    )
