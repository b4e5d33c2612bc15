"""Under a unit of Type=notify: an AF_UNIX socket on systemd's side of it."""

import os
import signal
import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from stage.strmctl import Server, Strmctl, new_strmctl
from stage.waiting import until
from strmctl.server.systemd import Systemd

_CREDENTIALS = struct.Struct("3i")
_WATCHDOG_SECONDS = 0.6
_MARK = "X_MARK=1"


@dataclass
class Listener:
    """`told`: who (its pid) said what, in the order in which it came."""

    name: str
    told: list[tuple[int, str]] = field(default_factory=list)

    @property
    def environ(self) -> Mapping[str, str]:
        microseconds = str(round(_WATCHDOG_SECONDS * 1e6))
        return {"NOTIFY_SOCKET": self.name, "WATCHDOG_USEC": microseconds}

    def who_said(self, assignment: str) -> list[int]:
        return [pid for pid, text in self.told if assignment in text.splitlines()]

    def has_heard_all(self) -> None:
        """That was said before this: what is said comes in its order."""
        heard = len(self.who_said(_MARK))
        Systemd({"NOTIFY_SOCKET": self.name}).tell(_MARK)
        until(lambda: len(self.who_said(_MARK)) > heard, "the mark is heard")


@contextmanager
def listening(name: str) -> Iterator[Listener]:
    """`name` as in NOTIFY_SOCKET: a path, or an abstract socket behind "@"."""
    listener = Listener(name)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        receiver.bind(name.replace("@", "\0", 1) if name.startswith("@") else name)

        def receive() -> None:
            while True:
                text, ancillary, _, _ = receiver.recvmsg(4096, socket.CMSG_SPACE(12))
                if text == b"END":
                    return
                pid, _, _ = _CREDENTIALS.unpack(ancillary[0][2])
                listener.told.append((pid, text.decode()))

        thread = threading.Thread(target=receive)
        thread.start()
        try:
            yield listener
        finally:
            Systemd({"NOTIFY_SOCKET": name}).tell("END")
            thread.join(60)


@pytest.fixture
def strmctl(tmp_path: Path) -> Strmctl:
    return new_strmctl(tmp_path / "strmctl", "http://127.0.0.1:1/resolve")


@contextmanager
def service(strmctl: Strmctl, listener: Listener, workers: int = 1) -> Iterator[Server]:
    environ = {**listener.environ, "STRMCTL_SERVE_WORKERS": str(workers)}
    with strmctl.serving(environ=environ) as server:
        yield server


def test_ready_alive_and_stopping(strmctl: Strmctl) -> None:
    answers: list[int] = []
    with listening(f"@strmctl-test-{os.getpid()}") as systemd:

        def ask() -> None:
            until(lambda: bool(systemd.told), "it says something", 60)
            url = f"{strmctl.base_url}/readyz"
            answers.append(httpx.get(url, trust_env=False, verify=False, timeout=30).status_code)

        asking = threading.Thread(target=ask)
        asking.start()
        with service(strmctl, systemd) as server:
            until(lambda: len(systemd.who_said("WATCHDOG=1")) > 3, "it says that it is alive")
            assert systemd.told[0] == (server.process.pid, "READY=1")
            assert systemd.who_said("READY=1") == [server.process.pid]
            assert systemd.who_said("STOPPING=1") == []
            assert systemd.who_said("STATUS=0 streams")
            asking.join(60)
            assert answers == [200]
            server.stop()
            systemd.has_heard_all()
            assert systemd.who_said("STOPPING=1") == [server.process.pid]


def test_a_process_that_hangs_is_not_alive(strmctl: Strmctl, tmp_path: Path) -> None:
    with listening(str(tmp_path / "notify")) as systemd, service(strmctl, systemd) as server:
        until(lambda: bool(systemd.who_said("WATCHDOG=1")), "it says that it is alive")
        server.process.send_signal(signal.SIGSTOP)
        until(lambda: state_of(server.process.pid) == "T", "it hangs")
        systemd.has_heard_all()
        said = systemd.who_said("WATCHDOG=1")
        threading.Event().wait(3 * _WATCHDOG_SECONDS)
        systemd.has_heard_all()
        assert systemd.who_said("WATCHDOG=1") == said
        server.process.send_signal(signal.SIGCONT)
        until(lambda: len(systemd.who_said("WATCHDOG=1")) > len(said), "it is alive again")


def state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]


@pytest.mark.slow
def test_workers_are_alive_and_their_supervisor_stops(strmctl: Strmctl, tmp_path: Path) -> None:
    with listening(str(tmp_path / "notify")) as systemd, service(strmctl, systemd, 2) as server:
        until(lambda: len(set(systemd.who_said("WATCHDOG=1"))) == 2, "both are alive")
        workers = set(systemd.who_said("READY=1"))
        assert len(workers) == 2
        assert server.process.pid not in workers
        killed = min(workers)
        os.kill(killed, signal.SIGTERM)
        until(lambda: len(set(systemd.who_said("READY=1"))) == 3, "another one is ready")
        assert systemd.who_said("STOPPING=1") == [], "one worker's end is not the service's"
        server.stop()
        systemd.has_heard_all()
        assert systemd.who_said("STOPPING=1") == [server.process.pid]


@pytest.mark.parametrize(
    "name", ["", "relative", "/nonexistent/notify", "vsock:2:1234", "@nobody-listens-there"]
)
def test_without_a_listener_nothing_is_told_and_nothing_fails(name: str) -> None:
    systemd = Systemd({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "no number"})
    systemd.tell("READY=1")
    assert not systemd.watchdog


def test_a_systemd_that_does_not_read_keeps_nobody_waiting(tmp_path: Path) -> None:
    name = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(name)
        systemd = Systemd({"NOTIFY_SOCKET": name})
        for _ in range(2000):
            systemd.tell("WATCHDOG=1")
