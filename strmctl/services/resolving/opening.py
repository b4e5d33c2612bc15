"""What resolves for a library, as its settings want it; and one answer that changes nothing."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime

from strmctl.domain.identity import Identity
from strmctl.domain.mapping import Mapping, Resolution
from strmctl.resolvers.contract import Reason, ResolveRequest
from strmctl.resolvers.registry import Registry
from strmctl.services.observer import Observer
from strmctl.services.resolving.resolve import Resolving
from strmctl.services.tally import Tally, saving
from strmctl.settings.model import Settings
from strmctl.storage.tables.mappings import Mappings


@asynccontextmanager
async def resolving(
    settings: Settings,
    mappings: Mappings,
    observer: Observer | None = None,
    *,
    writing: Mappings | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> AsyncIterator[Resolving]:
    """`Resolving` as the settings want it, closed with its resolvers in the end.

    `writing` has another connection, where nobody is to wait for what it stores.
    Whoever gives no observer has its resolver's answers counted like everybody's.
    """
    if observer is None:
        counted = Tally(now)
        again = resolving(settings, mappings, counted, writing=writing, now=now)
        # A run that cannot write has a line of its own, and one is promised.
        counting = saving(counted, mappings.database, level=logging.INFO)
        async with counting, again as service:
            yield service
        return
    registry = Registry.from_settings(settings, observer.resolver_answered)
    service = Resolving(
        registry,
        mappings,
        lock_file=settings.database.with_name(f"{settings.database.name}.resolving"),
        cache_ttl=settings.proxy.cache_ttl,
        observer=observer,
        writing=writing,
        now=now,
    )
    try:
        yield service
    finally:
        await service.aclose()
        await registry.aclose()


async def resolver_answer(
    settings: Settings, identity: Identity, known: Mapping | None = None
) -> Resolution:
    """Raises ResolverError."""
    request = ResolveRequest(identity, Reason.CREATE)
    if known is not None:
        request = request.knowing(known.title, known.year, known.ids)
    async with aclosing(Registry.from_settings(settings)) as registry:
        return await registry.for_site(identity.site).resolve(request)
