"""The library as people look through it: series, their seasons and episodes, one link's life."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from msgspec import Struct, structs

from strmctl.domain.identity import Identity
from strmctl.domain.mapping import LinkState, Mapping
from strmctl.domain.selection import Order, Selection
from strmctl.errors import ItemError
from strmctl.services.keys.playback_urls import PlaybackUrls
from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.counts import Statistics
from strmctl.storage.tables.events import Event, Events
from strmctl.storage.tables.mappings import Mappings
from strmctl.storage.tables.series import Catalogue, EpisodeFilter, Season, Series, SeriesFilter

SERIES_A_PAGE = 40
EPISODES_A_PAGE = 250
"""A series with no more is shown whole, one with more a season at a time."""

_EVENTS = 50
_LINKS_AT_ONCE = 1000


class NotInLibraryError(ItemError):
    http_status = 404


class Place(Struct, frozen=True):
    """Which page of how many, from 1."""

    page: int
    pages: int
    size: int

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.size


class LibraryPage(Struct, frozen=True):
    """`total` counts series; `sites` and `providers` are what can be chosen."""

    series: Sequence[Series]
    total: int
    place: Place
    sites: Sequence[str]
    providers: Sequence[str]


class ShownSeason(Struct, frozen=True):
    """`links` is empty for one that is not opened."""

    season: Season
    links: Sequence[Mapping]

    @property
    def total(self) -> int:
        return sum(self.season.states.values())


class SeriesPage(Struct, frozen=True):
    """`wanted` is what is shown of it, of which there are `matching`."""

    series: Series
    seasons: Sequence[ShownSeason]
    wanted: EpisodeFilter
    matching: int
    place: Place

    @property
    def total(self) -> int:
        return sum(self.series.states.values())


class MappingPage(Struct, frozen=True):
    """`playback_path` is the playback URL below the base URL, without a slash at its beginning."""

    mapping: Mapping
    base_url: str
    playback_path: str
    events: Sequence[Event]

    @property
    def playback_url(self) -> str:
        return f"{self.base_url}/{self.playback_path}"


class Watched(Struct, frozen=True):
    """`heals` are those of all processes."""

    link: Mapping
    heals: int


def library(
    database: Database, wanted: SeriesFilter, page: int, by: Order = Order.EPISODE
) -> LibraryPage:
    catalogue = Catalogue(database)
    total = catalogue.count_series(wanted)
    place = _place(page, total, SERIES_A_PAGE)
    groups = Statistics(database).groups()
    return LibraryPage(
        catalogue.series(wanted, limit=place.size, offset=place.offset, by=by),
        total,
        place,
        sorted({group.site for group in groups}),
        sorted({group.provider for group in groups if group.provider is not None}),
    )


def series(database: Database, wanted: EpisodeFilter, page: int) -> SeriesPage:
    """A long series opens the season that is wanted, or its first one with what is wanted.

    Raises NotInLibraryError.
    """
    catalogue = Catalogue(database)
    found = catalogue.one(wanted.site, wanted.slug)
    if found is None:
        raise NotInLibraryError(f"no such series: {wanted.site}/{wanted.slug}")
    seasons = catalogue.seasons(wanted.site, wanted.slug)
    matching = catalogue.count_episodes(wanted)
    # One Piece has over a thousand episodes.
    if matching > EPISODES_A_PAGE and wanted.season is None:
        wanted = structs.replace(wanted, season=_first(seasons, wanted.state))
        matching = catalogue.count_episodes(wanted)
    place = _place(page, matching, EPISODES_A_PAGE)
    links = catalogue.episodes(wanted, limit=place.size, offset=place.offset)
    shown = [
        ShownSeason(season, [link for link in links if link.identity.season == season.number])
        for season in seasons
    ]
    return SeriesPage(found, shown, wanted, matching, place)


def mapping(settings: Settings, database: Database, mapping_id: int) -> MappingPage:
    """Raises NotInLibraryError."""
    found = Mappings(database).get(mapping_id)
    if found is None:
        raise NotInLibraryError(f"no such link: {mapping_id}")
    events = Events(database).of_mapping(mapping_id, _EVENTS)
    base = settings.proxy.public_base_url.rstrip("/")
    path = PlaybackUrls(settings).of(found).removeprefix(f"{base}/")
    return MappingPage(found, base, path, events)


def links(database: Database, wanted: SeriesFilter) -> Iterator[Sequence[Mapping]]:
    """The links for which all parts hold, some at a time; the database is free between."""
    states = () if wanted.state is None else (wanted.state,)
    selection, after = Selection(site=wanted.site, states=states), 0
    while found := Mappings(database).page(
        selection, text=wanted.text, after=after, limit=_LINKS_AT_ONCE
    ):
        yield [link for link in found if _is_wanted(link, wanted)]
        after = found[-1].id


def _is_wanted(link: Mapping, wanted: SeriesFilter) -> bool:
    used = None if link.resolution is None else link.resolution.provider
    is_kind = wanted.films in (None, link.identity.is_movie)
    return is_kind and wanted.provider in (None, used)


def watched(
    database: Database, identities: Iterable[Identity], since: datetime
) -> dict[Identity, Watched]:
    """The identities that have a row."""
    found = Mappings(database).known(identities)
    heals = Events(database).heals_since(since)
    return {identity: Watched(link, heals.get(link.id, 0)) for identity, link in found.items()}


def _first(seasons: Sequence[Season], state: LinkState | None) -> int:
    numbers = [
        -1 if season.number is None else season.number
        for season in seasons
        if state is None or season.states[state]
    ]
    return numbers[0]


def _place(page: int, total: int, size: int) -> Place:
    pages = max(1, -(-total // size))
    return Place(min(max(page, 1), pages), pages, size)
