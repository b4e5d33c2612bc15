"""What a catalogue or a list says, as entries that `write` takes; what is not out yet is left."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import aclosing
from datetime import datetime
from pathlib import Path

from msgspec import Struct, structs

from strmctl.domain.counted import quoted
from strmctl.domain.identity import Identity, parse_number
from strmctl.errors import ItemError, UsageError
from strmctl.resolvers.catalogue import Listed, Listing, moment
from strmctl.resolvers.registry import Registry
from strmctl.services.writing.batch_input import read_rows
from strmctl.services.writing.entry import BadRow, Row
from strmctl.settings.model import Settings
from strmctl.storage.tables.watches import Watch

Place = tuple[str, int | None, int | None]
"""Slug, season and episode."""

RELEASED = "released"


class Candidate(Struct, frozen=True):
    """`fields` are those of a row of `write --from`."""

    place: Place
    fields: dict[str, object]

    @property
    def item(self) -> str:
        """The text by which `add` remembers it."""
        slug, season, episode = self.place
        return f"{slug} film" if season is None else f"{slug} {season} {episode}"


class Found(Struct, frozen=True):
    """`bad` are the rows of a list that name nothing."""

    candidates: Sequence[Candidate]
    unreleased: int = 0
    bad: Sequence[BadRow] = ()


async def listing_of(settings: Settings, watch: Watch) -> Listing:
    """Raises ResolverError, UsageError where the resolver has no catalogue or is not there."""
    name = watch.resolver
    tables = [table for table in settings.resolvers if table.name == name]
    if not tables:
        advice = f"`strmctl resolver new {name} --type T` writes one"
        raise UsageError(f"no [resolvers.{name}] in the settings: {advice}")
    alone = structs.replace(settings, resolvers=tuple(tables))
    async with aclosing(Registry.from_settings(alone)) as registry:
        [resolver] = registry.all()
        return await resolver.listing(watch.name)


def from_listing(watch: Watch, listing: Listing, written: Set[Place], now: datetime) -> Found:
    """`written`: what the library has of these slugs; it keeps its numbers."""
    out = listing.released(now)
    numbered = _numbered(watch, out.items, written)
    wanted = [item for item in numbered if _is_wanted(watch, item.season)]
    found: dict[Place, Candidate] = {}
    for item in wanted:
        place = (item.slug or watch.slug, item.season, item.episode)
        found.setdefault(place, Candidate(place, _fields(watch, listing, item, place, written)))
    return Found(list(found.values()), len(listing.items) - len(out.items))


def _numbered(watch: Watch, items: Sequence[Listed], written: Set[Place]) -> Iterator[Listed]:
    """A place in the list is no number: what is put in front would shift all behind it."""
    known = {slug: (season, episode) for slug, season, episode in written}
    taken = [episode or 0 for _, episode in known.values()]
    last = max([*taken, *(item.episode or 0 for item in items)], default=0)
    for item in items:
        if item.season is None or item.episode is not None:
            yield item
            continue
        season, episode = known.get(item.slug or watch.slug, (item.season, None))
        if episode is None:
            last += 1
            episode = last
        yield structs.replace(item, season=season, episode=episode)


def _is_wanted(watch: Watch, season: int | None) -> bool:
    return not watch.seasons or season in watch.seasons


def _fields(
    watch: Watch, listing: Listing, item: Listed, place: Place, written: Set[Place]
) -> dict[str, object]:
    slug, season, episode = place
    fields: dict[str, object] = {
        "site": watch.site,
        "slug": slug,
        "season": season,
        "episode": episode,
        "language": watch.language,
        "provider": watch.provider or None,
        "episode_title": None if season is None else item.title,
    }
    # A series that is there is called as its owner calls it.
    if not any(slug == known for known, _, _ in written):
        fields |= _naming(listing)
    return fields


def _naming(listing: Listing) -> dict[str, object]:
    ids = {f"{name}_id": value for name, value in listing.ids.record().items()}
    return {"title": listing.title, "year": listing.year, **ids}


def from_file(watch: Watch, now: datetime) -> Found:
    """A list as `write --from` takes it; site, slug and language may be left out, and a column
    `released` may hold dates. Raises ItemError where it cannot be read, UsageError for its form, or
    where no row of it names anything."""
    path = Path(watch.source)
    bad: list[BadRow] = []
    read = list(_readable(watch, _rows(path), bad))
    # Nobody watches a list of something else.
    if bad and not read:
        raise UsageError(f"{path}:{bad[0].line}: {bad[0].reason}")
    out = [each for each, released in read if released is None or released <= now]
    found: dict[Place, Candidate] = {}
    for each in out:
        if _is_wanted(watch, each.place[1]):
            found.setdefault(each.place, each)
    return Found(list(found.values()), len(read) - len(out), bad)


def _readable(
    watch: Watch, rows: Iterable[Row | BadRow], bad: list[BadRow]
) -> Iterator[tuple[Candidate, datetime | None]]:
    """The others go to `bad`."""
    for row in rows:
        try:
            yield _from_row(watch, row)
        except UsageError as error:
            bad.append(BadRow(row.line, str(error)))


def _rows(path: Path) -> list[Row | BadRow]:
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as text:
            return list(read_rows(text, path.name, needed=(), more=(RELEASED,)))
    except OSError as error:
        raise ItemError(f"{path}: cannot be read: {error.strerror}") from None
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None


def _from_row(watch: Watch, row: Row | BadRow) -> tuple[Candidate, datetime | None]:
    if isinstance(row, BadRow):
        raise UsageError(row.reason)
    said = {name: value for name, value in row.fields.items() if value not in (None, "")}
    date = said.pop(RELEASED, None)
    released = moment(date)
    if date is not None and released is None:
        raise UsageError(f"released is no date: {quoted(str(date))}")
    own = {"site": watch.site, "slug": watch.slug, "language": watch.language}
    fields = {**own, "provider": watch.provider or None, **said}
    season, episode = _number(said, "season"), _number(said, "episode")
    # It has to name something before it is remembered.
    slug = Identity(str(fields["site"]), str(fields["slug"]), "-", season, episode).slug
    return Candidate((slug, season, episode), fields), released


def _number(said: Mapping[str, object], name: str) -> int | None:
    return parse_number(name, str(said[name]).strip()) if name in said else None
