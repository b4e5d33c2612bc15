"""What is reported as done survives a power cut: fsync before rename, then fsync of the folder."""

import os
from collections.abc import Callable
from pathlib import Path

from strmctl.storage.files.attributes import follow_folder


def replace_file(
    temporary: Path,
    target: Path,
    content: bytes,
    *,
    owner: int | None = None,
    prepare: Callable[[Path], None] | None = None,
) -> None:
    """`target` is old or new at any moment; its name lasts once the folder has been synced.

    `owner` is the user who alone may read it; otherwise the umask decides, and then `prepare`,
    which is called before the file has a name that others know.
    """
    # Whatever the umask, a secret is never readable for a moment.
    mode = 0o666 if owner is None else 0o600
    descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
    try:
        if owner is not None:
            # root may rotate the keys: the service's user has to read them still.
            os.fchown(descriptor, owner, -1)
        if prepare is not None:
            prepare(temporary)
        _write_all(descriptor, content)
        os.fsync(descriptor)
        temporary.rename(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def make_folder(folder: Path, library: Path | None = None) -> None:
    """Make it and its parents, each of them durable; those below `library` follow their parents."""
    if folder.is_dir():
        return
    make_folder(folder.parent, library)
    folder.mkdir(exist_ok=True)
    if library is not None and folder.parent.is_relative_to(library):
        follow_folder(folder)
    # The name of a new folder lasts once its parent has been synced (fsync(2)).
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
        # write(2) may take a part only, as on a disk that is nearly full.
        rest = rest[os.write(descriptor, rest) :]
