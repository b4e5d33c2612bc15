"""Playback with everything below it, opened as the settings want and closed in the end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from strmctl.services.observing import UNOBSERVED, Observer
from strmctl.services.own_guard import guard
from strmctl.services.playback import Playback
from strmctl.services.resolving import resolving
from strmctl.settings.model import Settings
from strmctl.storage.database import Database
from strmctl.storage.mappings import Mappings
from strmctl.upstream.client import UpstreamClient


@asynccontextmanager
async def player_service(
    settings: Settings, observer: Observer = UNOBSERVED
) -> AsyncIterator[Playback]:
    """Raises SettingsError or DatabaseError before anything is served."""
    with Database.open(settings.database) as database:
        async with resolving(settings, Mappings(database), observer) as service:
            client = UpstreamClient(
                settings.upstream, guard(settings), answered=observer.upstream_answered
            )
            playback = Playback(
                service, client, playlist_max=settings.upstream.playlist_max, observer=observer
            )
            try:
                yield playback
            finally:
                await playback.aclose()
                await client.aclose()
