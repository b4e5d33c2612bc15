"""What others tell by webhook: Sonarr and Radarr, when they have moved or deleted files."""

from fastapi import APIRouter, Response
from starlette.routing import Match
from starlette.types import Scope

from strmctl.domain.library.arr_event import Sender
from strmctl.server.api import arguments, models
from strmctl.server.api.problems import answers
from strmctl.server.api.security import AdmittedRoute

_MAX_EVENT = 16 * 2**20
"""Bytes; Sonarr names every renamed file of a long series in one event, and sends it once."""


class _EventRoute(AdmittedRoute):
    max_body = _MAX_EVENT

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        # An address is typed there by hand, often with a slash at its end; neither of them follows
        # a redirect of a POST.
        return super().matches({**scope, "path": scope["path"].removesuffix("/")})


router = APIRouter(route_class=_EventRoute, tags=["webhooks"])

_LATER = {"model": models.Received, "description": "It will be done when another run has ended."}


# Sonarr and Radarr can send PUT as well. It does the same, so the document lists POST alone.
@router.put("/hooks/{sender}", include_in_schema=False)
@router.post("/hooks/{sender}", responses={202: _LATER, **answers(400, 404, 409, 413, 502)})
async def receive_webhook(
    sender: Sender, payload: dict[str, object], events: arguments.LateEvents, response: Response
) -> models.Received:
    """Bring mappings' paths to where the files are now; the same event again changes nothing."""
    received = await events.receive(sender, payload)
    # Sonarr and Radarr take any 2xx for delivered; 202 is true (RFC 9110 section 15.3.3).
    if received.waiting:
        response.status_code = 202
    return models.Received.model_validate(received)
