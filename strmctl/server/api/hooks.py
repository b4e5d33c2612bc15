"""What others tell by webhook: Sonarr and Radarr, when they have moved or deleted files."""

from fastapi import APIRouter

from strmctl.domain.arr_event import Sender
from strmctl.server.api import given, models
from strmctl.server.api.problems import answers
from strmctl.server.api.security import AdmittedRoute
from strmctl.services.arr import receive
from strmctl.storage.database import Database

router = APIRouter(route_class=AdmittedRoute, tags=["webhooks"])


@router.post("/hooks/{sender}", responses=answers(400, 409, 413, 502))
def receive_webhook(
    sender: Sender, payload: dict[str, object], settings: given.Settings
) -> models.Received:
    """Bring mappings' paths to where the files are now; the same event again changes nothing."""
    with Database.open(settings.database) as database:
        received = receive(settings, database, sender, payload)
    return models.Received.model_validate(received)
