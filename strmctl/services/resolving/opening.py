"""Opens what resolves for a library, as its settings say, and closes it at the end."""

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
    """`Resolving` as the settings say, closed with its resolvers at the end.

    `writing` has a connection of its own, for callers that do not wait until something is stored.
    Without an observer what resolvers answer is counted in the database.
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
    """What a resolver answers; nothing is stored. Raises ResolverError."""
    request = ResolveRequest(identity, Reason.CREATE)
    if known is not None:
        request = request.knowing(known.title, known.year, known.ids)
    async with aclosing(Registry.from_settings(settings)) as registry:
        return await registry.for_site(identity.site).resolve(request)
