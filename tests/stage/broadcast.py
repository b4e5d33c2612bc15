"""Broadcasts: what a live origin serves at a moment, behind tokens that soon die.

A URL is `http://HOST/live/SLUG/TOKEN/NAME`. What does not exist yet, but soon will, is answered
as soon as it exists: that is what low-latency players ask for (rfc8216bis section 6.2.5.2).
"""

import asyncio
import itertools
import math
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from stage.resolver import Answer as Resolution
from stage.upstream import Answer, Request, Upstream

TOKEN_SECONDS = 10.0
PLAYLIST_TYPE = "application/vnd.apple.mpegurl"
BEGAN = datetime(2026, 11, 22, 20, 15, tzinfo=UTC)
"""The program's own clock at its first segment."""

_EXPIRED = Answer(403, b"expired", {"Content-Type": "text/plain"})
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Piece:
    """Something to serve as soon as it is there: `at` in seconds since the broadcast began."""

    at: float
    content: Callable[[], bytes]
    media_type: str = "application/octet-stream"


class Program(Protocol):
    """What is on air: `entry` is the name that the resolver answers."""

    @property
    def entry(self) -> str: ...

    def piece(self, name: str, query: str, now: float) -> Piece | None:
        """What is called so, `now` seconds after the beginning; None for 404."""


@dataclass(slots=True)
class Broadcast:
    """`is_down` closes every connection unanswered; `tells_expiry` as resolvers may know it.

    Its clock runs from the first resolve on; `by_hand` it stands still but for `ahead` (seconds),
    and tokens live until they are made to `expire`. `token_seconds` is the life of a token.
    """

    program: Program
    upstream: Upstream
    tells_expiry: bool = False
    slug: str = field(default_factory=lambda: f"live-{next(_numbers)}")
    is_down: bool = False
    by_hand: bool = False
    ahead: float = 0.0
    token_seconds: float = TOKEN_SECONDS
    asked: list[Request] = field(default_factory=list)
    resolved_at: list[float] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)
    _tokens: dict[str, float] = field(default_factory=dict)

    def resolve(self) -> Resolution:
        now = time.monotonic()
        if not self.resolved_at:
            self._began = now
        self.resolved_at.append(now)
        token = f"token{len(self.resolved_at)}"
        self._tokens[token] = math.inf if self.by_hand else now + self.token_seconds
        end = datetime.now(UTC) + timedelta(seconds=self.token_seconds)
        return {
            "url": f"{self.upstream.url}/live/{self.slug}/{token}/{self.program.entry}",
            "expires_at": end.isoformat() if self.tells_expiry else None,
        }

    def expire(self) -> None:
        """Every token so far is dead."""
        self._tokens.clear()

    def asked_for(self, name: str) -> list[Request]:
        return [request for request in self.asked if request.path.endswith(f"/{name}")]

    def now(self) -> float:
        return self.ahead if self.by_hand else time.monotonic() - self._began

    def __call__(self, request: Request) -> Answer:
        if self.is_down:
            return Answer(cut_after=-1)
        *_, token, name = request.path.split("/")
        self.asked.append(request)
        if time.monotonic() > self._tokens.get(token, 0.0):
            return _EXPIRED
        piece = self.program.piece(name, request.query, self.now())
        if piece is None:
            return Answer(404)
        return Answer(200, lambda: self._when_ready(piece), {"Content-Type": piece.media_type})

    async def _when_ready(self, piece: Piece) -> AsyncIterator[bytes]:
        await asyncio.sleep(max(0.0, piece.at - self.now()))
        yield piece.content()


class Station:
    """The site `live` of an upstream: its broadcasts by slug."""

    def __init__(self, upstream: Upstream) -> None:
        self._broadcasts: dict[str, Broadcast] = {}
        upstream.sites["live"] = self

    def add(self, broadcast: Broadcast) -> None:
        self._broadcasts[broadcast.slug] = broadcast

    def __call__(self, request: Request) -> Answer:
        broadcast = self._broadcasts.get(request.path.split("/")[2])
        return broadcast(request) if broadcast else Answer(404)


def date_time(seconds: float) -> str:
    """EXT-X-PROGRAM-DATE-TIME of a moment of the broadcast."""
    moment = BEGAN + timedelta(seconds=seconds)
    return f"#EXT-X-PROGRAM-DATE-TIME:{moment.isoformat(timespec='milliseconds')}"


OnAir = Callable[..., Broadcast]
