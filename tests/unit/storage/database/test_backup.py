"""A copy of a database on FAT or a share, whose hard links the kernel refuses."""

import ctypes
import errno
import os
import platform
import sqlite3
import stat
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from strmctl.errors import DatabaseError
from strmctl.storage.database.backup import copy_database, read_copy
from strmctl.storage.database.connection import Database

_NO_NEW_PRIVS, _SET_SECCOMP, _FILTER = 38, 22, 2
_LOAD, _IF_EQUAL, _RETURN, _ALLOW, _ERRNO = 0x20, 0x15, 0x06, 0x7FFF0000, 0x00050000
_LINK_CALLS = {"x86_64": (86, 265), "aarch64": (37, 37)}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))


@pytest.fixture(params=[errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS], ids=["FAT", "share", "FUSE"])
def linkless(request: pytest.FixtureRequest) -> Iterator[ThreadPoolExecutor]:
    """A thread in which the kernel answers link(2) and linkat(2) as such a file system does."""
    with ThreadPoolExecutor(1, initializer=_refuse_links, initargs=(request.param,)) as thread:
        yield thread


@pytest.fixture
def source(tmp_path: Path) -> Path:
    Database.open(tmp_path / "strmctl.db").close()
    return tmp_path / "strmctl.db"


def test_it_is_made_without_a_link(linkless: ThreadPoolExecutor, source: Path) -> None:
    target = source.with_name("copy.db")

    linkless.submit(copy_database, source, target).result()

    with closing(sqlite3.connect(target)) as connection:
        assert connection.execute("SELECT count(*) FROM strm_mapping").fetchall() == [(0,)]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert list(source.parent.glob(".*")) == []


@pytest.mark.parametrize("kind", ["pipe", "folder", "device"])
def test_what_is_no_file_is_not_waited_for(tmp_path: Path, kind: str) -> None:
    source = Path("/dev/zero") if kind == "device" else tmp_path / kind
    if kind == "pipe":
        os.mkfifo(source)
    elif kind == "folder":
        source.mkdir()
    with pytest.raises(DatabaseError, match="it is not a file"):
        read_copy(source, tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()


@pytest.mark.parametrize("is_link", [False, True], ids=["file", "dangling-link"])
def test_it_replaces_nothing(linkless: ThreadPoolExecutor, source: Path, is_link: bool) -> None:
    target = source.with_name("copy.db")
    if is_link:
        target.symlink_to("nowhere")
    else:
        target.write_text("precious")
    before = unchanging(target)

    with pytest.raises(DatabaseError, match="exists already"):
        linkless.submit(copy_database, source, target).result()

    assert unchanging(target) == before
    assert list(source.parent.glob(".*")) == []


def unchanging(path: Path) -> tuple[int, ...]:
    """Without the time of access, which looking at a link changes."""
    status = path.lstat()
    return status.st_ino, status.st_mode, status.st_size, status.st_mtime_ns


def _refuse_links(error: int) -> None:
    """By a seccomp filter, which ends with the thread."""
    first, second = _LINK_CALLS[platform.machine()]
    instructions = (
        (_LOAD, 0, 0, 0),
        (_IF_EQUAL, 2, 0, first),
        (_IF_EQUAL, 1, 0, second),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERRNO | error),
    )
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in instructions)
    program = _Program(len(instructions), code)
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    assert prctl(_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    assert prctl(_SET_SECCOMP, _FILTER, ctypes.byref(program)) == 0, ctypes.get_errno()
