"""An episode under torture: its playback URL, and when the resolver was called for it."""

import itertools
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from stage.resolver import Answer, Resolver
from stage.strmctl import Server, Strmctl
from system.torture.origin import TOKEN_SECONDS, Origin

_numbers = itertools.count(1)


@dataclass(slots=True)
class Ordeal:
    """`tells_expiry`: whether the resolver knows when its answers die."""

    path: str
    origin: Origin
    tells_expiry: bool = True
    slug: str = field(default_factory=lambda: f"ordeal-{next(_numbers)}")
    playback_url: str = ""
    resolved_at: list[float] = field(default_factory=list)

    def answer(self) -> Answer:
        self.resolved_at.append(time.monotonic())
        end = datetime.now(UTC) + timedelta(seconds=TOKEN_SECONDS)
        return {
            "url": self.origin.new_url(self.path),
            "provider": "VOE",
            "expires_at": end.isoformat() if self.tells_expiry else None,
        }

    def needless_resolves(self) -> int:
        """How many came while the answer before had more than a tenth of its life left."""
        gaps = (later - earlier for earlier, later in itertools.pairwise(self.resolved_at))
        return sum(gap < TOKEN_SECONDS * 0.85 for gap in gaps)


@dataclass(frozen=True, slots=True)
class Rack:
    origin: Origin
    resolver: Resolver
    strmctl: Strmctl
    server: Server

    def ordeal(self, path: str, *, pace: float = 0.0, tells_expiry: bool = True) -> Ordeal:
        """`pace` in bytes a second."""
        self.origin.pace = pace
        ordeal = Ordeal(path, self.origin, tells_expiry)
        self.resolver.answers[ordeal.slug] = ordeal.answer
        mapping = self.strmctl.write(ordeal.slug)
        ordeal.playback_url = self.strmctl.strm_text(mapping).strip()
        return ordeal

    def log(self) -> str:
        """What the server has said so far."""
        return self.server.log.read_text()
