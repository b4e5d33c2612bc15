"""A full disk is found behind whatever was said of it."""

import errno
import sqlite3

import pytest

from strmctl.errors import DatabaseError, ItemError
from strmctl.storage.database.file_system import is_disk_full


def behind(cause: BaseException) -> ItemError:
    try:
        raise ItemError("film.strm: cannot be written") from cause
    except ItemError as error:
        return error


def sqlite(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        pytest.param(OSError(errno.ENOSPC, "No space left on device"), True, id="the system"),
        pytest.param(behind(OSError(errno.EDQUOT, "Quota exceeded")), True, id="a quota behind"),
        pytest.param(behind(sqlite(sqlite3.SQLITE_FULL)), True, id="SQLite"),
        pytest.param(sqlite(sqlite3.SQLITE_IOERR_SHMSIZE), True, id="SQLite's index of the WAL"),
        pytest.param(sqlite(sqlite3.SQLITE_IOERR_READ), False, id="a broken disk"),
        pytest.param(behind(sqlite(sqlite3.SQLITE_BUSY)), False, id="a busy database"),
        pytest.param(OSError(errno.EACCES, "Permission denied"), False, id="no permission"),
        pytest.param(DatabaseError("no such database"), False, id="nothing behind"),
        pytest.param(None, False, id="none"),
    ],
)
def test_whether_a_disk_is_full(error: BaseException | None, expected: bool) -> None:
    assert is_disk_full(error) is expected
