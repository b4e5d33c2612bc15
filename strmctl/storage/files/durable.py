"""What is reported as done survives a power cut: fsync before rename, then fsync of the folder."""

import os
from pathlib import Path


def replace_file(
    temporary: Path, target: Path, content: bytes, *, owner: int | None = None
) -> None:
    """`target` is old or new at any moment; its name lasts once the folder has been synced.

    `owner` is the user who alone may read it; None leaves that to the umask.
    """
    mode = 0o666 if owner is None else 0o600
    descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
    try:
        if owner is not None:
            os.fchown(descriptor, owner, -1)
        _write_all(descriptor, content)
        os.fsync(descriptor)
        temporary.rename(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make it and its parents, each of them durable."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync(folder.parent)


def sync(path: Path) -> None:
    """fsync of a file or a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
