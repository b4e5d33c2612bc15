"""A full disk has many voices: the system's, a quota's, SQLite's; it needs a person either way."""

import errno
import sqlite3

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
