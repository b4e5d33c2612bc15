"""Whether the server lives and can serve; anybody may ask."""

from fastapi import APIRouter, Request

from strmctl import __version__
from strmctl.server.api import arguments, models
from strmctl.server.api.problems import documented
from strmctl.server.api.security import OPEN, OpenRoute
from strmctl.server.context import check_ready

router = APIRouter(route_class=OpenRoute, tags=["health"])


@router.get("/healthz", openapi_extra=OPEN, responses={500: documented(500)})
async def healthz() -> models.Health:
    """The server lives."""
    return models.Health(status="ok", version=__version__)


@router.get("/readyz", openapi_extra=OPEN, responses={n: documented(n) for n in (500, 503)})
def readyz(request: Request, database: arguments.Database) -> models.Health:
    """Players can be served: the database answers and nobody has said to stop."""
    check_ready(request.state.stopping, database)
    return models.Health(status="ready", version=__version__)
