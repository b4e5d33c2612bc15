"""The process that serves: its socket, its log, its workers, and how it ends."""

import asyncio
import errno
import logging
import signal
import socket
import sys
from functools import partial

import uvicorn
from uvicorn.supervisors import Multiprocess

from strmctl.errors import SettingsError
from strmctl.server.app import create_app
from strmctl.server.middleware import request_id
from strmctl.settings.model import ServeSettings, Settings

_BACKLOG = 2048
_KEEP_ALIVE_SECONDS = 75


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
    listener.set_inheritable(True)
    return listener


def run(settings: Settings, listener: socket.socket, *, verbose: int, quiet: bool) -> None:
    """Serve until SIGTERM or SIGINT, then let streams end for `serve.drain_timeout`."""
    create_app(settings)  # A setting that cannot be used is told before anything is served.
    config = uvicorn.Config(
        partial(_app, settings, verbose=verbose, quiet=quiet),
        factory=True,
        loop="uvloop",
        http="httptools",
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=bool(settings.serve.trusted_proxies),
        forwarded_allow_ips=list(settings.serve.trusted_proxies),
        server_header=False,
        workers=settings.serve.workers,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=max(1, round(settings.serve.drain_timeout.total_seconds())),
    )
    if settings.serve.workers > 1:
        Multiprocess(config, sockets=[listener]).run()
        return
    # uvicorn raises the signal again once all is closed; to be told to stop is no failure.
    signal.signal(signal.SIGTERM, lambda number, frame: None)
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(uvicorn.Server(config).serve([listener]))


def _app(settings: Settings, *, verbose: int, quiet: bool) -> object:
    _log_requests(verbose=verbose, quiet=quiet)
    return create_app(settings)


def _log_requests(*, verbose: int, quiet: bool) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        logging.Formatter("%(asctime)s %(levelname)s [%(request_id)s] %(name)s: %(message)s")
    )
    handler.addFilter(_with_request_id)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG if verbose > 1 else logging.WARNING)
    logging.getLogger("strmctl").setLevel(logging.WARNING if quiet else logging.INFO)
    logging.getLogger("uvicorn.error").addFilter(_is_news)


def _with_request_id(record: logging.LogRecord) -> bool:
    record.request_id = request_id.get()
    return True


def _is_news(record: logging.LogRecord) -> bool:
    """A body that ends too early on purpose has a line of its own already."""
    return "without completing response" not in str(record.msg)


def _refusal(settings: ServeSettings, error: OSError) -> str:
    where = f"{settings.host}:{settings.port}"
    if error.errno == errno.EADDRINUSE:
        return f"{where}: another program listens there: choose another serve.port"
    return f"{where}: cannot listen there: {error.strerror}"
