"""A link that another node has seen to play replaces the mapping's own, if it is newer.

It counts as resolved and seen to play, but never as a heal or a play of this node: in a sum over
all nodes it would count twice.
"""

from dataclasses import replace
from datetime import datetime

from strmctl.domain.expiry.freshness import has_expired
from strmctl.domain.identity import Identity
from strmctl.domain.mapping import Resolution
from strmctl.services.library.find import UnknownMappingError
from strmctl.services.resolving.storing import is_newer
from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.mappings import Mappings, StoredResolution

_PATIENCE = 2.0
"""Seconds, fewer than the other node waits for the answer; after a failure it tries again."""

_PLAYED, _HEALED = "node play", "node heal"


def take(
    settings: Settings, identity: Identity, given: Resolution, now: datetime, *, healed: bool
) -> bool:
    """Whether it is stored. Raises UnknownMappingError or DatabaseError."""
    # With a time in the future, nothing would be newer until that time has come.
    at = min(given.resolved_at or now, now)
    # In milliseconds, as the row has it: else the same link would look newer when it comes again.
    at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    resolution = replace(given, resolved_at=at)
    # A connection of its own: /readyz does not wait for whoever writes to the database for long.
    with Database.open(settings.database, migrate=False, patience=_PATIENCE) as database:
        return _store(Mappings(database), identity, resolution, now, healed)


def _store(
    mappings: Mappings, identity: Identity, resolution: Resolution, now: datetime, healed: bool
) -> bool:
    # A transaction: nobody stores something newer between the look and the storing.
    with mappings.database.transaction():
        known = mappings.find(identity)
        if known is None:
            raise UnknownMappingError(f"no such mapping: {identity}")
        before = known.resolution
        is_old = before is not None and not is_newer(resolution, before)
        if is_old or has_expired(resolution, now):
            return False
        cause = _HEALED if healed else _PLAYED
        stored = StoredResolution(identity, resolution, plays=True, cause=cause)
        return bool(mappings.store_resolutions([stored]))
