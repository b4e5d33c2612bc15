"""Locks between real processes."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from strmctl.domain.identity import Identity
from strmctl.errors import DatabaseError
from strmctl.storage.locks.identity_locks import IdentityLocks, _offset

ONE = Identity("a.example", "one", "de", 1, 1)
TWO = Identity("a.example", "one", "de", 1, 2)

HOLDER = """
import sys
from pathlib import Path
from strmctl.domain.identity import Identity
from strmctl.storage.locks.identity_locks import IdentityLocks
locks = IdentityLocks(Path(sys.argv[1]))
print(locks.acquire(Identity("a.example", "one", "de", 1, 1)), flush=True)
sys.stdin.read()
"""


@contextmanager
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds ONE until it is killed."""
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        yield process
        process.kill()


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    one, other = IdentityLocks(tmp_path / "locks"), IdentityLocks(tmp_path / "locks")
    assert one.acquire(ONE)
    assert not other.acquire(ONE)
    assert other.acquire(TWO)
    one.release(ONE)
    assert other.acquire(ONE)
    one.close()
    other.close()


def test_kill_frees_it(tmp_path: Path) -> None:
    locks = IdentityLocks(tmp_path / "locks")
    with holder(tmp_path / "locks") as process:
        assert not locks.acquire(ONE)
        assert locks.acquire(TWO)
        process.kill()
        process.wait()
        assert locks.acquire(ONE)
    locks.close()


def test_closing_frees_it_and_closing_twice_is_harmless(tmp_path: Path) -> None:
    one, other = IdentityLocks(tmp_path / "locks"), IdentityLocks(tmp_path / "locks")
    assert one.acquire(ONE)
    one.close()
    one.close()
    one.release(ONE)
    assert other.acquire(ONE)
    other.close()


def test_a_file_that_cannot_be_made(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="cannot be locked"):
        IdentityLocks(tmp_path / "absent" / "locks").acquire(ONE)


def test_the_file_is_its_owners_alone_and_stays_empty(tmp_path: Path) -> None:
    locks = IdentityLocks(tmp_path / "locks")
    locks.acquire(ONE)
    status = (tmp_path / "locks").stat()
    assert (status.st_mode & 0o777, status.st_size) == (0o600, 0)
    locks.close()


@given(st.integers(0, 9999), st.integers(0, 9999))
def test_offsets_are_within_a_file_and_differ(season: int, episode: int) -> None:
    identity = Identity("a.example", "one", "de", season, episode)
    assert 0 <= _offset(identity) < 2**62
    assert _offset(identity) != _offset(Identity("a.example", "two", "de", season, episode))
