"""Locks of files beside the database; the kernel frees those of a process that was killed."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from strmctl.errors import DatabaseError


@contextmanager
def opened(path: Path) -> Iterator[int]:
    """A descriptor of the file, made where it is missing; closing it gives up what is locked."""
    try:
        # Python opens it close-on-exec (PEP 446): no child keeps the lock.
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise DatabaseError(f"{path}: cannot be opened: {error.strerror}") from error
    try:
        yield descriptor
    finally:
        # The file stays: removing it would let a third one lock another file of the same name.
        os.close(descriptor)


def take(descriptor: int) -> bool:
    """Whether nobody had it, so that it is held here now."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def job_owner(database: Path) -> Iterator[str]:
    """A name that no other process has before this one lets go of it or ends."""
    for number in count():
        name = f"jobs-{number}"
        with held(database, name) as is_mine:
            if is_mine:
                yield name
                return


@contextmanager
def held(database: Path, owner: str) -> Iterator[bool]:
    """Whether nobody had that name, so that it is held here for as long as this lasts."""
    with opened(database.with_name(f"{database.name}.{owner}")) as descriptor:
        yield take(descriptor)
