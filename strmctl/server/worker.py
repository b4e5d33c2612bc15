"""One process that serves: on SIGTERM /readyz says so, then the listener closes, then streams end.

On SIGHUP it reads its settings again. Of several workers each does so for itself, told by the one
that started them (server/supervisor.py).
"""

import asyncio
import logging
import multiprocessing
import signal
import socket
import sys
import time
from collections.abc import Sequence
from types import FrameType

import uvicorn
from msgspec import Struct
from starlette.types import ASGIApp

from strmctl.collector import collect_seldom
from strmctl.errors import StrmctlError
from strmctl.server import systemd
from strmctl.server.hangups import on_hangup
from strmctl.server.http.logs import start_log
from strmctl.server.serving import Read, Serving, following
from strmctl.server.systemd import Systemd
from strmctl.settings.model import Settings

log = logging.getLogger(__name__)

AT_ONCE = signal.SIGUSR1
"""What a worker is sent where SIGINT is meant: a terminal sends that to every process by itself."""

_SWITCH_SECONDS = 0.0002
_TICK = 0.1


class Work(Struct, frozen=True):
    """What a process that serves is started with. `command` begins the command lines of jobs."""

    settings: Settings
    read: Read
    command: Sequence[str]
    verbose: int
    quiet: bool

    def start_log(self, settings: Settings) -> None:
        """Raises SettingsError."""
        start_log(settings.serve, verbose=self.verbose, quiet=self.quiet)


def is_worker() -> bool:
    return multiprocessing.parent_process() is not None


def application(work: Work) -> ASGIApp:
    """Made in the running event loop of the process that serves, before it does."""
    work.start_log(work.settings)
    # While a thread reads a long playlist, the event loop waits for so long at each event: half of
    # all answers took 1.3 ms at 1 ms, 0.4 ms at this. The thread pays 5 % for it.
    sys.setswitchinterval(_SWITCH_SECONDS)
    _end_with_parent()
    serving = Serving(work.settings, work.command)
    collect_seldom()
    _follow_hangups(serving, work)
    status = None if is_worker() else _Status(serving)
    return systemd.Watched(serving, Systemd(), status)


class Server(uvicorn.Server):
    """uvicorn's, with the order in which a node leaves its fronts."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if sig == signal.SIGINT and is_worker():
            return
        super().handle_exit(signal.SIGINT if sig == AT_ONCE else sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        if is_worker():
            signal.signal(AT_ONCE, self.handle_exit)
        await super().startup(sockets)

    async def main_loop(self) -> None:
        await super().main_loop()
        self._serving.stop()
        if not is_worker():
            Systemd().tell(systemd.STOPPING)
        serve = self._serving.settings.serve
        self.config.timeout_graceful_shutdown = whole_seconds(serve.drain_timeout.total_seconds())
        # Not after Ctrl-C: somebody waits for the end.
        if signal.SIGINT not in self._captured_signals:
            await self._let_fronts_notice(serve.drain_delay.total_seconds())

    async def _let_fronts_notice(self, seconds: float) -> None:
        end, counter = time.monotonic() + seconds, 0
        while time.monotonic() < end and signal.SIGINT not in self._captured_signals:
            await self.on_tick(counter)
            await asyncio.sleep(_TICK)
            counter += 1

    @property
    def _serving(self) -> Serving:
        app = self.config.loaded_app
        assert isinstance(app, systemd.Watched)
        assert isinstance(app.app, Serving)
        return app.app


def whole_seconds(seconds: float) -> int:
    """uvicorn takes None for "as long as it takes", and 0 for that too."""
    return max(1, round(seconds))


class _Status:
    """What `systemctl status` shows."""

    def __init__(self, serving: Serving) -> None:
        self._streams = serving.lasting.metrics.streams

    def __call__(self) -> str:
        [streams] = self._streams.collect()
        return f"{streams.samples[0].value:.0f} streams"


def _end_with_parent() -> None:
    """A worker whose supervisor was killed would keep the port from the next one."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    loop, sentinel = asyncio.get_running_loop(), parent.sentinel

    def end() -> None:
        loop.remove_reader(sentinel)
        signal.raise_signal(signal.SIGTERM)

    # A supervisor that is killed by -9 or by the OOM killer can tell nobody.
    loop.add_reader(sentinel, end)


_following: set[asyncio.Task[None]] = set()


def _follow_hangups(serving: Serving, work: Work) -> None:
    asked = asyncio.Event()

    def took(fixed: list[str]) -> None:
        work.start_log(serving.settings)
        if not is_worker():
            log_taken(fixed)

    task = asyncio.create_task(following(serving, work.read, asked, took), name="hangups")
    _following.add(task)
    on_hangup(asked.set)


def log_taken(fixed: Sequence[str]) -> None:
    log.info("the settings have been read again")
    if fixed:
        log.warning("%s: changes with a restart only", ", ".join(fixed))


def checked(read: Read) -> Settings | None:
    """None where they are not fit, which is said in one line."""
    try:
        return read()
    except StrmctlError as error:
        log.error("the settings stay as they were: %s", error)
        return None
