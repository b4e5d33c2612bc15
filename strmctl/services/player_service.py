"""Playback with everything below it, opened as the settings want and closed in the end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from strmctl.services.playback import Playback
from strmctl.services.resolving import resolving
from strmctl.settings.model import Settings
from strmctl.storage.database import Database
from strmctl.storage.mappings import Mappings
from strmctl.upstream.client import UpstreamClient
from strmctl.upstream.guard import Guard


@asynccontextmanager
async def player_service(settings: Settings) -> AsyncIterator[Playback]:
    """Raises SettingsError or DatabaseError before anything is served."""
    with Database.open(settings.database) as database:
        async with resolving(settings, Mappings(database)) as service:
            client = UpstreamClient(settings.upstream, guard(settings))
            playback = Playback(service, client, playlist_max=settings.upstream.playlist_max)
            try:
                yield playback
            finally:
                await playback.aclose()
                await client.aclose()


def guard(settings: Settings) -> Guard:
    """The guard that keeps this very server from being its own upstream."""
    public = urlsplit(settings.proxy.public_base_url)
    public_port = public.port or (443 if public.scheme == "https" else 80)
    port = settings.serve.port
    own = [(public.hostname or "", public_port), (settings.serve.host, port)]
    own += [(host, port) for host in ("127.0.0.1", "::1", "localhost")]
    return Guard(settings.upstream.allow, own)
