"""What every resolver is given and gives: one JSON, whatever the kind (DESIGN.md section 6)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from strmctl.domain.identity import Identity
from strmctl.domain.mapping import Resolution


class Reason(StrEnum):
    CREATE = "create"
    REFRESH = "refresh"
    PLAY = "play"
    PROBE = "probe"


@dataclass(frozen=True, slots=True)
class ResolveRequest:
    """One question; `avoid_urls` are URLs that have just failed, with the status of the last."""

    identity: Identity
    reason: Reason
    avoid_urls: Sequence[str] = field(default=(), repr=False)
    avoid_providers: Sequence[str] = ()
    last_status: int | None = None


class Resolver(Protocol):
    """A kind of resolver, made from one `[resolvers.NAME]` table.

    `resolve` raises ResolverError whose `http_status` tells the kind of failure: 404 no such
    episode (or not in this language), 503 later (`retry_after` seconds), 504 timeout, else 502.
    """

    @property
    def name(self) -> str: ...

    async def resolve(self, request: ResolveRequest) -> Resolution: ...
