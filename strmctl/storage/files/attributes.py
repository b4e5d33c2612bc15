"""A file that is replaced keeps its owner, group, mode and extended attributes; a new one follows
its folder.

Libraries are shared between strmctl, media servers and people: a `.strm` that suddenly belongs to
root is one that nobody else can change. What this process may not set is left out, as rsync does.
"""

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from msgspec import field

from strmctl.discreet import Discreet

_DEFAULT_ACL = "system.posix_acl_default"


class Attributes(Discreet, frozen=True):
    """`mode` holds permission bits; None leaves them to the folder's default ACL."""

    hidden = ("extended",)

    uid: int
    gid: int
    mode: int | None
    extended: Mapping[str, bytes] = field(default_factory=dict)

    def give(self, path: Path) -> None:
        """Set what differs on the file."""
        status = path.stat()
        if (status.st_uid, status.st_gid) != (self.uid, self.gid):
            _change_owner(path, self.uid, self.gid)
        # After the owner: chown clears the set-id bits.
        if self.mode is not None and stat.S_IMODE(path.stat().st_mode) != self.mode:
            with suppress(PermissionError):
                path.chmod(self.mode)
        for name, value in self.extended.items():
            with suppress(OSError):
                os.setxattr(path, name, value)


def of_file(file: Path) -> Attributes | None:
    """None where there is no plain file."""
    try:
        status = file.lstat()
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return Attributes(status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode), _extended(file))


def follow_folder(path: Path) -> None:
    """Give a new file or folder the owner and group of the folder that it is in.

    Its mode, as the umask made it, is kept within what the folder allows; a group that may write
    into the folder may write what is new, and the set-group-id bit goes on to new folders. A
    default ACL of the folder has said it all already.
    """
    folder, status = path.parent.stat(), path.stat()
    mode: int | None = None
    if not _has_default_acl(path.parent):
        # To execute a folder is to enter it: its files need no such bit.
        may = 0o777 | stat.S_ISGID if stat.S_ISDIR(status.st_mode) else 0o666
        allowed = folder.st_mode & may
        mode = status.st_mode & allowed | may & stat.S_IRWXU
        if folder.st_mode & stat.S_IWGRP:
            mode |= allowed & (stat.S_IRWXG | stat.S_ISGID)
    Attributes(folder.st_uid, folder.st_gid, mode).give(path)


# Who may not give a file away may still give it to a group of their own.
def _change_owner(path: Path, uid: int, gid: int) -> None:
    try:
        os.chown(path, uid, gid)
    except PermissionError:
        with suppress(PermissionError):
            os.chown(path, -1, gid)


def _extended(file: Path) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    with suppress(OSError):  # a file system without them
        for name in os.listxattr(file, follow_symlinks=False):
            with suppress(OSError):
                found[name] = os.getxattr(file, name, follow_symlinks=False)
    return found


def _has_default_acl(folder: Path) -> bool:
    try:
        return bool(os.getxattr(folder, _DEFAULT_ACL))
    except OSError:
        return False
