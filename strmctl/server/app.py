"""Players' routes, the API and the page by one reading of the settings.

Players' errors are problems, no pages.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from http import HTTPStatus
from urllib.parse import unquote, urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Match, Mount, Route, Router
from starlette.types import Scope

from strmctl import __version__
from strmctl.errors import StrmctlError
from strmctl.server.api.app import create_api
from strmctl.server.context import Context
from strmctl.server.http.admission import admission
from strmctl.server.http.middleware import AccessLog, MediaFields, Unexpected, describe
from strmctl.server.http.readiness import StoppingError, check_ready
from strmctl.server.lasting import Lasting, ended_by
from strmctl.server.media.compressed import Compressed
from strmctl.server.media.leaving import UntilTheClientLeaves
from strmctl.server.media.responses import (
    problem,
    problem_of,
)
from strmctl.server.media.routes import PLAYERS_ROUTES
from strmctl.server.media.stream_limit import Streams
from strmctl.server.metrics.metrics import Measured, metrics
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


def create_app(settings: Settings, lasting: Lasting) -> Starlette:
    """One reading of the settings; raises SettingsError where no usable key is to be had.

    Its `state.retired` ends what it does beside answering, before its lifespan ends.
    """
    prefix = unquote(urlsplit(settings.proxy.public_base_url).path)
    app = Starlette(
        routes=_routes(prefix, settings.serve.role),
        middleware=[
            Middleware(Measured, metrics=lasting.metrics, prefix=prefix),
            Middleware(AccessLog),
            Middleware(MediaFields, prefix=prefix),
            Middleware(Unexpected),
            Middleware(Streams, limit=settings.serve.max_streams, prefix=prefix),
            Middleware(UntilTheClientLeaves),
        ],
        exception_handlers={StrmctlError: _failed, HTTPException: _refused},
        lifespan=_lifespan,
    )
    # Starlette builds such a redirect from the client's Host field.
    app.router.redirect_slashes = False
    app.state.settings = settings
    app.state.lasting = lasting
    app.state.metrics = lasting.metrics
    app.state.retired = asyncio.Event()
    app.state.proof = in_force.proof(settings)
    app.state.signer = in_force.signer(settings)
    app.state.compressed = Compressed()
    app.state.viewers = lasting.viewers
    return app


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
        *(_OnlyRoute(path, endpoint) for path, endpoint in PLAYERS_ROUTES),
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
async def _lifespan(app: Starlette) -> AsyncIterator[Context]:
    """What it yields is the `state` of every request, also in the mounted applications."""
    settings: Settings = app.state.settings
    lasting: Lasting = app.state.lasting
    async with AsyncExitStack() as stack:
        # A connection of its own: /readyz and the pages do not wait for what players store.
        database = stack.enter_context(await in_thread(Database.open, settings.database))
        proven = await stack.enter_async_context(upkeep_node(settings))
        app.state.playback = await stack.enter_async_context(
            player_service(settings, lasting.metrics, proven)
        )
        signed_in = await stack.enter_async_context(sessions(settings))
        context: Context = {
            "settings": settings,
            "admission": admission(settings, signed_in.is_known),
            "sessions": signed_in,
            "signer": app.state.signer,
            "database": database,
            "stopping": lasting.stopping,
        }
        if settings.serve.role is Role.PLAYER:
            yield context
            return
        upkeep = _upkeep(settings, lasting, app.state.retired)
        await stack.enter_async_context(ended_by(app.state.retired, upkeep))
        context["jobs"] = lasting.jobs
        context["late_events"] = await stack.enter_async_context(late_events(settings))
        yield context


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
    is_failure = error.http_status >= HTTPStatus.INTERNAL_SERVER_ERROR
    # Fronts ask every second while the server stops.
    if is_failure and not isinstance(error, StoppingError):
        log.warning("%s", error)
    return problem_of(error)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail = HTTPStatus(error.status_code).description or error.detail
    return problem(error.status_code, detail, fields=error.headers)
