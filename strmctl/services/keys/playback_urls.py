"""The playback URLs of mappings as the settings want them: base URL, proof, extension hint."""

from datetime import datetime

from strmctl.domain.identity import Identity
from strmctl.domain.mapping import Mapping
from strmctl.domain.urls import playback_url
from strmctl.services.keys.in_force import proof
from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database, database_exists
from strmctl.storage.tables.mappings import Mappings


class PlaybackUrls:
    """Raises SettingsError where no usable key is to be had."""

    def __init__(self, settings: Settings) -> None:
        self._base = settings.proxy.public_base_url
        self._proof = proof(settings)

    def of(self, mapping: Mapping) -> str:
        return playback_url.build(
            self._base, mapping.identity, self._proof, extension=mapping.extension
        )


def signed_url(
    settings: Settings,
    identity: Identity,
    *,
    extension: str | None = None,
    expires_at: datetime | None = None,
) -> str:
    """`extension` None takes what the library knows of this identity."""
    if extension is None:
        extension = _known_extension(settings, identity)
    return playback_url.build(
        settings.proxy.public_base_url,
        identity,
        proof(settings),
        extension=extension,
        expires_at=expires_at,
    )


def _known_extension(settings: Settings, identity: Identity) -> str:
    if not database_exists(settings.database):
        return ""
    with Database.open(settings.database, migrate=False) as database:
        mapping = None if database.pending() else Mappings(database).find(identity)
    return mapping.extension if mapping else ""
