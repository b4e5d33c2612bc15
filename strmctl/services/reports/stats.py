"""How well the library is, by site, provider and state, and what has been healed."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from msgspec import Struct

from strmctl.domain import tally
from strmctl.domain.mapping import LinkState
from strmctl.domain.resolver_health import ResolverHealth, in_use
from strmctl.domain.selection import Selection
from strmctl.domain.tally import Counted
from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.counts import Group, Happened, Statistics
from strmctl.storage.tables.mappings import Mappings
from strmctl.storage.tables.resolver_health import ResolverHealthTable
from strmctl.storage.tables.tallies import Tallies

Name = TypeVar("Name")
States = Mapping[LinkState, int]


class Stats(Struct, frozen=True):
    """`expiring` are those whose known end is near but not yet past, as `expired` ones' is."""

    groups: Sequence[Group]
    expired: int
    expiring: int
    stale: int
    history: Sequence[Happened]
    history_since: datetime | None
    counts: tally.Counts
    counts_since: datetime | None
    resolvers: Sequence[ResolverHealth] = ()

    @property
    def mappings(self) -> int:
        return sum(group.mappings for group in self.groups)

    @property
    def healed(self) -> int:
        return self.counts.get((Counted.HEALS, "healed"), 0)

    def states(self) -> States:
        """The number of links in each state, zeros too."""
        counts = Counter(dict.fromkeys(LinkState, 0))
        for group in self.groups:
            counts[group.state] += group.mappings
        return counts

    def by_site(self) -> Mapping[str, States]:
        return _states_by((group.site, group) for group in self.groups)

    def by_provider(self) -> Mapping[str | None, States]:
        return _states_by((group.provider, group) for group in self.groups)

    def by_site_and_provider(self) -> Mapping[tuple[str, str | None], States]:
        return _states_by(((group.site, group.provider), group) for group in self.groups)


def stats(settings: Settings, database: Database, now: datetime, within: timedelta) -> Stats:
    """`within` says how near the end of an expiring link is."""
    mappings, statistics, tallies = Mappings(database), Statistics(database), Tallies(database)
    expired = mappings.count(Selection(expiring_before=now))
    return Stats(
        groups=statistics.groups(),
        expired=expired,
        expiring=mappings.count(Selection(expiring_before=now + within)) - expired,
        stale=mappings.count(Selection(stale_before=now - settings.probe.stale_after)),
        history=statistics.history(),
        history_since=statistics.history_since(),
        counts=tallies.read(),
        counts_since=tallies.since(),
        resolvers=in_use(ResolverHealthTable(database).all(), settings.resolver_names),
    )


def _states_by(groups: Iterable[tuple[Name, Group]]) -> Mapping[Name, States]:
    counts: defaultdict[Name, Counter[LinkState]] = defaultdict(Counter)
    for name, group in groups:
        counts[name][group.state] += group.mappings
    return counts
