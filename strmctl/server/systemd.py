"""Tells systemd that the service is ready, alive or ending, as sd_notify(3) describes it.

A datagram to a socket is the whole protocol, so there is no dependency for it. Where systemd has
not started the process there is no socket, and nothing is told.
"""

import asyncio
import os
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta

from starlette.types import ASGIApp, Message, Receive, Scope, Send

READY = "READY=1"
STOPPING = "STOPPING=1"
WATCHDOG = "WATCHDOG=1"

_UNWATCHED_SECONDS = 15.0


class Systemd:
    """`watchdog`: systemd restarts the service where it hears nothing for so long."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._address = _address(environ.get("NOTIFY_SOCKET", ""))
        microseconds = environ.get("WATCHDOG_USEC", "")
        self.watchdog = timedelta(microseconds=int(microseconds) if microseconds.isdigit() else 0)

    @property
    def listens(self) -> bool:
        return bool(self._address)

    def tell(self, *assignments: str) -> None:
        """All in one datagram; a systemd that does not read keeps nobody waiting."""
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            # A full queue of systemd's must not stop the event loop.
            sender.setblocking(False)
            sender.sendto("\n".join(assignments).encode(), self._address)


def _address(name: str) -> str:
    """A path or, from `@name`, an abstract socket; "" for what is neither."""
    # sd_notify(3): @ stands for the NUL byte of an abstract socket.
    if name.startswith("@"):
        return "\0" + name[1:]
    return name if name.startswith("/") else ""


class Watched:
    """An ASGI app that is told ready once its lifespan has begun, then alive by its event loop.

    Each of several workers does that for itself (NotifyAccess=all): one that answers is enough
    for the service to be ready and alive, since all of them share one listening socket.
    """

    def __init__(
        self, app: ASGIApp, systemd: Systemd, status: Callable[[], str] | None = None
    ) -> None:
        """`status` is what `systemctl status` shows; of several workers none can tell it."""
        self.app = app
        self._systemd = systemd
        self._status = status

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan" or not self._systemd.listens:
            await self.app(scope, receive, send)
            return
        alive: list[asyncio.Task[None]] = []

        async def announce(message: Message) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                self._systemd.tell(READY)
                alive.append(asyncio.create_task(self._stay_alive()))

        try:
            await self.app(scope, receive, announce)
        finally:
            for task in alive:
                task.cancel()

    async def _stay_alive(self) -> None:
        half = self._systemd.watchdog.total_seconds() / 2
        while True:
            status = [f"STATUS={self._status()}"] if self._status else []
            self._systemd.tell(WATCHDOG, *status)
            await asyncio.sleep(half or _UNWATCHED_SECONDS)
