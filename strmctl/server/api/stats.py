"""How well the library is."""

from typing import Annotated

from fastapi import APIRouter, Query

from strmctl.server.api import arguments, models
from strmctl.server.api.problems import answers
from strmctl.server.api.security import AdmittedRoute
from strmctl.server.api.selecting import now
from strmctl.services.reports.attention import attention
from strmctl.services.reports.records import Record, stats_record
from strmctl.services.reports.stats import stats
from strmctl.settings.values import duration

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
