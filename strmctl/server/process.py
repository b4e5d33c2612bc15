"""What serves is one process, or several workers on one socket."""

import asyncio
import errno
import logging
import resource
import signal
import socket
from collections.abc import Sequence
from functools import partial

import uvicorn

from strmctl.errors import SettingsError
from strmctl.server.http.protocol import BoundedProtocol
from strmctl.server.metrics.metrics import folder_of_workers
from strmctl.server.serving import Read
from strmctl.server.supervisor import Supervisor
from strmctl.server.worker import Server, Work, application
from strmctl.settings.model import ServeSettings, Settings

_BACKLOG = 2048
_KEEP_ALIVE_SECONDS = 75
_DESCRIPTORS = 65_536


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
    read: Read,
    command: Sequence[str],
    verbose: int,
    quiet: bool,
) -> None:
    """Serve until SIGTERM or SIGINT, then let streams end for `serve.drain_timeout`.

    `read` reads the settings again, `command` begins the command lines of jobs. What keeps every
    worker from starting is better found before (services/playback/opening.py).
    """
    _take_descriptors()
    work = Work(settings, read, command, verbose, quiet)
    config = _config(work)
    if settings.serve.workers > 1:
        work.start_log(settings)
        logging.getLogger("uvicorn.error").setLevel(logging.WARNING if quiet else logging.INFO)
        with folder_of_workers():
            Supervisor(config, listener, work).run()
        return
    # uvicorn raises the signals that ended it again once all is closed. To be told to stop by
    # SIGTERM is no failure; Ctrl-C ends like that of every other command.
    ended_by: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: ended_by.append(number))
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(Server(config).serve([listener]))
    if signal.SIGINT in ended_by:
        raise KeyboardInterrupt


def _take_descriptors() -> None:
    """Each viewer takes two; systems give 1,024 to those who do not ask, and allow far more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _config(work: Work) -> uvicorn.Config:
    return uvicorn.Config(
        partial(application, work),
        factory=True,
        loop="uvloop",
        http=BoundedProtocol,
        # Whatever asks for an upgrade gets an answer of HTTP, not a socket for ever.
        ws="none",
        log_config=None,
        access_log=False,
        # Settings that are read again may believe other fronts: see server/serving.py.
        proxy_headers=False,
        # RFC 9110 section 10.2.4: a version in Server tells attackers what to try.
        server_header=False,
        workers=work.settings.serve.workers,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
    )


def _refusal(settings: ServeSettings, error: OSError) -> str:
    where = f"{settings.host}:{settings.port}"
    # Often another strmctl: systemd's and one from a terminal.
    if error.errno == errno.EADDRINUSE:
        return f"{where}: another program listens there: choose another serve.port"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{where}: this machine has no such address: correct serve.host (0.0.0.0 is all)"
    # capabilities(7), CAP_NET_BIND_SERVICE.
    if error.errno == errno.EACCES:
        return f"{where}: this user may not listen there: choose a serve.port above 1023"
    return f"{where}: cannot listen there: {error.strerror}"
