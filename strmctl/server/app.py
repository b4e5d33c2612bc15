"""The server: players' routes, the API and the page; players' errors are problems, no pages."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Protocol
from urllib.parse import unquote, urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Match, Mount, Route, Router
from starlette.types import ASGIApp, Scope

from strmctl import __version__
from strmctl.domain.hls.naming import PLAYLIST_NAME
from strmctl.domain.http.ranges import Wanted
from strmctl.domain.urls import child_url, playback_url
from strmctl.domain.urls.child_url import Addresses
from strmctl.domain.urls.playback_url import Proof
from strmctl.domain.urls.signature import Signer
from strmctl.errors import StrmctlError
from strmctl.server.api.app import create_api
from strmctl.server.context import Context
from strmctl.server.http.admission import admission
from strmctl.server.http.middleware import AccessLog, MediaFields, Unexpected, describe
from strmctl.server.http.readiness import check_ready
from strmctl.server.media.leaving import UntilTheClientLeaves
from strmctl.server.media.responses import (
    FILE_CACHING,
    SEGMENT_CACHING,
    MediaResponse,
    playlist_response,
    problem,
    problem_of,
)
from strmctl.server.media.stream_limit import Streams
from strmctl.server.metrics.metrics import Measured, Metrics, metrics
from strmctl.server.page.app import create_page
from strmctl.services.arr.waiting import late_events
from strmctl.services.jobs.jobs import jobs, strmctl_command
from strmctl.services.jobs.maintenance import maintenance
from strmctl.services.keys import in_force
from strmctl.services.notifying.outbox import notifying
from strmctl.services.playback.media import MediaAnswer
from strmctl.services.playback.opening import player_service
from strmctl.services.playback.player import Playback
from strmctl.services.threads import aside
from strmctl.settings.model import Mode, Settings
from strmctl.storage.database.connection import Database

log = logging.getLogger(__name__)

_DELIVERY_DIRECTIVES = ("_HLS_msn", "_HLS_part", "_HLS_skip")


class _State(Protocol):
    """What the routes find in `app.state`."""

    settings: Settings
    proof: Proof
    signer: Signer
    playback: Playback


def create_app(settings: Settings, command: Sequence[str] = ()) -> Starlette:
    """`command` begins the command lines of jobs, see services/jobs/jobs.py.

    Raises SettingsError where no usable key is to be had.
    """
    prefix = unquote(urlsplit(settings.proxy.public_base_url).path)
    counting = Metrics()
    app = Starlette(
        routes=_routes(prefix),
        middleware=[
            Middleware(Measured, metrics=counting, prefix=prefix),
            Middleware(AccessLog),
            Middleware(MediaFields, prefix=prefix),
            Middleware(Unexpected),
            Middleware(Streams, limit=settings.serve.max_streams, prefix=prefix),
            Middleware(UntilTheClientLeaves),
        ],
        exception_handlers={StrmctlError: _failed, HTTPException: _refused},
        lifespan=_lifespan,
    )
    app.router.redirect_slashes = False
    app.state.settings = settings
    app.state.metrics = counting
    app.state.command = tuple(command) or strmctl_command(None)
    app.state.proof = in_force.proof(settings)
    app.state.signer = in_force.signer(settings)
    return app


class _OnlyRoute(Route):
    """Nothing else answers at its path: by another method it is 405, not what comes behind it."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, child_scope = super().matches(scope)
        return Match.NONE if match is Match.NONE else Match.FULL, child_scope


def _routes(prefix: str) -> list[BaseRoute]:
    """Every route, with the path of public_base_url before it or, taken off in front, without.

    A player's path is never redirected: that would send it where its Host field says.
    """
    routes: list[BaseRoute] = [
        _OnlyRoute("/healthz", healthz),
        _OnlyRoute("/readyz", readyz),
        _OnlyRoute("/metrics", metrics),
        _OnlyRoute(playback_url.PATH, stream),
        _OnlyRoute(playback_url.PATH + ".{extension}", stream),
        _OnlyRoute(child_url.PATH + "/{token}/{name}", child),
        _OnlyRoute(child_url.PATH + "/{token}/{cut}/{name}", child),
        Mount("/api/v1", create_api(prefix)),
    ]
    page = Mount("/", create_page())
    if prefix:
        below = Router([*routes, page], redirect_slashes=False)
        routes += [
            Mount(prefix, below),
            Route(prefix, RedirectResponse(f"{prefix}/"), methods=["GET", "HEAD"]),
        ]
    return [*routes, page]


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[Context]:
    """What it yields is the `state` of every request, also in the mounted applications."""
    settings: Settings = app.state.settings
    stopping = asyncio.Event()
    async with AsyncExitStack() as stack:
        database = stack.enter_context(await aside(Database.open, settings.database))
        await aside(app.state.metrics.count_probes, database)
        app.state.playback = await stack.enter_async_context(
            player_service(settings, app.state.metrics)
        )
        running = await stack.enter_async_context(jobs(settings, app.state.command, stopping))
        if settings.maintain.enabled:
            await stack.enter_async_context(maintenance(settings, running, stopping))
        await stack.enter_async_context(notifying(settings))
        yield {
            "settings": settings,
            "admission": admission(settings),
            "signer": app.state.signer,
            "database": database,
            "jobs": running,
            "late_events": await stack.enter_async_context(late_events(settings)),
            "stopping": stopping,
        }


async def healthz(request: Request) -> Response:
    describe(request.scope, "healthz")
    return JSONResponse({"status": "ok", "version": __version__})


async def readyz(request: Request) -> Response:
    describe(request.scope, "readyz")
    await aside(check_ready, request.state.stopping, request.state.database)
    return JSONResponse({"status": "ready", "version": __version__})


async def stream(request: Request) -> ASGIApp:
    """The playback URL."""
    state: _State = request.app.state
    claim = playback_url.verify(request.url.query, state.proof, datetime.now(UTC))
    describe(request.scope, claim.identity)
    if state.settings.proxy.mode is Mode.REDIRECT:
        address = await state.playback.address(claim.identity)
        return RedirectResponse(address, 302, {"Cache-Control": "no-store"})
    addresses = Addresses(state.settings.proxy.public_base_url, state.signer, claim)
    answer = await state.playback.root(addresses, _wanted(request))
    if isinstance(answer, MediaAnswer):
        return MediaResponse(answer, FILE_CACHING)
    return playlist_response(answer)


async def child(request: Request) -> ASGIApp:
    """A rendition's playlist, or something that it lists."""
    state: _State = request.app.state
    token, name = request.path_params["token"], request.path_params["name"]
    claim = child_url.verify(token, state.signer, datetime.now(UTC))
    identity = claim.playback.identity
    describe(request.scope, f"{identity} {claim.rendition or 'root'} {name}")
    if name == PLAYLIST_NAME:
        addresses = Addresses(state.settings.proxy.public_base_url, state.signer, claim.playback)
        directives = _delivery_directives(request)
        return playlist_response(
            await state.playback.playlist(addresses, claim.rendition, directives)
        )
    answer = await state.playback.resource(
        identity, claim.rendition, request.path_params.get("cut", ""), name, _wanted(request)
    )
    return MediaResponse(answer, SEGMENT_CACHING)


def _wanted(request: Request) -> Wanted:
    return Wanted(request.headers.get("range"), request.headers.get("if-range"))


def _delivery_directives(request: Request) -> str:
    """What a low-latency player asks of its playlist (rfc8216bis section 6.2.5)."""
    given = request.query_params
    return "&".join(
        f"{name}={given[name]}"
        for name in _DELIVERY_DIRECTIVES
        if given.get(name, "").isalnum() and given[name].isascii()
    )


async def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, StrmctlError)
    if error.http_status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("%s", error)
    return problem_of(error)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail = HTTPStatus(error.status_code).description or error.detail
    return problem(error.status_code, detail, fields=error.headers)
