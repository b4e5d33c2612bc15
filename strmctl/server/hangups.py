"""SIGHUP means "read the settings again", from the first moment on: it ends nothing."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_EARLY: list[int] = []
"""Came before there was anybody to read the settings again."""


def note_hangups() -> None:
    """Until `on_hangup` or `take_early`; what came meanwhile is not lost."""
    signal.signal(signal.SIGHUP, lambda number, _frame: _EARLY.append(number))


def take_early() -> list[int]:
    early, _EARLY[:] = list(_EARLY), []
    return early


def on_hangup(asked: Callable[[], None]) -> None:
    """Calls `asked` in the running event loop for each, and for those that came before."""
    had_terminal = sys.stderr.isatty()

    def hangup() -> None:
        # The window was closed: no daemon is meant, and nobody would find this one again.
        if had_terminal and not os.isatty(sys.stderr.fileno()):
            signal.raise_signal(signal.SIGTERM)
        else:
            asked()

    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, hangup)
    # In a worker it has been blocked until here, see `no_hangups`.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
    if take_early():
        asked()


@contextmanager
def no_hangups() -> Iterator[None]:
    """A process that is started meanwhile gets SIGHUP when it knows what to do with it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
