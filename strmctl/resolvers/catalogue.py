"""What a resolver's catalogue says of a series or film: its episodes, titles, ids."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, runtime_checkable

from strmctl.domain.external_ids import NO_IDS, ExternalIds

MOST_ITEMS = 20_000


@dataclass(frozen=True, slots=True)
class Listed:
    """An episode; neither `season` nor `episode`: a film. `slug` where it has one of its own, and
    no `episode` beside a season where its place in the list is all that is known."""

    season: int | None = None
    episode: int | None = None
    title: str | None = None
    released: datetime | None = None
    slug: str | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """`is_dated`: an episode without a date has not been announced."""

    items: Sequence[Listed]
    title: str | None = None
    year: int | None = None
    ids: ExternalIds = NO_IDS
    is_dated: bool = False

    def released(self, now: datetime) -> "Listing":
        """Without what is not out yet."""
        return replace(self, items=[item for item in self.items if self._is_out(item, now)])

    def _is_out(self, item: Listed, now: datetime) -> bool:
        if item.released is None:
            return not self.is_dated
        return item.released <= now


@runtime_checkable
class Catalogue(Protocol):
    """A resolver that knows what there is; a plug-in may be one as well."""

    async def listing(self, name: str) -> Listing:
        """Raises ResolverError as `resolve` does: 404 for what it does not have."""


def moment(text: object) -> datetime | None:
    """ISO 8601, a date alone too; None for what is none."""
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text.strip().upper())
    except ValueError:
        return None
    return found if found.tzinfo else found.astimezone()


def number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def words(value: object) -> str | None:
    return " ".join(value.split()) or None if isinstance(value, str) else None
