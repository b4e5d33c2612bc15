"""A selection of the library as CSV, read and sent a page at a time."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from strmctl.domain.mapping import Mapping
from strmctl.server.page.library import wanted_of
from strmctl.server.page.phrases import machine
from strmctl.services.reports import browsing
from strmctl.services.threads import in_thread

_COLUMNS = (
    *("id", "state", "site", "slug", "season", "episode", "language", "provider", "title", "year"),
    *("imdb_id", "tvdb_id", "tmdb_id", "path", "provider_used", "resolved_at", "expires_at"),
    *("last_probed_at", "fail_count"),
)
# A spreadsheet runs what begins so, and titles come from elsewhere (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def export(request: Request) -> Response:
    """What the library shows, with the same parameters; upstream URLs are no part of it."""
    pages = browsing.links(request.state.database, wanted_of(request))
    headers = {"Content-Disposition": 'attachment; filename="strmctl.csv"'}
    return StreamingResponse(_rows(pages), media_type="text/csv; charset=utf-8", headers=headers)


async def _rows(pages: Iterator[Sequence[Mapping]]) -> AsyncIterator[str]:
    yield _text([_COLUMNS])
    while (page := await in_thread(next, pages, None)) is not None:
        yield await in_thread(_text, map(_cells, page))


def _cells(link: Mapping) -> list[object]:
    identity, resolution = link.identity, link.resolution
    return [
        *(link.id, link.state.value, identity.site, identity.slug),
        *(identity.season, identity.episode, identity.language, identity.provider),
        *(link.title, link.year, link.ids.imdb, link.ids.tvdb, link.ids.tmdb, link.strm_path),
        resolution and resolution.provider,
        resolution and resolution.resolved_at and machine(resolution.resolved_at),
        resolution and resolution.expires_at and machine(resolution.expires_at),
        link.last_probed_at and machine(link.last_probed_at),
        link.fail_count,
    ]


def _text(rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([_safe(cell) for cell in row] for row in rows)
    return text.getvalue()


def _safe(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
