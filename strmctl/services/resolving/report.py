"""What a refresh has come to: counts, resolvers in trouble, and what a digest says of links."""

from dataclasses import dataclass, field

from strmctl.domain.digest import FAILED, Finding
from strmctl.services.alerting.reminding import finding
from strmctl.services.resolving.refresh import Outcome, Refreshed
from strmctl.services.resolving.trouble import ResolverTrouble, trouble_finding


@dataclass
class Report:
    """`hides_links`: single links are not shown, but grouped in a digest."""

    hides_links: bool = False
    counts: dict[str, int] = field(
        default_factory=lambda: {outcome.value: 0 for outcome in Outcome}
    )
    troubles: list[ResolverTrouble] = field(default_factory=list)
    works: set[str] = field(default_factory=set)
    _failed: list[Finding] = field(default_factory=list)

    def take(self, done: Refreshed | ResolverTrouble) -> None:
        if isinstance(done, ResolverTrouble):
            self.troubles.append(done)
            return
        self.counts[done.outcome] += 1
        if done.outcome is not Outcome.FAILED:
            self.works.add(str(done.mapping.id))
        elif not done.is_unrenewed:
            self._failed.append(finding(done.mapping, FAILED, done.reason))

    def findings(self) -> list[Finding]:
        return [*map(trouble_finding, self.troubles), *self._failed]
