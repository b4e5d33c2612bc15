"""Series as a tree, a series with its seasons and episodes, one link with its life."""

from starlette.requests import Request
from starlette.responses import Response

from strmctl.errors import UsageError
from strmctl.server.page.answering import whole
from strmctl.server.page.forms import state_of
from strmctl.server.page.rendering import fragment, shown
from strmctl.services.reports import browsing
from strmctl.services.threads import in_thread
from strmctl.storage.tables.mappings import Mappings
from strmctl.storage.tables.series import EpisodeFilter, SeriesFilter

_ROWS = 200
_LONGEST_SEARCH = 1000


async def library(request: Request) -> Response:
    given = request.query_params
    wanted = SeriesFilter(
        text=_searched(given.get("q", "")) or None,
        site=given.get("site") or None,
        state=state_of(given.get("state")),
        provider=given.get("provider") or None,
    )
    found = await in_thread(
        browsing.library, request.state.database, wanted, _number(request, "page") or 1
    )
    return await shown(request, "library.html", library=found, wanted=wanted)


def _searched(text: str) -> str:
    if len(text) > _LONGEST_SEARCH:
        raise UsageError(f"a search takes up to {_LONGEST_SEARCH} characters")
    return text


async def series(request: Request) -> Response:
    """With `part`, only what goes into the tree of the library."""
    given = request.query_params
    wanted = EpisodeFilter(
        site=given.get("site", ""),
        slug=given.get("slug", ""),
        season=_number(request, "season"),
        state=state_of(given.get("state")),
        provider=given.get("provider") or None,
    )
    found = await in_thread(
        browsing.series, request.state.database, wanted, _number(request, "page") or 1
    )
    if "part" in given:
        return await fragment("_series.html", page=found)
    return await shown(request, "series.html", page=found)


async def mapping(request: Request) -> Response:
    found = await in_thread(
        browsing.mapping,
        request.state.settings,
        request.state.database,
        _number(request, "id") or 0,
    )
    return await shown(request, "mapping.html", found=found)


async def rows(request: Request) -> Response:
    """The rows of these links as they are now, for a page that shows them already."""
    ids = [whole([text], "id") or 0 for text in request.query_params.getlist("id")]
    if len(ids) > _ROWS:
        raise UsageError(f"more than {_ROWS} rows")
    found = await in_thread(Mappings(request.state.database).with_ids, ids)
    return await fragment("_rows.html", links=list(found.values()))


def _number(request: Request, name: str) -> int | None:
    return whole(request.query_params.getlist(name), name)
