"""Mappings: listed by the selection options, shown, written and removed."""

from collections import Counter
from datetime import timedelta
from typing import Annotated
from urllib.parse import quote, unquote, urlencode, urlsplit

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from strmctl.domain.mapping import Mapping
from strmctl.server.api import arguments, models
from strmctl.server.api.changing import values, written_item
from strmctl.server.api.paging import cursor_of, id_in
from strmctl.server.api.problems import answers
from strmctl.server.api.security import AdmittedRoute
from strmctl.server.api.selecting import Selecting, now
from strmctl.services.changing.remove import remove_one
from strmctl.services.changing.set_ import set_one
from strmctl.services.keys.playback_urls import PlaybackUrls
from strmctl.services.library import find
from strmctl.services.reports.records import Record, mapping_record, written_record
from strmctl.services.writing.batch import batches
from strmctl.services.writing.entry import Row, entry
from strmctl.services.writing.plan import Outcome
from strmctl.storage.tables.events import with_reasons
from strmctl.storage.tables.mappings import Mappings

router = APIRouter(route_class=AdmittedRoute, tags=["mappings"])

_WAIT = timedelta(seconds=2)

MappingId = Annotated[models.Id, Path()]
Reveal = Annotated[bool, Query(description="The upstream URL and its headers too: secrets.")]


class Listing(Selecting):
    q: models.Name | None = Field(None, description="Text in their title, slug or path.")
    limit: Annotated[int, Field(ge=1, le=500)] = 100
    cursor: Annotated[str, Field(max_length=40, pattern="^[A-Za-z0-9_-]+$")] | None = None
    reveal: bool = Field(False, description="The upstream URLs and their headers too: secrets.")


@router.get(
    "/mappings",
    response_model=models.Mappings,
    response_model_exclude_unset=True,
    responses=answers(400),
)
def list_mappings(
    wanted: Annotated[Listing, Query()],
    request: Request,
    settings: arguments.Settings,
    database: arguments.Database,
) -> Record:
    """List the mappings of a selection, in the order of their ids."""
    selection = wanted.selection(settings, now())
    found = Mappings(database).page(
        selection,
        text=wanted.q,
        after=id_in(wanted.cursor) or 0,
        limit=wanted.limit,
    )
    urls = PlaybackUrls(settings)
    following = None if len(found) < wanted.limit else cursor_of(found[-1].id)
    return {
        "items": [
            mapping_record(it, urls.of(it), reveal=wanted.reveal, reason=reason)
            for it, reason in with_reasons(database, found)
        ],
        "total": Mappings(database).count_matching(selection, text=wanted.q),
        "next_cursor": following,
        "next": following and _next(request, settings, following),
    }


def _next(request: Request, settings: arguments.Settings, cursor: str) -> str:
    query = request.query_params.multi_items()
    kept = [(name, value) for name, value in query if name != "cursor"]
    return location(settings, f"mappings?{urlencode([*kept, ('cursor', cursor)])}")


@router.get(
    "/mappings/{mapping_id}",
    response_model=models.Mapping,
    response_model_exclude_unset=True,
    responses=answers(404),
)
def show_mapping(
    mapping_id: MappingId,
    settings: arguments.Settings,
    database: arguments.Database,
    reveal: Reveal = False,
) -> Record:
    """Show one mapping."""
    return _record(find.by_id(database, mapping_id), settings, database, reveal=reveal)


@router.post(
    "/mappings",
    status_code=201,
    response_model=models.Written,
    response_model_exclude_unset=True,
    response_description="It is new; `Location` says where it is.",
    responses={
        200: {
            "model": models.Written,
            "description": "It was there; `outcome` says if it changed.",
        },
        **answers(400, 404, 409, 413, 502, 504),
    },
)
def write_mapping(
    new: models.NewMapping, settings: arguments.Settings, response: Response
) -> Record:
    """Register an identity and write its .strm file; the same again changes nothing."""
    fields = new.model_dump(exclude={"resolve", "force", "sidecars"}, exclude_none=True)
    item = entry(fields)
    # The same path as `strmctl write`: lock, journal and refusals hold for the API too.
    opening = batches(settings, resolve=new.resolve, force=new.force, sidecars=new.sidecars)
    with opening as opened:
        written = opened.write_one(item)
    if written.outcome is Outcome.CREATED:
        # 201 names what was made (RFC 9110 section 15.3.2).
        response.headers["Location"] = location(settings, f"mappings/{written.mapping.id}")
    else:
        response.status_code = 200
    troubles = {"unresolved": written.unresolved, "incomplete": written.incomplete}
    said = {name: None if error is None else str(error) for name, error in troubles.items()}
    return {**written_record(written), **said}


@router.post(
    "/mappings/bulk", response_model=models.WrittenItems, responses=answers(400, 409, 413, 502)
)
def write_mappings(new: models.NewMappings, settings: arguments.Settings) -> Record:
    """Register up to 1,000 identities and write their .strm files; a bad one stops no other."""
    rows = [Row(number, item) for number, item in enumerate(new.items, 1)]
    opening = batches(settings, resolve=new.resolve, force=new.force, sidecars=new.sidecars)
    with opening as opened:
        results = sorted(opened.write(rows), key=lambda result: result.line)
    items = [written_item(result) for result in results]
    counts = Counter(str(item["outcome"]) for item in items)
    return {"items": items, "counts": {name: counts[name] for name in (*Outcome, "failed")}}


@router.patch(
    "/mappings/{mapping_id}",
    response_model=models.Mapping,
    response_model_exclude_unset=True,
    responses=answers(400, 404, 409, 413, 502),
)
def change_mapping(
    mapping_id: MappingId,
    changes: models.Changes,
    settings: arguments.Settings,
    database: arguments.Database,
) -> Record:
    """Change one mapping: row, file and name move together; `strmctl undo` takes it back."""
    set_one(settings, mapping_id, values(changes.model_dump(exclude_unset=True)), wait=_WAIT)
    return _record(find.by_id(database, mapping_id), settings, database)


@router.delete(
    "/mappings/{mapping_id}",
    status_code=204,
    response_class=Response,
    responses=answers(404, 409, 502),
)
def remove_mapping(mapping_id: MappingId, settings: arguments.Settings) -> None:
    """Forget it and remove its .strm file, unless that holds something else by now.

    `strmctl undo` takes it back.
    """
    remove_one(settings, mapping_id, wait=_WAIT)


def _record(
    mapping: Mapping,
    settings: arguments.Settings,
    database: arguments.Database,
    reveal: bool = False,
) -> Record:
    [(_, reason)] = with_reasons(database, [mapping])
    url = PlaybackUrls(settings).of(mapping)
    return mapping_record(mapping, url, reveal=reveal, reason=reason)


def location(settings: arguments.Settings, path: str) -> str:
    """With the path of the base URL, which leads here through a front and without one."""
    prefix = quote(unquote(urlsplit(settings.proxy.public_base_url).path))
    return f"{prefix}/api/v1/{path}"
