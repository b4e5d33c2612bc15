"""Locks of files beside the database; the kernel frees those of a process that was killed."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from msgspec import Struct

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


class Owner(Struct, frozen=True):
    """A child that inherits `descriptor` holds the name too, until it has ended (flock(2))."""

    name: str
    descriptor: int


@contextmanager
def job_owner(database: Path) -> Iterator[Owner]:
    """A name that no other process has before this one and its children let go of it or end."""
    for number in count():
        name = f"jobs-{number}"
        with opened(_file_of(database, name)) as descriptor:
            if take(descriptor):
                yield Owner(name, descriptor)
                return


@contextmanager
def held(database: Path, owner: str) -> Iterator[bool]:
    """Whether nobody had that name, so that it is held here for as long as this lasts."""
    with opened(_file_of(database, owner)) as descriptor:
        yield take(descriptor)


def _file_of(database: Path, owner: str) -> Path:
    return database.with_name(f"{database.name}.{owner}")
