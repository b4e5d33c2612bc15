"""What every request finds in `request.state`, in the mounted applications too."""

import asyncio
from typing import TypedDict

from strmctl.domain.urls.signature import Signer
from strmctl.server.http.admission import Admission
from strmctl.services.arr.waiting import LateEvents
from strmctl.services.jobs.jobs import Jobs
from strmctl.services.sessions import Sessions
from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database


class Context(TypedDict, total=False):
    """`database` is another connection than the players'; ask it in a thread. `stopping` is set
    when the server begins to end: what goes on for long ends then. A player node
    has neither jobs nor late events."""

    settings: Settings
    admission: Admission
    sessions: Sessions
    signer: Signer
    database: Database
    jobs: Jobs
    late_events: LateEvents
    stopping: asyncio.Event
