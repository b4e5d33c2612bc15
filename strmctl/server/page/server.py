"""The server itself: who watches, what is in force, and what its log has said."""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from strmctl.domain.identity import Identity
from strmctl.server.http.logs import Line, recent_lines
from strmctl.server.media.viewers import Viewing, earliest
from strmctl.server.page.rendering import shown
from strmctl.services.reports.browsing import Watched, watched
from strmctl.services.reports.standing import standing
from strmctl.services.threads import in_thread
from strmctl.settings.names import in_force

_LINES = 500
_STATIC = " page /static/"
_LEVELS = ("info", "warning", "error")


class Stream(Struct, frozen=True):
    """`watched` is None where the library has no such row."""

    viewing: Viewing
    watched: Watched | None


async def streams(request: Request) -> Response:
    viewings = request.state.viewers.now()
    found = await in_thread(
        watched,
        request.state.database,
        {each.identity for each in viewings},
        earliest(viewings),
    )
    return await shown(
        request,
        "streams.html",
        streams=_joined(viewings, found),
        workers=request.state.settings.serve.workers,
        running=await in_thread(request.state.metrics.streams_running),
    )


async def settings(request: Request) -> Response:
    given = request.state.settings
    return await shown(
        request,
        "settings.html",
        order=await in_thread(standing, given, request.state.database),
        values=in_force(given),
    )


async def log(request: Request) -> Response:
    given = request.query_params
    wanted, level = given.get("request", "").strip(), given.get("level", "")
    lines = [line for line in recent_lines() if _is_wanted(line, wanted, level)]
    return await shown(
        request,
        "log.html",
        lines=lines[:_LINES],
        total=len(lines),
        wanted=wanted,
        level=level,
        levels=_LEVELS,
        workers=request.state.settings.serve.workers,
    )


def _is_wanted(line: Line, request: str, level: str) -> bool:
    """A level takes those that are worse as well."""
    is_level = level not in _LEVELS or line.level in (*_LEVELS[_LEVELS.index(level) :], "critical")
    # Each page loads four files, which would bury everything else.
    is_news = line.request == request if request else _STATIC not in line.text
    return is_level and is_news


def _joined(viewings: Sequence[Viewing], watched: Mapping[Identity, Watched]) -> list[Stream]:
    return [Stream(each, watched.get(each.identity)) for each in viewings]
