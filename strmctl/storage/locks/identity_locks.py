"""One process at a time resolves an identity; the kernel frees a lock whose holder has died.

All identities share one file: each locks one byte, at an offset made from its canonical form.
Locks of an open file description (Linux, fcntl(2)) belong to this object; elsewhere POSIX record
locks do the same between processes.
"""

import errno
import fcntl
import hashlib
import os
import struct
from pathlib import Path

from strmctl.domain.identity import Identity
from strmctl.errors import DatabaseError

_OFD_SETLK: int | None = getattr(fcntl, "F_OFD_SETLK", None)


class IdentityLocks:
    """Never waits; the file is made when it is first needed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self, identity: Identity) -> bool:
        """False when another process holds it; raises DatabaseError for an unusable file."""
        try:
            self._set(fcntl.F_WRLCK, identity)
        except OSError as error:
            # POSIX lets a system say either for a lock that another holds.
            if error.errno in (errno.EAGAIN, errno.EACCES):
                return False
            raise DatabaseError(f"{self._path}: cannot be locked: {error.strerror}") from error
        return True

    def release(self, identity: Identity) -> None:
        if self._descriptor is not None:
            self._set(fcntl.F_UNLCK, identity)

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _set(self, kind: int, identity: Identity) -> None:
        if self._descriptor is None:
            # Opened once: closing any descriptor of the file drops POSIX locks (fcntl(2)).
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        if _OFD_SETLK is not None:
            fcntl.fcntl(self._descriptor, _OFD_SETLK, _flock(kind, _offset(identity)))
            return
        command = fcntl.LOCK_UN if kind == fcntl.F_UNLCK else fcntl.LOCK_EX | fcntl.LOCK_NB
        fcntl.lockf(self._descriptor, command, 1, _offset(identity))


def _offset(identity: Identity) -> int:
    """62 bits: an offset plus one stays within off_t."""
    digest = hashlib.sha256(identity.canonical().encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 2


def _flock(kind: int, start: int) -> bytes:
    """struct flock of <fcntl.h>: type, whence, start, length, pid (0 for this kind of lock)."""
    return struct.pack("hhqqi0q", kind, os.SEEK_SET, start, 1, 0)
