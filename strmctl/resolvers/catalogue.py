"""What a resolver's catalogue says of a series or film: its episodes, titles, ids."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from msgspec import Struct, structs

from strmctl.domain.external_ids import NO_IDS, ExternalIds
from strmctl.errors import ResolverError, UsageError

MOST_ITEMS = 20_000
_YEAR = re.compile(r"\d{4}", re.ASCII)
_VIDEO = re.compile(r"tt\d+:(\d{1,5}):(\d{1,5})", re.ASCII)


class Listed(Struct, frozen=True):
    """An episode; neither `season` nor `episode`: a film. `slug` where it has one of its own, and
    no `episode` beside a season where its place in the list is all that is known."""

    season: int | None = None
    episode: int | None = None
    title: str | None = None
    released: datetime | None = None
    slug: str | None = None


class Listing(Struct, frozen=True):
    """`is_dated`: an episode without a date has not been announced."""

    items: Sequence[Listed]
    title: str | None = None
    year: int | None = None
    ids: ExternalIds = NO_IDS
    is_dated: bool = False

    def released(self, now: datetime) -> "Listing":
        """The listing without what is not out yet."""
        return structs.replace(self, items=[item for item in self.items if self._is_out(item, now)])

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


def listing_of_meta(name: str, meta: dict[str, Any]) -> Listing:
    """The `meta` of a Stremio addon: a series with its episodes, or a film.

    https://github.com/Stremio/stremio-addon-sdk/blob/master/docs/api/responses/meta.md
    Raises ResolverError where the meta names no IMDb id, by which streams are asked for.
    """
    given = words(meta.get("imdb_id")) or name
    try:
        ids = ExternalIds(
            imdb=given, tvdb=_id(meta.get("tvdb_id")), tmdb=_id(meta.get("moviedb_id"))
        )
    except UsageError:
        raise ResolverError(f"{name!r} is no IMDb id, and its meta tells none") from None
    items = [Listed()] if meta.get("type") == "movie" else _episodes(meta.get("videos"))
    is_dated = any(item.released is not None for item in items)
    return Listing(items, words(meta.get("name")), _year(meta), ids, is_dated)


def _episodes(videos: object) -> list[Listed]:
    """In their order, each once; trailers and the like have no number."""
    if not isinstance(videos, list):
        return []
    if len(videos) > MOST_ITEMS:
        raise ResolverError(f"lists more than {MOST_ITEMS} episodes")
    found: dict[tuple[int, int], Listed] = {}
    for video in videos:
        if isinstance(video, dict) and (place := _place(video)) is not None:
            title = words(video.get("title")) or words(video.get("name"))
            released = moment(video.get("released") or video.get("firstAired"))
            found.setdefault(place, Listed(*place, title, released))
    return [found[place] for place in sorted(found)]


def _place(video: dict[str, Any]) -> tuple[int, int] | None:
    """Streams are asked for by the id, so its numbers count."""
    if match := _VIDEO.fullmatch(str(video.get("id"))):
        return int(match[1]), int(match[2])
    season = number(video.get("season"))
    episode = number(video.get("episode"))
    # Cinemeta calls it `number` as well.
    episode = number(video.get("number")) if episode is None else episode
    return None if season is None or episode is None else (season, episode)


def _id(value: object) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text) < 10**9 else None


def _year(meta: dict[str, Any]) -> int | None:
    """`2000-2014`, or the date of its first release."""
    for key in ("releaseInfo", "year", "released"):
        if match := _YEAR.search(str(meta.get(key) or "")):
            return int(match[0])
    return None
