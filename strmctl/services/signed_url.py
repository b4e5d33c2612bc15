"""The playback URL of any identity, whether the library holds it or not; nothing is changed."""

from datetime import datetime

from strmctl.domain import playback_url
from strmctl.domain.identity import Identity
from strmctl.services.proofs import proof
from strmctl.settings.model import Settings
from strmctl.storage.database import Database, database_exists
from strmctl.storage.mappings import Mappings


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
