"""Opens a player with everything that it needs, as the settings say, and closes it at the end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from strmctl.services.keys import in_force
from strmctl.services.observer import UNOBSERVED, Observer, Proven, unproven
from strmctl.services.playback.player import Player
from strmctl.services.resolving.opening import resolving
from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.mappings import Mappings
from strmctl.upstream.client import UpstreamClient
from strmctl.upstream.guard import guard

_PATIENCE = 2.0
"""Seconds to wait while somebody else writes to the database, before it is asked again."""


@asynccontextmanager
async def player_service(
    settings: Settings, observer: Observer = UNOBSERVED, proven: Proven = unproven
) -> AsyncIterator[Player]:
    """Raises SettingsError or DatabaseError before anything is served."""
    with (
        Database.open(settings.database) as database,
        # One connection does one thing at a time: who reads does not wait for who writes.
        Database.open(settings.database, patience=_PATIENCE) as another,
    ):
        counted = None if observer is UNOBSERVED else observer
        async with resolving(
            settings, Mappings(database), counted, writing=Mappings(another)
        ) as service:
            client = UpstreamClient(
                settings.upstream, guard(settings), answered=observer.upstream_answered
            )
            playback = Player(
                service,
                client,
                playlist_max=settings.upstream.playlist_max,
                observer=observer,
                proven=proven,
            )
            try:
                yield playback
            finally:
                await playback.aclose()
                await client.aclose()


def rehearse(settings: Settings) -> None:
    """Start and end once: migrations run here too. Raises SettingsError or DatabaseError."""
    in_force.proof(settings)
    asyncio.run(_start_and_end(settings))


async def _start_and_end(settings: Settings) -> None:
    async with player_service(settings):
        pass
