"""What the database has of an identity is remembered for a moment, and for longer without a row."""

import asyncio
import time
from collections.abc import Callable, Mapping as Table
from datetime import timedelta

from msgspec import Struct

from strmctl.domain.identity import Identity
from strmctl.domain.library.library_path import Naming
from strmctl.domain.mapping import Resolution
from strmctl.domain.media.extent import Extent
from strmctl.newest import Newest
from strmctl.resolvers.contract import ResolveRequest
from strmctl.services.resolving.storing import Storing, is_newer
from strmctl.services.threads import reading
from strmctl.storage.tables.mappings import Mappings, StoredResolution

_IDENTITIES = 10_000


class _Known(Struct, frozen=True):
    """What the database had at `read_at`; if it has no such row, what was resolved."""

    resolution: Resolution
    read_at: float
    has_row: bool
    extent: Extent | None = None


class KnownResolutions:
    """For as long as `remember` the database is not asked twice about an identity."""

    def __init__(
        self,
        mappings: Mappings,
        *,
        remember: timedelta,
        monotonic: Callable[[], float] = time.monotonic,
        writing: Mappings | None = None,
    ) -> None:
        self._mappings = mappings
        self._storing = Storing(writing or mappings, self._has_stored)
        self._remember_for = remember.total_seconds()
        self._monotonic = monotonic
        self._known: Newest[Identity, _Known] = Newest(_IDENTITIES)
        self._introduced: Table[Identity, Naming] = {}

    async def recent(self, identity: Identity) -> Resolution | None:
        """As the database had it a moment ago, or has it now."""
        known = self._known.get(identity)
        if known is not None and self._monotonic() < known.read_at + self._remember_for:
            return known.resolution
        return await self.read(identity)

    async def read(self, identity: Identity) -> Resolution | None:
        """As the database has it now; without a row, as it was resolved last."""
        mapping = await reading(self._mappings.find, identity)
        waiting = self._storing.waiting(identity)
        # Another worker may have stored a newer answer than the one that waits here.
        if waiting is not None and not (mapping and is_newer(mapping.resolution, waiting)):
            return waiting
        if mapping is not None and mapping.resolution is not None:
            self._remember(identity, mapping.resolution, has_row=True, extent=mapping.extent)
            return mapping.resolution
        known = self._known.get(identity)
        if known is None:
            return None
        if mapping is not None or known.has_row:
            del self._known[identity]
            return None
        # A node without a database of its own has no rows at all: not a question a segment.
        self._remember(identity, known.resolution, has_row=False, extent=known.extent)
        return known.resolution

    async def named(self, request: ResolveRequest) -> ResolveRequest:
        """The request, with what the library knows of the series or film."""
        naming = self._introduced.get(request.identity)
        if naming is not None:
            return request.knowing(naming.title, naming.year, naming.ids)
        mapping = await reading(self._mappings.find, request.identity)
        if mapping is None:
            return request
        return request.knowing(mapping.title, mapping.year, mapping.ids)

    def introduce(self, namings: Table[Identity, Naming]) -> None:
        """For identities that have no row yet: what is known of them."""
        self._introduced = namings

    async def keep(self, stored: StoredResolution, *, or_fail: bool) -> None:
        """Store it: with `or_fail` now, which may raise DatabaseError, else when it is possible."""
        if or_fail:
            has_row = await asyncio.to_thread(self._mappings.store_resolutions, [stored])
            self._has_stored(stored, bool(has_row))
        else:
            self._has_stored(stored, False)
            await self._storing.add(stored)

    async def later(self, work: Callable[[], None]) -> None:
        """Other work that writes, for which nobody waits either."""
        await self._storing.later(work)

    async def aclose(self) -> None:
        await self._storing.aclose()

    def _has_stored(self, stored: StoredResolution, has_row: bool) -> None:
        extent = self.extent(stored.identity)
        self._remember(stored.identity, stored.resolution, has_row=has_row, extent=extent)

    def extent(self, identity: Identity) -> Extent | None:
        """How much there was of what it resolved to, as the database had it lately."""
        known = self._known.get(identity)
        return known.extent if known is not None else None

    def _remember(
        self, identity: Identity, resolution: Resolution, *, has_row: bool, extent: Extent | None
    ) -> None:
        self._known.put(identity, _Known(resolution, self._monotonic(), has_row, extent))
