"""What every request finds in `request.state`, in the mounted applications too: one context."""

import asyncio
from dataclasses import dataclass, field
from typing import cast

from starlette.requests import Request

from strmctl.domain.urls.child_url import Tokens
from strmctl.domain.urls.playback_url import Proof
from strmctl.domain.urls.signature import Signer
from strmctl.errors import StrmctlError
from strmctl.server.http.admission import Admission
from strmctl.server.media.compressed import Compressed
from strmctl.server.media.viewers import Viewers
from strmctl.server.metrics.metrics import Metrics
from strmctl.services.arr.waiting import LateEvents
from strmctl.services.jobs.jobs import Jobs
from strmctl.services.playback.player import Player
from strmctl.services.sessions import Sessions
from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.database.integrity import check_answers


@dataclass
class Context:
    """Of one reading of the settings.

    `database` is another connection than the players'; ask it in a thread. `stopping` is set
    when the server begins to end: what goes on for long ends then. A player node has neither jobs
    nor late events.
    """

    settings: Settings
    proof: Proof
    signer: Signer
    tokens: Tokens
    playback: Player
    compressed: Compressed
    viewers: Viewers
    metrics: Metrics
    admission: Admission
    sessions: Sessions
    database: Database
    stopping: asyncio.Event
    jobs: Jobs = field(init=False)
    late_events: LateEvents = field(init=False)


def context_of(request: Request) -> Context:
    """All of `request.state` at once; Starlette itself knows no types of it."""
    return cast("Context", request.scope["state"]["context"])


class StoppingError(StrmctlError):
    http_status = 503


def check_ready(stopping: asyncio.Event, database: Database) -> None:
    """Whether players can be served now.

    Raises StoppingError once it is to stop, DatabaseError where the database does not answer.
    """
    if stopping.is_set():
        raise StoppingError("the server is being stopped")
    check_answers(database)
