"""What uvicorn is given: an application for each reading of the settings, the newest answers.

A request is answered to its end by the application that it came to; one that no request uses any
more ends. So settings, keys and resolvers change and no stream notices.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

from msgspec import structs
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from strmctl.errors import StrmctlError
from strmctl.server.app import Application
from strmctl.server.lasting import Lasting
from strmctl.services.jobs.jobs import strmctl_command
from strmctl.services.threads import in_thread
from strmctl.settings.model import Role, Settings

log = logging.getLogger(__name__)

Read = Callable[[], Settings]
"""Reads the settings again; raises StrmctlError where they are not fit to serve with."""


def with_fixed(old: Settings, new: Settings) -> tuple[Settings, list[str]]:
    """`new`, but for what cannot change while the server runs; the names of what would have."""
    fixed = {
        f"serve.{name}": getattr(old.serve, name) != getattr(new.serve, name)
        for name in ("host", "port", "workers", "node", "role")
    }
    # A player node's is its own (services/own_database.py).
    fixed["database"] = old.serve.role is Role.ALL and old.database != new.database
    own = old.serve
    serve = structs.replace(
        new.serve, host=own.host, port=own.port, workers=own.workers, node=own.node, role=own.role
    )
    kept = structs.replace(new, serve=serve, database=old.database)
    return kept, [name for name, is_changed in fixed.items() if is_changed]


class Serving:
    """An ASGI application. `command` begins the command lines of jobs.

    Raises SettingsError where no usable key is to be had.
    """

    def __init__(self, settings: Settings, command: Sequence[str] = ()) -> None:
        self.settings = settings
        self.lasting = Lasting(settings.serve.node_name)
        self._command = tuple(command) or strmctl_command(None)
        self._first = Application(settings, self.lasting)
        self._reading: _Reading | None = None
        self._began = asyncio.Event()
        self._turn = asyncio.Lock()
        self._former: set[_Reading] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        elif self._reading is not None:
            await self._reading.answer(scope, receive, send)

    async def take(self, read: Read) -> list[str]:
        """Serve by what `read` reads from now on; the names of settings that need a restart.

        Raises StrmctlError: then everything stays as it was.
        """
        await self._began.wait()
        async with self._turn:
            settings, fixed = with_fixed(self.settings, await in_thread(read))
            app = await in_thread(Application, settings, self.lasting)
            # Between the two a request may have come to either; nothing is refused meanwhile.
            reading, former = await _Reading.begun(app), self._reading
            self._reading, self.settings = reading, settings
            if former is not None:
                self._former = {each for each in self._former if not each.is_over} | {former}
                former.retire()
            return fixed

    def stop(self) -> None:
        """/readyz says so; jobs, event streams and what is done for the library end."""
        self.lasting.stopping.set()
        if self._reading is not None:
            self._reading.end_upkeep()

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        # What uvicorn's protocol looks for, see server/http/protocol.py.
        scope["state"]["stopping"] = self.lasting.stopping
        await receive()
        try:
            async with self.lasting.running(self.settings, self._command):
                self._reading = await _Reading.begun(self._first)
                self._began.set()
                await send({"type": "lifespan.startup.complete"})
                await receive()
                self.stop()
                await asyncio.gather(*(each.end() for each in (self._reading, *self._former)))
        except StrmctlError as error:
            # The line is all: Starlette would have logged a traceback.
            kind = "startup" if self._reading is None else "shutdown"
            await send({"type": f"lifespan.{kind}.failed", "message": str(error)})
        else:
            await send({"type": "lifespan.shutdown.complete"})


class _Reading:
    """An application that answers from `begun` until its `end`."""

    def __init__(self, app: Application) -> None:
        self._app = app
        trusted = list(app.settings.serve.trusted_proxies)
        self._answer: ASGIApp = ProxyHeadersMiddleware(app, trusted) if trusted else app  # type: ignore[arg-type,assignment]
        self._state: dict[str, object] = {}
        self._under_way = 0
        self._is_former = False
        self._over = asyncio.Event()
        self._living: asyncio.Task[None] | None = None

    @classmethod
    async def begun(cls, app: Application) -> "_Reading":
        """Raises what its lifespan raises."""
        reading = cls(app)
        began = asyncio.Event()
        living = reading._living = asyncio.create_task(reading._live(began), name="settings")
        waiting = asyncio.create_task(began.wait())
        await asyncio.wait({living, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if not began.is_set():
            waiting.cancel()
            await living
        return reading

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"] = dict(self._state)
        self._under_way += 1
        try:
            await self._answer(scope, receive, send)
        finally:
            self._under_way -= 1
            self._look_whether_over()

    @property
    def is_over(self) -> bool:
        return self._living is None or self._living.done()

    def end_upkeep(self) -> None:
        """Stop the work beside the requests, which still come."""
        self._app.retired.set()

    def retire(self) -> None:
        """No more requests come; it ends when the last one has been answered."""
        self.end_upkeep()
        self._is_former = True
        self._look_whether_over()

    async def end(self) -> None:
        """End at once, whatever is still open."""
        self.retire()
        self._over.set()
        if self._living is not None:
            await self._living

    def _look_whether_over(self) -> None:
        if self._is_former and not self._under_way:
            self._over.set()

    async def _live(self, began: asyncio.Event) -> None:
        async with self._app.router.lifespan_context(self._app) as state:
            self._state = dict(state or {})
            began.set()
            await self._over.wait()


async def following(
    serving: Serving, read: Read, asked: asyncio.Event, took: Callable[[list[str]], None]
) -> None:
    """Takes the settings each time that `asked` is set, until it is cancelled; `took` hears of it.

    Many wishes that come meanwhile are one.
    """
    while True:
        await asked.wait()
        asked.clear()
        if serving.lasting.stopping.is_set():
            continue
        try:
            took(await serving.take(read))
        except StrmctlError as error:
            log.error("the settings stay as they were: %s", error)
        except Exception as error:  # A plug-in's, say: what has served goes on to serve.
            log.error("the settings stay as they were", exc_info=error)
