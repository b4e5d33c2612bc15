"""What has happened, newest first, and how well the library is; no trace of upstream URLs."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Query

from strmctl.server.api import arguments, models
from strmctl.server.api.paging import Cursor, Limit, cursor_of, id_in
from strmctl.server.api.problems import answers
from strmctl.server.api.security import AdmittedRoute
from strmctl.server.api.selecting import now
from strmctl.services.library import find
from strmctl.services.reports.attention import attention
from strmctl.services.reports.records import Record, event_record, stats_record
from strmctl.services.reports.stats import stats
from strmctl.settings.values import duration
from strmctl.storage.tables.events import Event, Events

router = APIRouter(route_class=AdmittedRoute, tags=["history"])


@router.get("/stats", response_model=models.Stats, responses=answers())
def show_stats(
    settings: arguments.Settings,
    database: arguments.Database,
    expiring: Annotated[
        models.Duration, Query(description="Which links count as expiring: within this.")
    ] = "2h",
) -> Record:
    """Links by site, provider and state; how many end soon; what was healed."""
    within = duration(expiring)
    found = stats(settings, database, now(), within)
    return stats_record(found, within, attention(database, found, now()))


@router.get("/events", response_model=models.Events, responses=answers(400))
def list_events(database: arguments.Database, limit: Limit = 100, cursor: Cursor = None) -> Record:
    """What happened to the whole library."""
    return _page(Events(database).newest(limit, before=id_in(cursor)), limit)


@router.get(
    "/mappings/{mapping_id}/events", response_model=models.Events, responses=answers(400, 404)
)
def list_mapping_events(
    mapping_id: Annotated[models.Id, Path()],
    database: arguments.Database,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Record:
    """The timeline of one mapping."""
    find.by_id(database, mapping_id)
    return _page(Events(database).of_mapping(mapping_id, limit, before=id_in(cursor)), limit)


def _page(events: Sequence[Event], limit: int) -> Record:
    is_last = len(events) < limit
    return {
        "items": [event_record(event) for event in events],
        "next_cursor": None if is_last else cursor_of(events[-1].id),
    }
