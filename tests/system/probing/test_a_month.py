"""A month of a library: at its end exactly what is truly gone is dead, and nothing was told twice.

Tokens live for an hour, so that each probe meets nothing but expired links. The clock is an
argument; database, resolver and providers are real.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stage.answering import Asked, Reply, answer, answering
from stage.probed_hosts import MEDIA, REPLIES, Host, hosts
from stage.probed_hosts import Reply as Media
from stage.probed_library import EVERYTHING, Library, library_in, settings_in
from strmctl.domain.mapping import LinkState
from strmctl.errors import EgressError
from strmctl.services.alerting.reminding import reminders
from strmctl.settings.model import ResolverSettings

TOKEN = timedelta(hours=1)
REMIND = timedelta(days=7)
DELETED_ON, SWAPPED_ON, GONE_ON = 6.0, 15.0, 10.0
NOTICED = 0.4
"""Days after which the resolver knows that a provider is no good any more."""

SIX_HOURS = [day + quarter / 4 for day in (3, 4, 5, 6, 7, 10, 15) for quarter in range(4)]
RUNS = sorted({0.0, 1.0, 2.0, 8.0, 8.5, 9.0, 12.0, 13.0, 18.0, 21.0, 25.0, 29.0, *SIX_HOURS})


@dataclass
class Month:
    """What is where on which day; links take turns at three providers."""

    begun: datetime
    deleted: range
    library: Library | None = None
    providers: list["Provider"] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        assert self.library is not None
        return self.library.clock

    @property
    def day(self) -> float:
        return (self.now - self.begun) / timedelta(days=1)

    def is_deleted(self, number: int) -> bool:
        return number in self.deleted and self.day >= DELETED_ON

    def provider_of(self, number: int) -> int:
        """As the resolver knows it."""
        is_noticed = {1: SWAPPED_ON + NOTICED, 2: GONE_ON + NOTICED}
        home = number % 3
        return 0 if self.day >= is_noticed.get(home, 99.0) else home

    def resolve(self, asked: Asked) -> Reply:
        number = int(asked.question["episode"])
        if 3.0 <= self.day < 3.25:
            return Reply(500)
        if 4.0 <= self.day < 5.0:
            return Reply(429, headers={"Retry-After": "3600"})
        if self.is_deleted(number) and number % 2:
            return Reply(404)
        url = self.providers[self.provider_of(number)].url(f"{number}/{self.now.timestamp()}")
        return answer(url, expires_at=(self.now + TOKEN).timestamp())

    def served(self, provider: int, number: int, issued: float) -> Media | None:
        if 8.0 <= self.day < 8.25 or (provider == 2 and self.day >= GONE_ON):
            return None
        if self.now.timestamp() - issued > TOKEN.total_seconds():
            return REPLIES["expired"]
        if self.is_deleted(number):
            return REPLIES["missing"]
        return REPLIES["clip"] if provider == 1 and self.day >= SWAPPED_ON else MEDIA


@dataclass
class Provider(Host):
    month: Month | None = None
    number: int = 0

    async def _answer(self, method: str, path: str, writer: object) -> bool:
        assert self.month is not None
        number, issued = path.split("/")
        reply = self.month.served(self.number, int(number), float(issued))
        if reply is None:
            return False
        writer.write(reply.to(method))  # type: ignore[attr-defined]
        return True


@contextmanager
def library(month: Month, folder: Path) -> Iterator[Library]:
    with answering(month.resolve) as server:
        table = ResolverSettings("mine", ("site.example",), "http", options={"url": server.url})
        settings = settings_in(folder, resolvers=(table,), max_change=0.2)
        made = library_in(folder, settings)
        made.clock = month.begun
        month.library = made
        with made.database:
            yield made


@pytest.mark.slow
async def test_exactly_what_is_gone_is_dead_in_the_end(tmp_path: Path) -> None:
    links, deleted = 90, 8
    month = Month(datetime.now(UTC), range(1, deleted + 1))
    month.providers = [Provider(month=month, number=number) for number in range(3)]
    told: list[tuple[float, str]] = []
    async with hosts(*month.providers):
        with library(month, tmp_path) as made:
            made.add([""] * links)
            for day in RUNS:
                made.clock = month.begun + timedelta(days=day)
                before = made.states()
                try:
                    await made.probe(EVERYTHING)
                except EgressError:
                    assert 8.0 <= day < 8.25
                    assert made.states() == before, "an outage concludes nothing"
                    continue
                assert not 8.0 <= day < 8.25
                if 3.0 <= day < 3.25 or 4.0 <= day < 5.0:
                    assert made.states() == before, "nor does a resolver that is down"
                    assert [trouble.links for trouble in made.troubles] == [links]
                lines = reminders(
                    made.database, made.report.findings(), made.report.works, made.clock, REMIND
                )
                told += [(day, line) for line in lines]
            dead = {
                each.identity.episode for each in made.mappings() if each.state is LinkState.DEAD
            }
            states = Counter(made.states())
    for day, line in told:
        sys.stdout.write(f"day {day:5.2f}  {line}\n")
    assert dead == set(month.deleted)
    assert states == {LinkState.ALIVE: links - deleted, LinkState.DEAD: deleted}
    assert_nothing_twice(told)


def assert_nothing_twice(told: list[tuple[float, str]]) -> None:
    last: dict[str, float] = {}
    for day, line in told:
        assert day - last.get(line, -99.0) >= REMIND / timedelta(days=1), f"told twice: {line}"
        last[line] = day
