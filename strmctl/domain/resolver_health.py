"""How a resolver has answered lately: failures count in a row, an answer begins anew."""

from collections.abc import Collection, Iterable
from datetime import datetime

from msgspec import Struct, structs


class ResolverHealth(Struct, frozen=True):
    """`failures` came in a row since its last answer; `reason` is that of the last of them."""

    resolver: str
    last_answer_at: datetime | None = None
    failures: int = 0
    failing_since: datetime | None = None
    reason: str | None = None

    @property
    def is_failing(self) -> bool:
        return self.failures > 0

    @property
    def in_a_row(self) -> str:
        return f"{self.failures:,} failure{'' if self.failures == 1 else 's'} in a row"

    @property
    def why(self) -> str:
        """The reason, for a line that names the resolver already."""
        return (self.reason or "").removeprefix(f"resolver {self.resolver!r}: ")


def in_use(known: Iterable[ResolverHealth], names: Collection[str]) -> list[ResolverHealth]:
    """Nobody asks one again that the settings do not name any more: it would fail for ever."""
    return [health for health in known if health.resolver in names]


def after_an_answer(before: ResolverHealth, trouble: str | None, now: datetime) -> ResolverHealth:
    """`trouble` is why it gave none."""
    if trouble is None:
        return ResolverHealth(before.resolver, last_answer_at=now)
    return structs.replace(
        before,
        failures=before.failures + 1,
        failing_since=before.failing_since or now,
        reason=trouble,
    )


def followed_by(before: ResolverHealth, news: ResolverHealth | None) -> ResolverHealth:
    """What two times of looking make together; `news` began from nothing."""
    if news is None:
        return before
    if news.last_answer_at is not None:
        return news
    return structs.replace(
        before,
        failures=before.failures + news.failures,
        failing_since=before.failing_since or news.failing_since,
        reason=news.reason,
    )
