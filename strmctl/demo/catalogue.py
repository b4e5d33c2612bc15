"""What the demo's site has: a series of two seasons with three episodes each, and a film."""

import csv
import io
from collections.abc import Sequence

from msgspec import Struct

SITE = "demo.example"
LANGUAGE = "English"
SERIES = "test-pattern"
FILM = "colour-test"


class Entry(Struct, frozen=True):
    """One thing to watch; a film has neither season nor episode."""

    slug: str
    title: str
    year: int
    season: int | None = None
    episode: int | None = None

    @property
    def name(self) -> str:
        """What the origin calls it: `test-pattern-s01e02`."""
        number = "" if self.season is None else f"-s{self.season:02}e{self.episode:02}"
        return f"{self.slug}{number}"

    @property
    def label(self) -> str:
        """For people: `Test Pattern S01E02`."""
        number = "" if self.season is None else f" S{self.season:02}E{self.episode:02}"
        return f"{self.title}{number}"


EPISODES = tuple(
    Entry(SERIES, "Test Pattern", 2026, season, episode)
    for season in (1, 2)
    for episode in (1, 2, 3)
)
THE_FILM = Entry(FILM, "Colour Test", 2025)
ENTRIES = (*EPISODES, THE_FILM)


def find(question: dict[str, object]) -> Entry | None:
    """The entry that a resolver request (DESIGN.md section 6) names."""
    if question.get("site") != SITE or question.get("language") != LANGUAGE:
        return None
    wanted = tuple(question.get(name) for name in ("slug", "season", "episode"))
    return next((e for e in ENTRIES if (e.slug, e.season, e.episode) == wanted), None)


def as_csv(entries: Sequence[Entry] = ENTRIES) -> str:
    """The file for `strmctl write --from`."""
    text = io.StringIO()
    # RFC 4180 has CRLF; people read this file with cat.
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("site", "slug", "season", "episode", "language", "title", "year"))
    for entry in entries:
        number = (entry.season, entry.episode)
        table.writerow((SITE, entry.slug, *number, LANGUAGE, entry.title, entry.year))
    return text.getvalue()
