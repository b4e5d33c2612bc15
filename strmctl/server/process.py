"""The process that serves: its socket, its log, its workers, and how it ends."""

import asyncio
import errno
import logging
import multiprocessing
import resource
import signal
import socket
import sys
from collections.abc import Sequence
from functools import partial

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from strmctl.errors import SettingsError, StrmctlError
from strmctl.server import systemd
from strmctl.server.app import create_app
from strmctl.server.http.logs import log_to_stderr
from strmctl.server.http.protocol import BoundedProtocol
from strmctl.server.metrics.metrics import folder_of_workers
from strmctl.server.systemd import Systemd
from strmctl.settings.model import ServeSettings, Settings

_BACKLOG = 2048
_KEEP_ALIVE_SECONDS = 75
_DESCRIPTORS = 65_536
_SWITCH_SECONDS = 0.0002


def listen(settings: ServeSettings) -> socket.socket:
    """Bind the listening socket; raises SettingsError where that cannot be done."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        address = socket.getaddrinfo(
            settings.host, settings.port, family, socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0][4]
        listener = socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except OSError as error:
        raise SettingsError(_refusal(settings, error)) from None
    # Workers are spawned, and Python closes descriptors in children by default (PEP 446).
    listener.set_inheritable(True)
    return listener


def run(
    settings: Settings,
    listener: socket.socket,
    *,
    command: Sequence[str],
    verbose: int,
    quiet: bool,
) -> None:
    """Serve until SIGTERM or SIGINT, then let streams end for `serve.drain_timeout`.

    `command` begins the command lines of jobs. What keeps every worker from starting is better
    found before (services/playback/opening.py).
    """
    _take_descriptors()
    config = uvicorn.Config(
        partial(_app, settings, command, verbose=verbose, quiet=quiet),
        factory=True,
        loop="uvloop",
        http=BoundedProtocol,
        # Whatever asks for an upgrade gets an answer of HTTP, not a socket for ever.
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=bool(settings.serve.trusted_proxies),
        forwarded_allow_ips=list(settings.serve.trusted_proxies),
        # RFC 9110 section 10.2.4: a version in Server tells attackers what to try.
        server_header=False,
        workers=settings.serve.workers,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=max(1, round(settings.serve.drain_timeout.total_seconds())),
    )
    if settings.serve.workers > 1:
        log_to_stderr(settings.serve, verbose=verbose, quiet=quiet)
        logging.getLogger("uvicorn.error").setLevel(logging.WARNING if quiet else logging.INFO)
        with folder_of_workers():
            _supervise(config, listener)
        return
    # uvicorn raises the signals that ended it again once all is closed. To be told to stop by
    # SIGTERM is no failure; Ctrl-C ends like that of every other command.
    ended_by: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: ended_by.append(number))
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(_Server(config).serve([listener]))
    if signal.SIGINT in ended_by:
        raise KeyboardInterrupt


def _take_descriptors() -> None:
    """Each viewer takes two; systems give 1,024 to those who do not ask, and allow far more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _supervise(config: uvicorn.Config, listener: socket.socket) -> None:
    """Replaces workers that die. Raises StrmctlError for one that cannot be replaced."""
    supervisor = _Supervisor(config, sockets=[listener])
    supervisor.run()
    if any(worker.exitcode == STARTUP_FAILURE for worker in supervisor.processes):
        raise StrmctlError("a worker cannot start again: its log line above says why")


def _app(settings: Settings, command: Sequence[str], *, verbose: int, quiet: bool) -> ASGIApp:
    log_to_stderr(settings.serve, verbose=verbose, quiet=quiet)
    # While a thread reads a long playlist, the event loop waits for so long at each event: half of
    # all answers took 1.3 ms at 1 ms, 0.4 ms at this. The thread pays 5 % for it.
    sys.setswitchinterval(_SWITCH_SECONDS)
    _end_with_parent()
    app = create_app(settings, command)
    status = partial(_status, app) if settings.serve.workers == 1 else None
    return systemd.Watched(_OneLine(app), Systemd(), status)


def _status(app: Starlette) -> str:
    [streams] = app.state.metrics.streams.collect()
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


class _Server(uvicorn.Server):
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        Systemd().tell(systemd.STOPPING)
        await super().shutdown(sockets)


class _Supervisor(Multiprocess):
    def terminate_all(self) -> None:
        Systemd().tell(systemd.STOPPING)
        super().terminate_all()


class _OneLine:
    """Why a worker cannot start, without the traceback that Starlette would have logged."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def shorten(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed":
                message = {**message, "message": message["message"].strip().splitlines()[-1]}
            await send(message)

        await self._app(scope, receive, shorten if scope["type"] == "lifespan" else send)


def _refusal(settings: ServeSettings, error: OSError) -> str:
    where = f"{settings.host}:{settings.port}"
    # Often another strmctl: systemd's and one from a terminal.
    if error.errno == errno.EADDRINUSE:
        return f"{where}: another program listens there: choose another serve.port"
    return f"{where}: cannot listen there: {error.strerror}"
