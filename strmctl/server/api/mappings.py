"""Mappings: listed by the selection options, shown, written and removed."""

from datetime import timedelta
from typing import Annotated
from urllib.parse import quote, unquote, urlsplit

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from strmctl.server.api import arguments, models
from strmctl.server.api.paging import cursor_of, id_in
from strmctl.server.api.problems import answers
from strmctl.server.api.security import AdmittedRoute
from strmctl.server.api.selecting import Selecting, now
from strmctl.services.changing.remove import remove_one
from strmctl.services.keys.playback_urls import PlaybackUrls
from strmctl.services.library.find import UnknownMappingError
from strmctl.services.reports.records import Record, mapping_record, written_record
from strmctl.services.writing.batch import batches
from strmctl.services.writing.entry import entry
from strmctl.services.writing.plan import Outcome
from strmctl.storage.tables.mappings import Mappings

router = APIRouter(route_class=AdmittedRoute, tags=["mappings"])

_REMOVE_WAIT = timedelta(seconds=2)

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
    wanted: Annotated[Listing, Query()], settings: arguments.Settings, database: arguments.Database
) -> Record:
    """In the order of their ids."""
    found = Mappings(database).page(
        wanted.selection(settings, now()),
        text=wanted.q,
        after=id_in(wanted.cursor) or 0,
        limit=wanted.limit,
    )
    urls = PlaybackUrls(settings)
    is_last = len(found) < wanted.limit
    return {
        "items": [mapping_record(it, urls.of(it), reveal=wanted.reveal) for it in found],
        "next_cursor": None if is_last else cursor_of(found[-1].id),
    }


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
    mapping = Mappings(database).get(mapping_id)
    if mapping is None:
        raise UnknownMappingError(f"no such mapping: {mapping_id}")
    return mapping_record(mapping, PlaybackUrls(settings).of(mapping), reveal=reveal)


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
    fields = new.model_dump(exclude={"resolve", "force"}, exclude_none=True)
    item = entry(fields)
    # The same path as `strmctl write`: lock, journal and refusals hold for the API too.
    with batches(settings, resolve=new.resolve, force=new.force) as opened:
        written = opened.write_one(item)
    if written.outcome is Outcome.CREATED:
        # 201 names what was made (RFC 9110 section 15.3.2).
        response.headers["Location"] = location(settings, f"mappings/{written.mapping.id}")
    else:
        response.status_code = 200
    unresolved = None if written.unresolved is None else str(written.unresolved)
    return {**written_record(written), "unresolved": unresolved}


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
    remove_one(settings, mapping_id, wait=_REMOVE_WAIT)


def location(settings: arguments.Settings, path: str) -> str:
    """With the path of the base URL, which leads here through a front and without one."""
    prefix = quote(unquote(urlsplit(settings.proxy.public_base_url).path))
    return f"{prefix}/api/v1/{path}"
