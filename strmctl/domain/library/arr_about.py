"""What Sonarr and Radarr know of a series or film: title, year, ids; they write 0 for unknown."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, structs

from strmctl.domain.external_ids import NO_IDS, ExternalIds
from strmctl.domain.mapping import Mapping as Row
from strmctl.domain.names.written import ids_of


class About(Struct, frozen=True):
    """None where they do not say."""

    title: str | None = None
    year: int | None = None
    ids: ExternalIds = NO_IDS

    def added_to(self, row: Row) -> Row:
        """The row with it, where it does not know better."""
        return structs.replace(
            row,
            title=row.title or self.title,
            year=row.year or self.year,
            ids=row.ids.or_else(self.ids),
        )


NOTHING = About()


def read(owner: Mapping[str, Any]) -> About:
    """From an event's `series` or `movie`."""
    title, year = owner.get("title"), owner.get("year")
    known = {name: owner.get(f"{name}Id") for name in ("imdb", "tvdb", "tmdb")}
    return About(
        title=title if isinstance(title, str) and title.isprintable() and title.strip() else None,
        # Sonarr writes 0 where its catalogue has no year yet.
        year=year if isinstance(year, int) and 1 <= year <= 9999 else None,
        ids=ids_of({name: str(value) for name, value in known.items() if value}),
    )
