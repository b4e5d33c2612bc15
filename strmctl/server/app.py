"""Players' routes, the API and the page by one reading of the settings.

Players' errors are problems, no pages.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Match, Mount, Route, Router
from starlette.types import ASGIApp, Scope

from strmctl import __version__
from strmctl.domain.urls.child_url import Tokens
from strmctl.errors import StrmctlError
from strmctl.server.api.app import create_api
from strmctl.server.context import Context, check_ready
from strmctl.server.http.admission import admission
from strmctl.server.http.answered import describe
from strmctl.server.http.front import Front, failed
from strmctl.server.lasting import Lasting, ended_by
from strmctl.server.media.compressed import Compressed
from strmctl.server.media.responses import problem
from strmctl.server.metrics.metrics import metrics
from strmctl.server.page.app import create_page
from strmctl.services.alerting.alerting import alerting
from strmctl.services.arr.waiting import late_events
from strmctl.services.jobs.maintenance import maintenance
from strmctl.services.keys import in_force
from strmctl.services.notifying.outbox import notifying
from strmctl.services.notifying.upkeep_node import upkeep_node
from strmctl.services.playback.opening import player_service
from strmctl.services.sessions import sessions
from strmctl.services.threads import in_thread
from strmctl.settings.model import Role, Settings
from strmctl.storage.database.connection import Database

log = logging.getLogger(__name__)


class Application(Starlette):
    """One reading of the settings; raises SettingsError where no usable key is to be had.

    `retired` ends what it does beside answering, before its lifespan ends.
    """

    def __init__(self, settings: Settings, lasting: Lasting) -> None:
        self.settings = settings
        self.retired = asyncio.Event()
        self._lasting = lasting
        self._proof, self._signer = in_force.proof(settings), in_force.signer(settings)
        self._prefix = unquote(urlsplit(settings.proxy.public_base_url).path)
        super().__init__(
            routes=_routes(self._prefix, settings.serve.role),
            exception_handlers={StrmctlError: _failed, HTTPException: _refused},
            lifespan=lambda _: self._lifespan(),
        )
        # Starlette builds such a redirect from the client's Host field.
        self.router.redirect_slashes = False

    def build_middleware_stack(self) -> ASGIApp:
        """What comes before the routes is the front, and nothing else."""
        routes = ExceptionMiddleware(self.router, handlers=self.exception_handlers)
        most, counted = self.settings.serve.max_streams, self._lasting.metrics
        return Front(routes, counted, max_streams=most, prefix=self._prefix)

    @asynccontextmanager
    async def _lifespan(self) -> AsyncIterator[dict[str, Any]]:
        """What it yields is the `state` of every request, also in the mounted applications."""
        settings, lasting = self.settings, self._lasting
        async with AsyncExitStack() as stack:
            context = await self._opened(stack)
            if settings.serve.role is Role.ALL:
                upkeep = _upkeep(settings, lasting, self.retired)
                await stack.enter_async_context(ended_by(self.retired, upkeep))
                context.jobs = lasting.jobs
                context.late_events = await stack.enter_async_context(late_events(settings))
            yield {**vars(context), "context": context}

    async def _opened(self, stack: AsyncExitStack) -> Context:
        settings, lasting = self.settings, self._lasting
        # A connection of its own: /readyz and the pages do not wait for what players store.
        database = stack.enter_context(await in_thread(Database.open, settings.database))
        proven = await stack.enter_async_context(upkeep_node(settings))
        playing = player_service(settings, lasting.metrics, proven)
        player = await stack.enter_async_context(playing)
        signed_in = await stack.enter_async_context(sessions(settings))
        return Context(
            settings=settings,
            proof=self._proof,
            signer=self._signer,
            tokens=Tokens(self._signer),
            playback=player,
            compressed=Compressed(),
            viewers=lasting.viewers,
            metrics=lasting.metrics,
            admission=admission(settings, signed_in.is_known),
            sessions=signed_in,
            database=database,
            stopping=lasting.stopping,
        )


class _OnlyRoute(Route):
    """Nothing else answers at its path: by another method it is 405, not what comes behind it."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, child_scope = super().matches(scope)
        # Starlette's PARTIAL would go on to the page behind it and end in its 404.
        return Match.NONE if match is Match.NONE else Match.FULL, child_scope


def _routes(prefix: str, role: Role) -> list[BaseRoute]:
    """Every route, with the path of public_base_url before it or, taken off in front, without.

    A player's path is never redirected: that would send it where its Host field says.
    """
    routes: list[BaseRoute] = [
        _OnlyRoute("/healthz", healthz),
        _OnlyRoute("/readyz", readyz),
        _OnlyRoute("/metrics", metrics),
    ]
    page: list[BaseRoute] = []
    if role is Role.ALL:
        routes.append(Mount("/api/v1", create_api(prefix)))
        page = [Mount("/", create_page())]
    if prefix:
        # Fronts differ: nginx's proxy_pass keeps the path or takes it off.
        below = Router([*routes, *page], redirect_slashes=False)
        routes += [
            Mount(prefix, below),
            Route(prefix, RedirectResponse(f"{prefix}/"), methods=["GET", "HEAD"]),
        ]
    return [*routes, *page]


@asynccontextmanager
async def _upkeep(
    settings: Settings, lasting: Lasting, retired: asyncio.Event
) -> AsyncIterator[None]:
    """What the server does for the library by itself."""
    async with AsyncExitStack() as stack:
        database = stack.enter_context(await in_thread(Database.open, settings.database))
        if settings.maintain.enabled:
            await stack.enter_async_context(maintenance(settings, lasting.jobs, retired))
        await stack.enter_async_context(notifying(settings))
        await stack.enter_async_context(alerting(settings, database))
        yield


async def healthz(request: Request) -> Response:
    describe(request.scope, "healthz")
    return JSONResponse({"status": "ok", "version": __version__})


async def readyz(request: Request) -> Response:
    describe(request.scope, "readyz")
    await in_thread(check_ready, request.state.stopping, request.state.database)
    return JSONResponse({"status": "ready", "version": __version__})


async def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, StrmctlError)
    return failed(error)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail = HTTPStatus(error.status_code).description or error.detail
    return problem(error.status_code, detail, fields=error.headers)
