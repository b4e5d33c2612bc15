"""A library of links in a database, probed at times that the test chooses."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from strmctl.domain.identity import Identity
from strmctl.domain.mapping import LinkState, Mapping, Resolution
from strmctl.domain.selection import Selection
from strmctl.services.probing.probe import BrokenHost, Probe, Probed, due
from strmctl.services.probing.report import Report
from strmctl.services.resolving.trouble import ResolverTrouble
from strmctl.settings.model import (
    ProbeSettings,
    ResolverSettings,
    SafetySettings,
    Settings,
    UpstreamSettings,
)
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.mappings import Mappings, Registration, StoredResolution

ALLOW = ("127.0.0.0/8",)
EVERYTHING = Selection()
START = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Link:
    url: str
    expires_at: datetime | None = None


@dataclass
class Library:
    """`clock` is the run's wall clock; `probed` of the last run, by id; links take turns in so
    many `series`."""

    settings: Settings
    database: Database
    clock: datetime = START
    series: int = 1
    probed: dict[int, Probed] = field(default_factory=dict)
    broken: list[BrokenHost] = field(default_factory=list)
    troubles: list[ResolverTrouble] = field(default_factory=list)
    report: Report = field(default_factory=lambda: Report(frozenset({LinkState.DEAD})))

    def add(self, links: Iterable[Link | str], site: str = "site.example") -> None:
        given = [Link(link) if isinstance(link, str) else link for link in links]
        mappings = Mappings(self.database)
        first = mappings.count(EVERYTHING) + 1
        names = [
            replace(_identity(each, self.series), site=site)
            for each in range(first, first + len(given))
        ]
        mappings.register([Registration(name, f"{name.episode}.strm") for name in names])
        mappings.store_resolutions(
            [
                StoredResolution(
                    name,
                    Resolution(link.url, expires_at=link.expires_at, resolved_at=START),
                )
                for name, link in zip(names, given, strict=True)
                if link.url
            ]
        )

    async def probe(self, selection: Selection | None = None, **options: bool) -> "Library":
        """Probe what is due, or the selection; errors are the caller's."""
        self.probed, self.broken, self.troubles = {}, [], []
        self.report = Report(frozenset({LinkState.DEAD}), at=self.clock)
        wanted = due(self.settings, self.clock) if selection is None else selection
        run = Probe(self.settings, self.database, wanted, now=lambda: self.clock, **options)
        async for found in run.results():
            self.report.take(found)
            if isinstance(found, BrokenHost):
                self.broken.append(found)
            elif isinstance(found, ResolverTrouble):
                self.troubles.append(found)
            else:
                assert found.mapping.id not in self.probed, "told twice"
                self.probed[found.mapping.id] = found
        return self

    def later(self, **time: float) -> None:
        self.clock += timedelta(**time)

    def mappings(self) -> list[Mapping]:
        return list(Mappings(self.database).select(EVERYTHING))

    def states(self) -> list[LinkState]:
        return [mapping.state for mapping in self.mappings()]

    def state_of(self, kind: str) -> Counter[LinkState]:
        """Of the links whose path begins with that folder."""
        return Counter(
            mapping.state
            for mapping in self.mappings()
            if mapping.resolution is not None and f"/{kind}/" in mapping.resolution.url
        )

    def events(self) -> list[tuple[int, str]]:
        found = self.database.query(
            "SELECT mapping_id, detail FROM event WHERE kind = 'probed' ORDER BY id"
        )
        return [(row["mapping_id"], row["detail"]) for row in found]


def _identity(number: int, series: int) -> Identity:
    slug = "show" if series == 1 else f"show-{number % series:02}"
    return Identity("site.example", slug, "German Dub", 1, number)


def settings_in(
    folder: Path,
    *,
    probe: ProbeSettings | None = None,
    max_change: float = 1.0,
    egress: str = "",
    resolvers: tuple[ResolverSettings, ...] = (),
) -> Settings:
    return Settings(
        library=folder / "library",
        database=folder / "strmctl.db",
        upstream=UpstreamSettings(egress=egress, allow=ALLOW),
        probe=probe or ProbeSettings(timeout=timedelta(seconds=30)),
        safety=SafetySettings(max_change),
        resolvers=resolvers,
    )


def library_in(folder: Path, settings: Settings | None = None) -> Library:
    made = settings or settings_in(folder)
    return Library(made, Database.open(made.database))


def configuration(settings: Settings, *, canaries: tuple[str, ...] = ()) -> str:
    """A settings file for a run of the command line on this library."""
    return f"""
database = {str(settings.database)!r}
library = {str(settings.library)!r}
[upstream]
egress = {settings.upstream.egress!r}
allow = {list(ALLOW)}
[probe]
canaries = {list(canaries)}
"""
