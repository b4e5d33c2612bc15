"""Whose job is whose: the kernel frees the name of a process that was killed, in containers too."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from strmctl.storage.file_lock import opened, take


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
