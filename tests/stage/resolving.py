"""A resolver over HTTP, a database and clocks that stand still, for the tests of resolving."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from stage.answering import Asked, Reply, Server, answer, answering
from strmctl.domain.identity import Identity
from strmctl.domain.mapping import Resolution
from strmctl.resolvers.registry import Registry
from strmctl.services.resolving.resolve import Resolving
from strmctl.settings.model import ResolverSettings, Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.mappings import Mappings, Registration

EPISODE = Identity("site.example", "one-piece", "de", 1, 2)
OTHER = Identity("site.example", "one-piece", "de", 1, 3)
STRANGER = Identity("site.example", "unregistered", "de")
START = datetime(2026, 11, 22, 23, 0, 0, tzinfo=UTC)


@dataclass(slots=True)
class Clock:
    """Both clocks; they stand still unless a test moves them."""

    elapsed: float = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.elapsed)

    def monotonic(self) -> float:
        return 1000.0 + self.elapsed


@dataclass(slots=True)
class Numbered:
    """Answers `https://cdn.example/1`, `/2`, …; `more` is added to each answer."""

    more: dict[str, object] = field(default_factory=dict)
    count: int = 0

    def __call__(self, asked: Asked) -> Reply:
        self.count += 1
        return answer(f"https://cdn.example/{self.count}", **self.more)


@dataclass(slots=True)
class Scene:
    """Several `Resolving` on one database stand for several processes."""

    server: Server
    mappings: Mappings
    clock: Clock
    make: Callable[..., Resolving]


@asynccontextmanager
async def new_scene(tmp_path: Path) -> AsyncIterator[Scene]:
    clock = Clock()
    with answering(Numbered()) as server, Database.open(tmp_path / "s.db") as database:
        table = ResolverSettings("mine", ["*.example"], "http", options={"url": server.url})
        registry = Registry.from_settings(Settings(resolvers=[table]))
        mappings = Mappings(database)
        mappings.register([Registration(EPISODE, "a.strm"), Registration(OTHER, "b.strm")])
        made: list[Resolving] = []

        def make(**options: Any) -> Resolving:
            made.append(
                Resolving(
                    registry,
                    mappings,
                    lock_file=tmp_path / "s.db.resolving",
                    now=clock.now,
                    monotonic=clock.monotonic,
                    **options,
                )
            )
            return made[-1]

        yield Scene(server, mappings, clock, make)
        for resolving in made:
            await resolving.aclose()
        await registry.aclose()


@asynccontextmanager
async def held(server: Server, reply: Callable[[Asked], Reply]) -> AsyncIterator[threading.Event]:
    """The resolver waits with each answer until the block ends or the event is set."""
    release = threading.Event()

    def wait(asked: Asked) -> Reply:
        release.wait(60)
        return reply(asked)

    server.reply = wait
    try:
        yield release
    finally:
        release.set()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.005)


def stored(scene: Scene, identity: Identity = EPISODE) -> Resolution | None:
    mapping = scene.mappings.find(identity)
    assert mapping is not None
    return mapping.resolution
