"""Series as a tree, a series with its seasons and episodes, one link with its life."""

from collections.abc import Mapping
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from strmctl.domain.mapping import Mapping as Link, is_muted
from strmctl.domain.selection import Order
from strmctl.errors import StrmctlError, UsageError
from strmctl.server.page.answering import done_of, whole
from strmctl.server.page.forms import state_of
from strmctl.server.page.rendering import fragment, shown
from strmctl.services.library.direct_files import unsent_headers
from strmctl.services.reports import browsing
from strmctl.services.threads import in_thread
from strmctl.storage.tables.mappings import Mappings
from strmctl.storage.tables.series import EpisodeFilter, SeriesFilter

_ROWS = 200
_LONGEST_SEARCH = 1000
_ORDERS = {"worst": Order.WORST, "ending": Order.EXPIRES}


async def library(request: Request) -> Response:
    wanted, sort = wanted_of(request), request.query_params.get("sort", "")
    page, order = _number(request, "page") or 1, _ORDERS.get(sort, Order.EPISODE)
    found = await in_thread(browsing.library, request.state.database, wanted, page, order)
    return await shown(
        request,
        "library.html",
        library=found,
        wanted=wanted,
        sort=sort if sort in _ORDERS else "",
        done=done_of(request),
    )


def wanted_of(request: Request) -> SeriesFilter:
    """Raises UsageError for what no form of the library sends."""
    given = request.query_params
    return SeriesFilter(
        text=_searched(given.get("q", "")) or None,
        site=given.get("site") or None,
        state=state_of(given.get("state")),
        provider=given.get("provider") or None,
        films={"films": True, "series": False}.get(given.get("kind", "")),
    )


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
    page = _number(request, "page") or 1
    found = await in_thread(browsing.series, request.state.database, wanted, page)
    if "part" in given:
        return await fragment("_series.html", page=found)
    return await shown(request, "series.html", page=found)


async def mapping(request: Request) -> Response:
    found = await mapping_page(request, _number(request, "id"))
    return await show_mapping(request, found, current(found.mapping))


async def mapping_page(request: Request, mapping_id: int | None) -> browsing.MappingPage:
    """Raises NotInLibraryError."""
    state = request.state
    return await in_thread(browsing.mapping, state.settings, state.database, mapping_id or 0)


async def show_mapping(
    request: Request,
    found: browsing.MappingPage,
    given: Mapping[str, str],
    problem: StrmctlError | None = None,
) -> Response:
    """`given` is what its form holds, `problem` why that was refused."""
    settings = request.state.settings
    return await shown(
        request,
        "mapping.html",
        mode=settings.proxy.mode,
        unsent=await in_thread(unsent_headers, settings, found.mapping),
        status=200 if problem is None else problem.http_status,
        found=found,
        given=given,
        problem=problem and str(problem),
        done=done_of(request),
        is_muted=is_muted(found.mapping, datetime.now(UTC)),
    )


def current(link: Link) -> dict[str, str]:
    """What the form of a link's page shows before anybody has typed."""
    facts = {
        "title": link.title,
        "year": link.year,
        "provider": link.identity.provider,
        "language": link.identity.language,
        "imdb_id": link.ids.imdb,
        "tvdb_id": link.ids.tvdb,
        "tmdb_id": link.ids.tmdb,
    }
    return {name: "" if value is None else str(value) for name, value in facts.items()}


async def rows(request: Request) -> Response:
    """The rows of these links as they are now, for a page that shows them already."""
    ids = [whole([text], "id") or 0 for text in request.query_params.getlist("id")]
    if len(ids) > _ROWS:
        raise UsageError(f"more than {_ROWS} rows")
    found = await in_thread(Mappings(request.state.database).with_ids, ids)
    return await fragment("_rows.html", links=list(found.values()))


def _number(request: Request, name: str) -> int | None:
    return whole(request.query_params.getlist(name), name)
