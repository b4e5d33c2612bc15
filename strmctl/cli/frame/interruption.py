"""SIGINT and SIGTERM end a run at once: what has not tidied up soon after is left as it is.

That loses nothing, since files are replaced whole and each batch is a transaction. It is for what
cannot be interrupted: a thread that asks a dead DNS server, SQLite waiting for another program, a
pipe that nobody reads.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType, TracebackType
from typing import ClassVar, Self

from strmctl.settings.environment import JOB, WATCHES_STDIN

INTERRUPTED = 128 + signal.SIGINT
TERMINATED = 128 + signal.SIGTERM
ENDED_BY = {INTERRUPTED: "interrupted", TERMINATED: "terminated"}
_ENDINGS = {signal.SIGINT: INTERRUPTED, signal.SIGTERM: TERMINATED}
_TIDYING_SECONDS = 2.0
_FLUSHING_SECONDS = 0.5


class Interruption:
    """Both signals raise KeyboardInterrupt in the run; `announce` writes its one line, for a code.

    A thread of its own is woken by them (signal.set_wakeup_fd), whatever the main one does.
    """

    code: ClassVar[int] = INTERRUPTED
    """That of the process's last run, since a signal is the process's."""

    # signal.set_wakeup_fd() takes only what does not block.
    def __init__(self, announce: Callable[[int], None]) -> None:
        self._announce = announce
        Interruption.code = INTERRUPTED
        self._unannounced = threading.Lock()
        self._signals, self._wakeup = os.pipe()
        os.set_blocking(self._wakeup, False)

    def __enter__(self) -> Self:
        if signal.getsignal(signal.SIGINT) in (signal.SIG_DFL, _is_ending):
            signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, self._terminate)
        signal.set_wakeup_fd(self._wakeup, warn_on_full_buffer=False)
        threading.Thread(target=self._watch, name="signals", daemon=True).start()
        if os.environ.get(JOB) == WATCHES_STDIN:
            # What it starts itself is no job of the server's.
            os.environ[JOB] = "1"
            threading.Thread(target=_end_with_server, name="server", daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        take_no_signals()
        os.close(self._wakeup)

    def ended(self) -> int:
        """The run has tidied up; returns its exit code."""
        # Ctrl-C twice, or a group and its process told: the second is about the same.
        for number in _ENDINGS:
            signal.signal(number, _is_ending)
        # What was left half made, an event loop say, complains when it is collected.
        sys.unraisablehook = lambda _unraisable: None
        self._announce_once(self.code)
        return self.code

    # A shell starts background jobs with SIGINT ignored (POSIX, section 2.11).
    def _terminate(self, _number: int, _frame: FrameType | None) -> None:
        """Like SIGINT, for which asyncio cancels what it runs, but with another exit code."""
        if self.code == TERMINATED:
            return
        Interruption.code = TERMINATED
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            raise KeyboardInterrupt
        signal.raise_signal(signal.SIGINT)

    def _watch(self) -> None:
        code = None
        while code is None:
            number = os.read(self._signals, 1)
            if not number:
                os.close(self._signals)
                return
            code = _ENDINGS.get(signal.Signals(number[0]))
        threading.Event().wait(_TIDYING_SECONDS)
        self._announce_once(code)
        flushing = threading.Thread(target=_flush, daemon=True)
        flushing.start()
        flushing.join(_FLUSHING_SECONDS)
        # A thread in getaddrinfo(3) cannot be ended: a usual exit would wait for it.
        os._exit(code)

    def _announce_once(self, code: int) -> None:
        if self._unannounced.acquire(blocking=False):
            self._announce(code)


def _is_ending(_number: int, _frame: FrameType | None) -> None:
    """A second signal changes nothing."""


def _end_with_server() -> None:
    """A server that is killed by -9 tells nobody, but its end of the pipe is closed.

    Not PR_SET_PDEATHSIG: that is about the thread which has started this (prctl(2)).
    """
    while os.read(0, 1024):
        pass  # It says nothing.
    os.kill(os.getpid(), signal.SIGTERM)


def take_no_signals() -> None:
    """For a command with an ending of its own: nobody watches how long it takes."""
    signal.set_wakeup_fd(-1)


def _flush() -> None:
    with suppress(OSError, ValueError):
        sys.stdout.flush()
