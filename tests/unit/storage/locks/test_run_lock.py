"""Two runs never overlap; one that waits begins when the other has ended, and ends on a signal."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from strmctl.errors import DatabaseError, LockedError
from strmctl.storage.locks.run_lock import run_lock

HOLDER = """
import sys
from datetime import timedelta
from pathlib import Path
from strmctl.storage.locks.run_lock import run_lock

path, command, seconds = sys.argv[1:]
wait = timedelta(seconds=float(seconds))
with run_lock(Path(path), command, wait=wait, on_wait=lambda holder: print("waits", flush=True)):
    print("held", flush=True)
    sys.stdin.read()
"""
AN_HOUR = timedelta(hours=1)


@contextmanager
def another(database: Path, command: str, wait: float = 0) -> Iterator["subprocess.Popen[str]"]:
    """Another process that takes the lock and holds it until its stdin is closed."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(database), command, str(wait)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def says(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def end(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.close()


def test_the_second_run_is_told_who_holds_it(tmp_path: Path) -> None:
    database = tmp_path / "s.db"
    with another(database, "probe --all") as process:
        assert says(process) == "held"
        expected = rf"`strmctl probe --all` \(pid {process.pid}, since [\d :-]+\) is running"
        with pytest.raises(LockedError, match=expected), run_lock(database, "refresh"):
            pass
        process.kill()
        process.wait()
        with run_lock(database, "refresh"):
            pass


def test_a_second_run_waits_for_the_end_of_the_first(tmp_path: Path) -> None:
    database = tmp_path / "s.db"
    told: list[str] = []
    with another(database, "probe") as process:
        assert says(process) == "held"

        def tell(holder: str) -> None:
            told.append(holder)
            end(process)

        with run_lock(database, "refresh", wait=AN_HOUR, on_wait=tell):
            assert process.wait(30) == 0
    [holder] = told
    assert holder.startswith(f"`strmctl probe` (pid {process.pid}, since ")


def test_a_second_run_waits_no_longer_than_it_should(tmp_path: Path) -> None:
    with run_lock(tmp_path / "s.db", "probe"):
        begun = time.monotonic()
        with (
            pytest.raises(LockedError, match=r"`strmctl probe` .* is running"),
            run_lock(tmp_path / "s.db", "refresh", wait=timedelta(seconds=0.3)),
        ):
            pass
        assert 0.3 <= time.monotonic() - begun < 30


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_signal_ends_the_wait(tmp_path: Path, sign: signal.Signals) -> None:
    with (
        run_lock(tmp_path / "s.db", "probe"),
        another(tmp_path / "s.db", "refresh", wait=3600) as process,
    ):
        assert says(process) == "waits"
        process.send_signal(sign)
        process.communicate(timeout=30)
        assert process.returncode == -sign


def test_waiting_costs_nothing(tmp_path: Path) -> None:
    with run_lock(tmp_path / "s.db", "probe"):
        spent = []
        for _ in range(3):  # The memory of other tests may be cleared up meanwhile.
            before = time.process_time()
            wait = timedelta(seconds=1)
            with pytest.raises(LockedError), run_lock(tmp_path / "s.db", "refresh", wait=wait):
                pass
            spent.append(time.process_time() - before)
        assert min(spent) < 0.2, spent


def test_it_is_free_after_an_error(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), run_lock(tmp_path / "s.db", "refresh"):
            raise ZeroDivisionError


@pytest.mark.parametrize(
    ("note", "holder"),
    [
        pytest.param("", "another strmctl", id="not written yet"),
        pytest.param("123", "another strmctl", id="cut off"),
        pytest.param("123 refresh --dead", "another strmctl", id="of an older release"),
        pytest.param(
            "7 2026-11-22T12:03:04 refresh --dead",
            "`strmctl refresh --dead` (pid 7, since 2026-11-22 12:03:04)",
            id="since another day",
        ),
    ],
)
def test_what_the_note_tells(tmp_path: Path, note: str, holder: str) -> None:
    database = tmp_path / "s.db"
    with run_lock(database, "probe"):
        (tmp_path / "s.db.lock").write_text(note)
        with pytest.raises(LockedError) as refused, run_lock(database, "refresh"):
            pass
    assert str(refused.value).startswith(f"{holder} is running: ")


def test_a_longer_note_of_an_earlier_run_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "s.db.lock").write_text("99999999999 import /a/very/long/path" * 9)
    with run_lock(tmp_path / "s.db", "refresh"):
        pid, _since, command = (tmp_path / "s.db.lock").read_text().split(" ")
    assert (pid, command) == (str(os.getpid()), "refresh")


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with (
        pytest.raises(DatabaseError, match="cannot be opened"),
        run_lock(tmp_path / "absent" / "s.db", "refresh"),
    ):
        pass
