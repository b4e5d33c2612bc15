"""How the library is and has been, and what the server is doing."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from strmctl.domain.state_history import States
from strmctl.domain.tally import complete
from strmctl.server.metrics.metrics import Metrics
from strmctl.server.page.rendering import shown
from strmctl.services.jobs import maintenance
from strmctl.services.reports.attention import attention
from strmctl.services.reports.standing import standing
from strmctl.services.reports.state_history import StateHistory, state_history
from strmctl.services.reports.stats import Stats, stats
from strmctl.services.threads import in_thread
from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.arr_events import ArrMisses, Miss
from strmctl.storage.tables.notices import Notices

Name = TypeVar("Name", str, str | None)

_KEPT_SECONDS = 30.0
_EXPIRING = timedelta(hours=2)
_LATELY = timedelta(days=7)
_MISSES = 20


class Compared(Struct, frozen=True):
    """A site or a provider, now and over time; `name` None is what is not resolved yet."""

    name: str | None
    now: States
    history: Sequence[States]

    @property
    def total(self) -> int:
        return sum(self.now.values())


class _Past(Struct, frozen=True):
    read_at: float
    history: StateHistory


class Overview:
    """The history is read once for all who look within half a minute: it may be long."""

    def __init__(self) -> None:
        self._past: _Past | None = None
        self._reading = asyncio.Lock()

    async def __call__(self, request: Request) -> Response:
        settings: Settings = request.state.settings
        database: Database = request.state.database
        metrics: Metrics = request.state.metrics
        now = datetime.now(UTC)
        await metrics.save_tally(database)
        health = await in_thread(stats, settings, database, now, _EXPIRING)
        wrong = await in_thread(attention, database, health, now)
        order = await in_thread(standing, settings, database)
        history = await self._history(database, health, now)
        return await shown(
            request,
            "overview.html",
            stats=health,
            wrong=wrong,
            order=order,
            fails=[each for each in order if each.is_well is False],
            states=health.states(),
            history=history,
            sites=_compared(health.by_site(), history.by_site()),
            providers=_compared(health.by_provider(), history.by_provider()),
            streams=await in_thread(metrics.streams_running),
            counts=complete(health.counts),
            maintain=settings.maintain,
            tasks=await maintenance.status(settings.maintain, request.state.jobs, now),
            notices=await in_thread(Notices(database).backlogs),
            misses=await in_thread(_misses, database, now),
        )

    async def _history(self, database: Database, health: Stats, now: datetime) -> StateHistory:
        async with self._reading:
            past = self._past
            if past is None or time.monotonic() - past.read_at > _KEPT_SECONDS:
                history = await in_thread(state_history, database, health, now)
                past = self._past = _Past(time.monotonic(), history)
        return past.history


def _misses(database: Database, now: datetime) -> list[Miss]:
    """What Sonarr and Radarr named lately and was not followed."""
    return [miss for miss in ArrMisses(database).newest(_MISSES) if now - miss.at < _LATELY]


def _compared(
    today: Mapping[Name, States], history: Mapping[Name, Sequence[States]]
) -> list[Compared]:
    """The largest first."""
    rows = [Compared(name, states, history.get(name, ())) for name, states in today.items()]
    return sorted(rows, key=lambda row: -row.total)
