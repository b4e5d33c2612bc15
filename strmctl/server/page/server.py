"""The server itself: who watches, what is in force, and what its log has said."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from strmctl.domain.identity import Identity
from strmctl.domain.mapping import Mapping
from strmctl.server.http.logs import Line, recent_lines
from strmctl.server.media.viewers import Viewing, earliest
from strmctl.server.page.rendering import shown
from strmctl.services.reports.standing import standing
from strmctl.services.threads import in_thread
from strmctl.settings.names import in_force
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.events import Events
from strmctl.storage.tables.mappings import Mappings

_LINES = 500
_LEVELS = ("info", "warning", "error")


@dataclass(frozen=True, slots=True)
class Stream:
    """`link` is None where the library has no such row; `heals` are those of all workers."""

    viewing: Viewing
    link: Mapping | None
    heals: int


async def streams(request: Request) -> Response:
    viewings = request.app.state.viewers.now()
    return await shown(
        request,
        "streams.html",
        streams=await in_thread(_streams, request.state.database, viewings),
        workers=request.state.settings.serve.workers,
        running=await in_thread(request.app.state.metrics.streams_running),
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
    return is_level and (not request or line.request == request)


def _streams(database: Database, viewings: Sequence[Viewing]) -> list[Stream]:
    links = Mappings(database).known({each.identity for each in viewings})
    heals = Events(database).heals_since(earliest(viewings))
    return [
        Stream(each, links.get(each.identity), _heals(links, heals, each.identity))
        for each in viewings
    ]


def _heals(links: dict[Identity, Mapping], heals: dict[int, int], identity: Identity) -> int:
    link = links.get(identity)
    return 0 if link is None else heals.get(link.id, 0)
