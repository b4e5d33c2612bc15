"""A resolver that says of each episode what the test wants, and a library of its own."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from stage.answering import Asked, Reply, answer
from stage.probed_hosts import Host, hosts
from stage.probed_library import Library, library_in, settings_in
from strmctl.settings.model import ResolverSettings

MAX_CHANGE = 0.2


class Resolver:
    """Answers with a link that plays, or with what `says` of an episode's number."""

    def __init__(self) -> None:
        self.host: Host | None = None
        self.says: Callable[[int], Reply | None] = lambda _number: None

    def __call__(self, asked: Asked) -> Reply:
        assert self.host is not None
        number = int(asked.question["episode"])
        return self.says(number) or answer(self.host.url(f"alive/new-{number}"))


def library_of(url: str, folder: Path) -> "_Opened":
    table = ResolverSettings(
        "test", ("site.example",), "http", timeout=timedelta(seconds=2), options={"url": url}
    )
    settings = settings_in(folder, resolvers=(table,), max_change=MAX_CHANGE)
    return _Opened(library_in(folder, settings))


class _Opened:
    def __init__(self, library: Library) -> None:
        self._library = library

    def __enter__(self) -> Library:
        return self._library

    def __exit__(self, *_: object) -> None:
        self._library.database.close()


@asynccontextmanager
async def one_host(resolver: Resolver) -> AsyncIterator[Host]:
    async with hosts(Host()) as (host,):
        resolver.host = host
        yield host
