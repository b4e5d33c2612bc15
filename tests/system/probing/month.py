"""A library's month as its resolver and its three providers see it; the day decides what they say.

Tokens live for an hour, so that each probe meets nothing but expired links.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from stage.probed_hosts import MEDIA, REPLIES, Host, Reply, hosts
from stage.probed_library import Library, library_in, settings_in
from strmctl.settings.model import NotifySettings, NotifyType, ResolverSettings

TOKEN = timedelta(hours=1)
DELETED_ON, GONE_ON, SWAPPED_ON = 6.0, 10.0, 15.0
NOTICED = 0.4
"""Days after which the resolver knows that a provider is no good any more."""

_DENSE_DAYS = (3, 4, 5, 6, 7, 10, 15)
_SIX_HOURS = {day + quarter / 4 for day in _DENSE_DAYS for quarter in range(4)}
RUNS = sorted({0.0, 1.0, 2.0, 8.0, 8.5, 9.0, 12.0, 13.0, 18.0, 21.0, 25.0, 29.0, *_SIX_HOURS})


def resolver_is_down(day: float) -> bool:
    return 3.0 <= day < 3.25


def resolver_is_throttled(day: float) -> bool:
    return 4.0 <= day < 5.0


def egress_is_down(day: float) -> bool:
    return 8.0 <= day < 8.25


@dataclass
class Month:
    """What is where on which day; links take turns at three providers, and in `series`."""

    links: int
    series: int
    deleted: frozenset[int]
    begun: datetime = field(default_factory=lambda: datetime.now(UTC))
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    providers: "list[Provider]" = field(default_factory=list)

    @property
    def day(self) -> float:
        return (self.now - self.begun) / timedelta(days=1)

    def series_of(self, number: int) -> str:
        return f"show-{number % self.series:02}"

    def is_deleted(self, number: int) -> bool:
        return number in self.deleted and self.day >= DELETED_ON

    def resolve(self, number: int) -> Reply:
        if resolver_is_down(self.day):
            return Reply(500)
        if resolver_is_throttled(self.day):
            return Reply(429, fields={"Retry-After": "3600"})
        if self.is_deleted(number) and number % 2:
            return Reply(404)
        provider = self.providers[self._provider_of(number)]
        url = provider.url(f"{number}/{self.now.timestamp()}")
        answer = {"url": url, "expires_at": (self.now + TOKEN).timestamp()}
        return Reply(200, json.dumps(answer).encode())

    def served(self, provider: int, number: int, issued: float) -> Reply | None:
        if egress_is_down(self.day) or (provider == 2 and self.day >= GONE_ON):
            return None
        if self.now.timestamp() - issued > TOKEN.total_seconds():
            return REPLIES["expired"]
        if self.is_deleted(number):
            return REPLIES["missing"]
        return REPLIES["clip"] if provider == 1 and self.day >= SWAPPED_ON else MEDIA

    def _provider_of(self, number: int) -> int:
        """As the resolver knows it."""
        is_noticed = {1: SWAPPED_ON + NOTICED, 2: GONE_ON + NOTICED}
        home = number % 3
        return 0 if self.day >= is_noticed.get(home, 99.0) else home


@dataclass
class Provider(Host):
    month: Month | None = None
    number: int = 0

    async def _answer(self, method: str, path: str, writer: asyncio.StreamWriter) -> bool:
        assert self.month is not None
        number, issued = path.split("/")
        reply = self.month.served(self.number, int(number), float(issued))
        if reply is not None:
            writer.write(reply.to(method))
        return reply is not None


@dataclass
class Resolver(Host):
    """In the loop of the run: threads of its own would wait for each other at each question."""

    month: Month | None = None

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        assert self.month is not None
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        question = json.loads(await reader.readexactly(length))
        writer.write(self.month.resolve(question["episode"]).to("POST"))
        return True


@asynccontextmanager
async def living(month: Month, folder: Path) -> AsyncIterator[Library]:
    """Its library, whose resolver and providers answer; nobody but the test gets messages."""
    month.providers = [Provider(month=month, number=number) for number in range(3)]
    resolver = Resolver(month=month)
    async with hosts(*month.providers, resolver):
        url = resolver.url("resolve")
        table = ResolverSettings("mine", ("site.example",), "http", options={"url": url})
        people = [NotifySettings("me", NotifyType.APPRISE, "json://unused.invalid")]
        made = library_in(folder, settings_in(folder, resolvers=(table,), max_change=0.2))
        made.settings = replace(made.settings, people=people)
        made.clock, made.series = month.begun, month.series
        with made.database:
            made.add([""] * month.links)
            yield made
