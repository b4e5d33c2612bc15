"""What a resolver answers for an identity, asked now; nothing is stored."""

from contextlib import aclosing

from strmctl.domain.identity import Identity
from strmctl.domain.mapping import Resolution
from strmctl.resolvers.contract import Reason, ResolveRequest
from strmctl.resolvers.registry import Registry
from strmctl.settings.model import Settings


async def resolver_answer(settings: Settings, identity: Identity) -> Resolution:
    """Raises ResolverError."""
    async with aclosing(Registry.from_settings(settings)) as registry:
        resolver = registry.for_site(identity.site)
        return await resolver.resolve(ResolveRequest(identity, Reason.CREATE))
