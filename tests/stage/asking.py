"""Ask a resolver made from one table of settings, as strmctl would."""

from contextlib import aclosing
from datetime import timedelta

import pytest

from strmctl.domain.external_ids import ExternalIds
from strmctl.domain.identity import Identity
from strmctl.domain.mapping import Resolution
from strmctl.errors import ResolverError
from strmctl.resolvers.contract import Reason, ResolveRequest
from strmctl.resolvers.registry import Registry
from strmctl.settings.model import ResolverSettings, Settings

EPISODE = Identity("site.example", "one-piece", "German Dub", 1, 2, "VOE")
MOVIE = Identity("site.example", "red", "German Dub")
REQUEST = ResolveRequest(
    EPISODE,
    Reason.PLAY,
    avoid_urls=("https://cdn.example/old",),
    avoid_providers=("Vidoza",),
    last_status=403,
    title="One Piece",
    year=1999,
    ids=ExternalIds(imdb="tt0388629", tvdb=81797),
)
QUESTION = {
    "site": "site.example",
    "slug": "one-piece",
    "season": 1,
    "episode": 2,
    "language": "German Dub",
    "provider": "VOE",
    "reason": "play",
    "avoid_urls": ["https://cdn.example/old"],
    "avoid_providers": ["Vidoza"],
    "last_status": 403,
    "title": "One Piece",
    "year": 1999,
    "ids": {"imdb": "tt0388629", "tvdb": 81797, "tmdb": None},
}


def table(
    kind: str, *, name: str = "mine", timeout: float = 20, egress: str = "", **options: object
) -> ResolverSettings:
    return ResolverSettings(name, ["*"], kind, timedelta(seconds=timeout), egress, options)


async def ask(settings: ResolverSettings, request: ResolveRequest = REQUEST) -> Resolution:
    async with aclosing(Registry.from_settings(Settings(resolvers=[settings]))) as registry:
        return await registry.for_site(request.identity.site).resolve(request)


async def refusal(settings: ResolverSettings, request: ResolveRequest = REQUEST) -> ResolverError:
    """The error that asking ends with: one line that begins with the resolver's name."""
    with pytest.raises(ResolverError, match=f"resolver '{settings.name}': ") as caught:
        await ask(settings, request)
    assert "\n" not in str(caught.value)
    return caught.value
