"""Two runs that change the library never overlap; the kernel frees the lock of a killed one."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from strmctl.errors import DatabaseError, LockedError


@contextmanager
def run_lock(database: Path, command: str) -> Iterator[None]:
    """Hold the lock beside the database; raises LockedError, naming its holder, at once."""
    path = database.with_name(f"{database.name}.lock")
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise DatabaseError(f"{path}: cannot be opened: {error.strerror}") from error
    try:
        _lock(descriptor)
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()} {command}".encode(), 0)
        yield
    finally:
        # The file stays: removing it would let a third run lock another one of the same name.
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise LockedError(f"{_holder(descriptor)} is running: wait until it ends") from None


def _holder(descriptor: int) -> str:
    pid, _, command = os.pread(descriptor, 200, 0).decode("utf-8", "replace").partition(" ")
    return f"`strmctl {command}` (pid {pid})" if command else "another strmctl"
