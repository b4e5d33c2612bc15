"""Two runs that change the library never overlap; the kernel frees the lock of a killed one."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

from strmctl.errors import LockedError
from strmctl.storage.locks.file_lock import opened, take

_POLL_SECONDS = 0.1
_NOTE_MAX = 1000


def _nobody_listens(_holder: str) -> None:
    return


@contextmanager
def run_lock(
    database: Path,
    command: str,
    *,
    wait: timedelta = timedelta(0),
    on_wait: Callable[[str], None] = _nobody_listens,
) -> Iterator[None]:
    """Hold the lock beside the database, after waiting for another run as long as `wait`.

    `command` is what others are told while this one holds it: no secrets. `on_wait` is called
    with the holder, once, before the wait. Raises LockedError, naming the holder.
    """
    with opened(database.with_name(f"{database.name}.lock")) as descriptor:
        _lock(descriptor, wait, on_wait)
        _note(descriptor, f"{os.getpid()} {datetime.now().astimezone().isoformat()} {command}")
        yield


@contextmanager
def writing(database: Path) -> Iterator[None]:
    """Held by each `write`, of which many may run at once; waits for an `undo` to end."""
    with opened(_writing_file(database)) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield


@contextmanager
def nobody_writing(database: Path) -> Iterator[None]:
    """Raises LockedError while a `write` is under way."""
    with opened(_writing_file(database)) as descriptor:
        if not take(descriptor):
            raise LockedError("`strmctl write` is running: run this again when it has ended")
        yield


@contextmanager
def maintaining(database: Path) -> Iterator[Callable[[], bool]]:
    """What is yielded tells whether this process is the one that maintains: once it has said so
    it goes on to until the end. Raises DatabaseError."""
    with opened(database.with_name(f"{database.name}.maintaining")) as descriptor:
        yield lambda: take(descriptor)


def _writing_file(database: Path) -> Path:
    return database.with_name(f"{database.name}.writing")


def _lock(descriptor: int, wait: timedelta, on_wait: Callable[[str], None]) -> None:
    if take(descriptor):
        return
    if wait:
        on_wait(_holder(descriptor))
    deadline = time.monotonic() + wait.total_seconds()
    while (left := deadline - time.monotonic()) > 0:
        # A signal ends this wait at once; a blocking flock has no time limit.
        Event().wait(min(left, _POLL_SECONDS))
        if take(descriptor):
            return
    raise LockedError(
        f"{_holder(descriptor)} is running: "
        "run this again when it has ended, or wait for that with --wait 10m"
    )


def _note(descriptor: int, text: str) -> None:
    """Who holds the lock; on a full disk nobody can be told, and the run goes on."""
    with suppress(OSError):
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, text.encode("utf-8", "replace")[:_NOTE_MAX], 0)


def _holder(descriptor: int) -> str:
    note = os.pread(descriptor, _NOTE_MAX, 0).decode("utf-8", "replace")
    try:
        pid, since, command = note.split(" ", 2)
        return f"`strmctl {command}` (pid {pid}, since {_clock(datetime.fromisoformat(since))})"
    except ValueError:
        return "another strmctl"


def _clock(moment: datetime) -> str:
    """In local time, with the day where it is not today's."""
    local, today = moment.astimezone(), datetime.now().astimezone().date()
    return local.strftime("%H:%M:%S" if local.date() == today else "%Y-%m-%d %H:%M:%S")
