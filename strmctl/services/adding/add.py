"""Plans what is new of a series, writes it, and remembers what has been written."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from datetime import UTC, datetime

from msgspec import Struct

from strmctl.domain import brake
from strmctl.domain.selection import Selection
from strmctl.errors import UsageError
from strmctl.services.adding.candidates import (
    Candidate,
    Found,
    Place,
    from_file,
    from_listing,
    listing_of,
)
from strmctl.services.writing.batch import Result, batches
from strmctl.services.writing.entry import BadRow, Row
from strmctl.settings.model import ResolverSettings, Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.files.strm_file import LibraryFiles
from strmctl.storage.tables.journal import Journal
from strmctl.storage.tables.mappings import Mappings
from strmctl.storage.tables.watches import Watch as Watch, Watches

_UNKNOWN = "und"


class Plan(Struct, frozen=True):
    """`known` were written before, or are in the library anyway; `bad` are rows of a list that
    name nothing. So many of the `new` ones are `begun`: a run that broke off has left their rows.
    """

    watch: Watch
    new: Sequence[Candidate]
    known: Sequence[Candidate]
    unreleased: int
    bad: Sequence[BadRow] = ()
    begun: int = 0


class _Known(Struct, frozen=True):
    """What has been seen of a watch, and what has a row; of some of that no file has come yet."""

    seen: Set[str] = frozenset()
    written: Set[Place] = frozenset()
    lacking: Set[Place] = frozenset()


def site_of(table: ResolverSettings) -> str:
    """The site that new mappings are of; raises UsageError where there are only patterns."""
    if not table.named_sites:
        raise UsageError(
            f"[resolvers.{table.name}] answers for {', '.join(table.sites)}: --site says which"
        )
    return table.named_sites[0].strip().lower()


class Adding:
    """`now` is when episodes are out; `sidecars` writes those of what is new as well."""

    def __init__(
        self, settings: Settings, now: datetime | None = None, *, sidecars: bool = False
    ) -> None:
        self._settings = settings
        self._sidecars = sidecars
        self._now = now or datetime.now(UTC)

    def watches(self) -> list[Watch]:
        if not self._settings.database.exists():
            return []
        with self._opened() as database:
            return Watches(database).all()

    def remember(self, watch: Watch) -> None:
        with Database.open(self._settings.database) as database:
            Watches(database).put(watch, self._now)

    def forget(self, watch: Watch) -> bool:
        if not self._settings.database.exists():
            return False
        with self._opened() as database:
            return Watches(database).forget(watch)

    def plan(self, watch: Watch, *, again: bool) -> Plan:
        """`again`: what has been removed since is written again.

        Raises ResolverError, ItemError, UsageError.
        """
        found, known = self._found(watch)
        there = set(known.written)
        if not again:
            there |= {it.place for it in found.candidates if it.item in known.seen}
        there -= known.lacking
        new = [it for it in found.candidates if it.place not in there]
        old = [it for it in found.candidates if it.place in there]
        begun = sum(it.place in known.lacking for it in new)
        return Plan(watch, new, old, found.unreleased, found.bad, begun)

    def check_brake(self, plans: Sequence[Plan]) -> None:
        """Raises SafetyError where a catalogue has gone mad: nobody looks at what cron writes."""
        with self._opened() as database:
            total = Mappings(database).count(Selection())
        # Several watches may have one slug, or none: lists name their own.
        new = Counter[str]()
        for plan in plans:
            new[plan.watch.slug] += len(plan.new) - plan.begun
        brake.check(
            sum(new.values()),
            total,
            self._settings.safety.max_change,
            "episodes would be new at once",
            groups=+new,
            advice="look at the catalogues",
        )

    def carry_out(self, plan: Plan, *, resolve: bool = False) -> Iterator[Result]:
        """Each as it is written; what is written is remembered of what is watched."""
        done = [candidate.item for candidate in plan.known]
        try:
            for result in self._write(plan.new, resolve=resolve):
                if result.written is not None:
                    done.append(plan.new[result.line - 1].item)
                yield result
        finally:
            if self._settings.database.exists():
                with self._opened() as database:
                    Watches(database).note(plan.watch, done, self._now)

    def _write(self, new: Sequence[Candidate], *, resolve: bool) -> Iterator[Result]:
        if not new:
            return
        rows = [Row(line, it.fields) for line, it in enumerate(new, 1)]
        sidecars = self._sidecars
        with batches(self._settings, resolve=resolve, sidecars=sidecars, command="add") as opened:
            yield from opened.write(rows)

    def language(self, site: str, slug: str) -> str:
        """That of what the library has of it, else unknown."""
        if not self._settings.database.exists():
            return _UNKNOWN
        with self._opened() as database:
            found = Watches(database).languages(site, slug)
        return found[0] if len(found) == 1 else _UNKNOWN

    def _found(self, watch: Watch) -> tuple[Found, _Known]:
        if watch.source:
            found = from_file(watch, self._now)
            return found, self._known(watch, [it.place[0] for it in found.candidates])
        listing = asyncio.run(listing_of(self._settings, watch))
        known = self._known(watch, [item.slug or watch.slug for item in listing.items])
        return from_listing(watch, listing, known.written, self._now), known

    def _known(self, watch: Watch, slugs: Sequence[str]) -> _Known:
        if not self._settings.database.exists():
            return _Known()
        files = LibraryFiles(self._settings.library)
        with self._opened() as database:
            watches = Watches(database)
            written, unfinished = watches.written(watch, slugs), Journal(database).unfinished()
            return _Known(
                watches.seen(watch),
                frozenset(written),
                # A full disk, or a kill, has left a row without its file.
                {
                    at
                    for at, path in written.items()
                    if path in unfinished and not files.exists(path)
                },
            )

    def _opened(self) -> Database:
        return Database.open(self._settings.database, create=False)
