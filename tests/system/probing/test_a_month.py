"""A month of a library: at its end exactly what is truly gone is dead, nothing was told twice, and
whoever acted on a line acted rightly.

The clock is an argument; database, resolver and providers are real.
"""

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from stage.probed_library import EVERYTHING, Library
from strmctl.domain.mapping import LinkState
from strmctl.errors import EgressError
from strmctl.services.alerting.alerting import alert_people
from strmctl.services.alerting.reminding import reminders
from strmctl.services.alerting.troubles import noting_trouble
from strmctl.settings.model import NotifySettings
from system.probing.month import (
    DELETED_ON,
    GONE_ON,
    NOTICED,
    RUNS,
    Month,
    egress_is_down,
    living,
    resolver_is_down,
    resolver_is_throttled,
)

REMIND = timedelta(days=7)
_DEAD = re.compile(r"(show-\d\d): (\d+) episodes? dead, (.+)")
_RESOLVER = re.compile(r"resolver 'mine': .+: ([\d,]+) links not renewed")
_HOST = re.compile(r"host (\S+): it cannot be reached: ([\d,]+) links")


@dataclass(frozen=True, slots=True)
class Mail:
    """`title` is "" for what a quiet run from cron prints."""

    day: float
    title: str
    lines: Sequence[str]

    def __str__(self) -> str:
        return "\n".join(f"day {self.day:5.2f}  {self.title:<32} {line}" for line in self.lines)


@dataclass
class Upkeep:
    """`strmctl probe --all -q` at the month's times, and what people got to read of it."""

    month: Month
    library: Library
    mails: list[Mail] = field(default_factory=list)

    async def through(self, days: Sequence[float]) -> None:
        for day in days:
            self.month.now = self.library.clock = self.month.begun + timedelta(days=day)
            before = self.library.states()
            try:
                with noting_trouble(self.library.database.path, "probe", lambda: self.month.now):
                    await self.library.probe(EVERYTHING)
            except EgressError:
                assert egress_is_down(day)
                assert self.library.states() == before, "an outage concludes nothing"
            else:
                assert not egress_is_down(day)
                self._check_trouble(day, before)
                self._read_digest(day)
            alert_people(self.library.settings, self.library.database, self.month.now, self._send)

    def _check_trouble(self, day: float, before: Sequence[LinkState]) -> None:
        if resolver_is_down(day) or resolver_is_throttled(day):
            assert self.library.states() == before, "nor does a resolver that is down"
            assert [trouble.links for trouble in self.library.troubles] == [self.month.links]
        else:
            assert self.library.troubles == []

    def _read_digest(self, day: float) -> None:
        report = self.library.report
        now = self.library.clock
        found = reminders(self.library.database, report.findings(), report.works, now, REMIND)
        if found:
            self.mails.append(Mail(day, "", found))

    def _send(self, table: NotifySettings, title: str, lines: Sequence[str]) -> None:
        self.mails.append(Mail(self.month.day, title, list(lines)))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("links", "deleted"),
    [
        pytest.param(150, 9, id="150 links", marks=pytest.mark.timeout(600)),
        pytest.param(
            2000, 30, id="2,000 links", marks=[pytest.mark.long, pytest.mark.timeout(5400)]
        ),
    ],
)
async def test_exactly_what_is_gone_is_dead_in_the_end(
    links: int, deleted: int, tmp_path: Path
) -> None:
    series = links // 50
    month = Month(links, series, frozenset(_spread(deleted, series)))
    async with living(month, tmp_path) as library:
        upkeep = Upkeep(month, library)
        try:
            await upkeep.through(RUNS)
        finally:
            sys.stdout.writelines(f"{mail}\n" for mail in upkeep.mails)
        dead = {it.identity.episode for it in library.mappings() if it.state is LinkState.DEAD}
        states = Counter(library.states())
    assert dead == month.deleted
    assert states == {LinkState.ALIVE: links - deleted, LinkState.DEAD: deleted}
    assert_acted_rightly(upkeep.mails, month)
    assert_messages(upkeep.mails, deleted)


def _spread(deleted: int, series: int) -> list[int]:
    """Three of a series, of so many series as that takes."""
    return [group + series * place for group in range(deleted // 3) for place in range(1, 4)]


def assert_acted_rightly(mails: Sequence[Mail], month: Month) -> None:
    """Each line of each digest is true, and tells of no link within a week of telling of it."""
    told: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for day, line in ((mail.day, line) for mail in mails if not mail.title for line in mail.lines):
        if match := _DEAD.fullmatch(line):
            assert day >= DELETED_ON, line
            told[match[1]].append((day, int(match[2])))
        elif match := _RESOLVER.fullmatch(line):
            assert resolver_is_down(day) or resolver_is_throttled(day), line
            assert _number(match[1]) == month.links, line
            told["resolver"].append((day, 1))
        else:
            match = _HOST.fullmatch(line)
            assert match is not None, f"nobody knows what to do about: {line}"
            assert GONE_ON <= day < GONE_ON + NOTICED, line
            assert match[1] == month.providers[2].address
            at_home = {each for each in range(1, month.links + 1) if each % 3 == 2}
            assert _number(match[2]) == len(at_home - month.deleted) + _kept(month), line
            told["host"].append((day, 1))
    gone = Counter(month.series_of(number) for number in month.deleted)
    assert told.keys() == {*gone, "resolver", "host"}
    for subject, times in told.items():
        # The resolver fails on day 3, works, and asks for a pause on day 4: two findings.
        most = gone.get(subject, 1)
        if subject == "resolver":
            assert [day for day, _ in times] == [3.0, 4.0]
            continue
        for day, _ in times:
            week = sum(number for at, number in times if day - 7 < at <= day)
            assert week <= most, f"{subject} was told twice: {times}"


def _kept(month: Month) -> int:
    """Of the deleted ones those for which the resolver goes on naming the provider that is gone."""
    return sum(number % 3 == 2 and number % 2 == 0 for number in month.deleted)


def assert_messages(mails: Sequence[Mail], deleted: int) -> None:
    """People hear of each dead link once, of each trouble when it begins and when it ends."""
    titles = [mail.title for mail in mails if mail.title]
    dead = [re.match(r"strmctl: (\d+) links? (?:is|are) dead", title) for title in titles]
    assert sum(int(match[1]) for match in dead if match) == deleted
    assert [title for title, match in zip(titles, dead, strict=True) if not match] == [
        "strmctl: resolver failing",
        "strmctl: resolver works again",
        "strmctl: resolver failing",
        "strmctl: resolver works again",
        "strmctl: egress down",
        "strmctl: egress works again",
    ]


def _number(text: str) -> int:
    return int(text.replace(",", ""))
