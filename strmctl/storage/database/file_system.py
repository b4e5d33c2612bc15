"""What the file system below is (proc(5), /proc/self/mountinfo), and whether it is full."""

import errno
import re
import sqlite3
from pathlib import Path

_MOUNTS = Path("/proc/self/mountinfo")
_NETWORK = (
    r"nfs\d?|cifs|smb\w*|9p|afs|ceph|glusterfs|lustre|beegfs|davfs\d?|ncpfs|"
    r"fuse\.(sshfs|rclone|s3fs|davfs\d?|glusterfs|ceph\S*|mergerfs|smb\S*|nfs\S*|juicefs|goofys)"
)


def file_system(path: Path, mounts: str | None = None) -> str:
    """Its name, such as `ext4` or `nfs4`; "" where the system does not tell.

    `mounts` stands for the text of /proc/self/mountinfo.
    """
    if mounts is None:
        mounts = _MOUNTS.read_text("utf-8", "surrogateescape") if _MOUNTS.exists() else ""
    real = path.resolve()
    found, kind = Path(), ""
    for line in mounts.splitlines():
        # Optional fields of any number end in a lone hyphen (proc(5)).
        before, _, after = line.partition(" - ")
        point = Path(_unescaped(before.split(" ")[4]))
        # The last of several mounts at one place is the one that is seen.
        if real.is_relative_to(point) and len(point.parts) >= len(found.parts):
            found, kind = point, after.split(" ")[0]
    return kind


def is_network(kind: str) -> bool:
    """Whether locks and shared memory cannot be relied on there."""
    # Compiled where it is asked: every command imports this, and few ask.
    return re.fullmatch(_NETWORK, kind) is not None


def _unescaped(text: str) -> str:
    """Blanks, tabs, line ends and backslashes are written as octal numbers."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)


_FULL = (errno.ENOSPC, errno.EDQUOT)


def is_disk_full(error: BaseException | None) -> bool:
    """Whether that is behind it, however often it was said anew."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _FULL:
            return True
        if isinstance(error, sqlite3.Error):
            code = getattr(error, "sqlite_errorcode", 0)
            # The second one is "disk I/O error": no room for the index of the WAL.
            return code & 0xFF == sqlite3.SQLITE_FULL or code == sqlite3.SQLITE_IOERR_SHMSIZE
        # `raise … from None` hides a context, but keeps it.
        error = error.__cause__ or error.__context__
    return False
