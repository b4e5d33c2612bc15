"""Several workers on one listening socket: replaced when they die, ended together.

Workers drain by themselves (server/worker.py). What is done here is what none of them can: the
socket is let go of, so that the port is free once the last worker has closed it.
"""

import logging
import os
import signal
import socket
import threading
import time
from contextlib import suppress
from functools import partial

import uvicorn
from msgspec import structs
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors.multiprocess import Process

from strmctl.errors import StrmctlError
from strmctl.server import systemd
from strmctl.server.hangups import no_hangups, take_early
from strmctl.server.serving import with_fixed
from strmctl.server.systemd import Systemd
from strmctl.server.worker import AT_ONCE, Server, Work, application, checked, log_taken

log = logging.getLogger(__name__)

_TICK = 0.1
_TICKS_BETWEEN_PINGS = 5
_LATE_SECONDS = 15.0
"""Jobs and the database take a while beside the streams."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Supervisor:
    """Starts the workers, which share `listener`, replaces those that die, and ends all of them."""

    def __init__(self, config: uvicorn.Config, listener: socket.socket, work: Work) -> None:
        self._config = config
        self._listener = listener
        self._work = work
        self._workers: list[_Worker] = []
        self._signals = take_early()
        self._ended_by: int | None = None

    def run(self) -> None:
        """Until a signal ends it. Raises KeyboardInterrupt for SIGINT, StrmctlError for a worker
        that cannot be replaced."""
        for number in _SIGNALS:
            signal.signal(number, lambda number, frame: self._signals.append(number))
        with no_hangups():
            self._workers = [self._started() for _ in range(self._config.workers)]
        cannot_start = self._supervise()
        Systemd().tell(systemd.STOPPING)
        self._end()
        if cannot_start:
            raise StrmctlError("a worker cannot start again: its log line above says why")
        if self._ended_by == signal.SIGINT:
            raise KeyboardInterrupt

    def _supervise(self) -> bool:
        """Whether it ended for a worker that cannot start again."""
        ticks = 0
        while self._ended_by is None:
            threading.Event().wait(_TICK)
            ticks += 1
            self._take_signals()
            if self._ended_by is None and ticks % _TICKS_BETWEEN_PINGS == 0:
                with no_hangups():
                    if not all(map(self._is_kept, range(len(self._workers)))):
                        return True
        return False

    def _take_signals(self) -> None:
        while self._signals:
            number = self._signals.pop(0)
            if number == signal.SIGHUP:
                self._read_again()
            else:
                self._ended_by = number

    def _is_kept(self, place: int) -> bool:
        """False for a worker that would fail the same way each time."""
        worker = self._workers[place]
        if worker.is_well(self._config.timeout_worker_healthcheck):
            return True
        worker.kill()
        worker.join()
        if worker.exitcode == STARTUP_FAILURE:
            return False
        log.warning("worker %s has died: another one takes its place", worker.pid)
        self._workers[place] = self._started()
        return True

    def _started(self) -> "_Worker":
        worker = _Worker(self._config, [self._listener])
        worker.start()
        return worker

    def _read_again(self) -> None:
        """Once for all: what is not fit is said in one line, and no worker hears of it."""
        new = checked(self._work.read)
        if new is None:
            return
        settings, fixed = with_fixed(self._work.settings, new)
        self._work = structs.replace(self._work, settings=settings)
        # Those that are started from now on begin with them.
        self._config.app = partial(application, self._work)
        self._send(signal.SIGHUP)
        with suppress(StrmctlError):
            self._work.start_log(settings)
        log_taken(fixed)

    def _end(self) -> None:
        """The port closes with the last worker that still listens."""
        self._send(signal.SIGTERM if self._ended_by == signal.SIGTERM else AT_ONCE)
        self._listener.close()
        self._wait_until_all_have_ended()
        for worker in self._workers:
            worker.join()

    def _wait_until_all_have_ended(self) -> None:
        """Whoever takes too long is killed."""
        serve = self._work.settings.serve
        patience = (serve.drain_delay + serve.drain_timeout).total_seconds() + _LATE_SECONDS
        end = time.monotonic() + patience
        while any(worker.process.is_alive() for worker in self._workers):
            threading.Event().wait(_TICK)
            # A second Ctrl-C is meant for the streams as well.
            if signal.SIGINT in self._signals:
                self._signals.clear()
                self._ended_by = signal.SIGINT
                self._send(AT_ONCE)
            if time.monotonic() > end:
                for worker in self._workers:
                    worker.process.kill()

    def _send(self, number: int) -> None:
        for worker in self._workers:
            # One that has ended meanwhile needs no signal; its pid is kept until it is joined.
            if worker.exitcode is None and worker.pid is not None:
                os.kill(worker.pid, number)


class _Worker(Process):
    _has_answered = False

    def start(self) -> None:
        super().start()
        self.parent_conn.send(b"ping")

    def is_well(self, patience: float) -> bool:
        """It runs, and once it has answered it goes on to within `patience` seconds."""
        if not self.process.is_alive():
            return False
        if self._has_answered:
            return self.ping(patience)
        # On a busy machine it takes long to import everything, and is not stuck.
        with suppress(OSError, EOFError):
            self._has_answered = self.parent_conn.poll(0) and self.parent_conn.recv() is not None
        return True

    @property
    def server(self) -> Server:
        if not isinstance(self._server, Server):
            self._server = Server(self.config)
        return self._server
