"""Two runs never overlap."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from strmctl.errors import DatabaseError, LockedError
from strmctl.storage.run_lock import run_lock

HOLDER = """
import sys
from pathlib import Path
from strmctl.storage.run_lock import run_lock
with run_lock(Path(sys.argv[1]), "probe --all"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_second_run_is_told_who_holds_it(tmp_path: Path) -> None:
    database = tmp_path / "s.db"
    command = [sys.executable, "-c", HOLDER, str(database)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        expected = rf"`strmctl probe --all` \(pid {process.pid}\) is running"
        with pytest.raises(LockedError, match=expected), run_lock(database, "refresh"):
            pass
        process.kill()
        process.wait()
        with run_lock(database, "refresh"):
            pass


def test_it_is_free_after_the_run_and_after_an_error(tmp_path: Path) -> None:
    database = tmp_path / "s.db"
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), run_lock(database, "refresh"):
            raise ZeroDivisionError
    with run_lock(database, "refresh"):
        assert (tmp_path / "s.db.lock").read_text() == f"{os.getpid()} refresh"


def test_a_longer_note_of_an_earlier_run_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "s.db.lock").write_text("99999999999 import /a/very/long/path")
    with run_lock(tmp_path / "s.db", "refresh"):
        assert (tmp_path / "s.db.lock").read_text() == f"{os.getpid()} refresh"


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with (
        pytest.raises(DatabaseError, match="cannot be opened"),
        run_lock(tmp_path / "absent" / "s.db", "refresh"),
    ):
        pass
