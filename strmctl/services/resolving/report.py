"""What a refresh has done is counted here, with resolvers in trouble and failed links."""

from datetime import UTC, datetime

from msgspec import Struct, field

from strmctl.domain.digest import FAILED, Finding
from strmctl.domain.mapping import is_muted
from strmctl.errors import EgressError, ItemError
from strmctl.services.alerting.reminding import finding
from strmctl.services.resolving.refresh import Outcome, Refreshed
from strmctl.services.resolving.trouble import ResolverTrouble, trouble_finding


class Report(Struct):
    """`hides_links` says that links are not shown one by one, but grouped in a digest.

    `muted` counts failed links that were muted at the time `at`. They leave the exit code alone,
    unless `needs_all`: somebody has named a few links by their ids. `incomplete` counts links
    that lack a sidecar.
    """

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
            # A link that is gone for good fails in each `refresh --dead` of cron.
            self.muted += not self.needs_all and is_muted(done.mapping, self.at)

    def exit_code(self) -> int:
        # The egress needs somebody, though the links of other resolvers were renewed.
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
