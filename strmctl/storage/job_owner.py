"""Whose job is whose: the kernel frees the name of a process that was killed, in containers too."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from strmctl.errors import DatabaseError


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
    path = database.with_name(f"{database.name}.{owner}")
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise DatabaseError(f"{path}: cannot be opened: {error.strerror}") from error
    try:
        yield _take(descriptor)
    finally:
        # The file stays: removing it would let two processes hold files of the same name.
        os.close(descriptor)


def _take(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
