"""What a refresh has come to: counts, resolvers in trouble, and what a digest says of links."""

from datetime import UTC, datetime

from msgspec import Struct, field

from strmctl.domain.digest import FAILED, Finding
from strmctl.domain.mapping import is_muted
from strmctl.errors import EgressError, ItemError
from strmctl.services.alerting.reminding import finding
from strmctl.services.resolving.refresh import Outcome, Refreshed
from strmctl.services.resolving.trouble import ResolverTrouble, trouble_finding


class Report(Struct):
    """`hides_links`: single links are not shown, but grouped in a digest. Of links that are muted
    at the time `at`, so many have failed; nobody is needed for them unless `needs_all`: somebody
    has asked for a few links by their ids. Those that are `incomplete` lack a sidecar."""

    hides_links: bool = False
    needs_all: bool = False
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    muted: int = 0
    incomplete: int = 0
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
        if done.incomplete is not None:
            self._failed.append(finding(done.mapping, FAILED, done.incomplete))
            self.incomplete += 1
        elif done.outcome is not Outcome.FAILED:
            self.works.add(str(done.mapping.id))
        elif not done.is_unrenewed:
            self._failed.append(finding(done.mapping, FAILED, done.reason))
            # What is gone for good fails at each `refresh --dead` of cron.
            self.muted += not self.needs_all and is_muted(done.mapping, self.at)

    def exit_code(self) -> int:
        # The VPN is what somebody has to look at; other resolvers' links are renewed all the same.
        if any(trouble.by_egress for trouble in self.troubles):
            return EgressError.exit_code
        failed = self.incomplete or self.counts[Outcome.FAILED] > self.muted
        return ItemError.exit_code if failed else 0

    def numbers(self) -> dict[str, int]:
        return {**self.counts, "muted": self.muted} if self.muted else dict(self.counts)

    def summary_text(self) -> str:
        text = ", ".join(f"{number} {outcome}" for outcome, number in self.counts.items())
        return f"{text} ({self.muted} muted)" if self.muted else text

    def findings(self) -> list[Finding]:
        return [*map(trouble_finding, self.troubles), *self._failed]
