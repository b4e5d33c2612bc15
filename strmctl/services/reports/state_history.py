"""How the library has been for the last days, by site and by provider, out of the history."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from msgspec import Struct

from strmctl.domain.mapping import LinkState
from strmctl.domain.state_history import Moment, States, combined, moments, walk_back
from strmctl.services.reports.stats import Stats
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.series import Catalogue, Group

LONGEST = timedelta(days=14)
_SHORTEST = timedelta(hours=1)
_MOMENTS = 57
"""Every six hours of two weeks, and now."""

Name = TypeVar("Name", str, str | None)


class StateHistory(Struct, frozen=True):
    """`moments` lie evenly in time, the last one is now; a provider is the one of today."""

    moments: Sequence[Moment[Group]]

    @property
    def since(self) -> datetime:
        return self.moments[0].at

    def total(self) -> Sequence[States]:
        return [moment.total() for moment in self.moments]

    def by_site(self) -> Mapping[str, Sequence[States]]:
        return self._by(lambda group: group[0])

    def by_provider(self) -> Mapping[str | None, Sequence[States]]:
        return self._by(lambda group: group[1])

    def _by(self, name_of: Callable[[Group], Name]) -> Mapping[Name, Sequence[States]]:
        names = {name_of(group) for moment in self.moments for group in moment.groups}
        found: defaultdict[Name, list[States]] = defaultdict(list)
        for moment in self.moments:
            parts: defaultdict[Name, list[States]] = defaultdict(list)
            for group, states in moment.groups.items():
                parts[name_of(group)].append(states)
            for name in names:
                found[name].append(combined(parts[name]))
        return found


def state_history(database: Database, stats: Stats, now: datetime) -> StateHistory:
    """As far back as the history goes, two weeks at most."""
    oldest = stats.history_since or now
    since = max(now - LONGEST, min(oldest, now - _SHORTEST))
    times = moments(now, since, _MOMENTS)
    today: defaultdict[Group, dict[LinkState, int]] = defaultdict(dict)
    for group in stats.groups:
        today[group.site, group.provider][group.state] = group.mappings
    return StateHistory(walk_back(today, Catalogue(database).passages(times), times))
