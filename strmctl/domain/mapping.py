"""A mapping says what one identity currently resolves to; its upstream URL stays out of `repr`."""

from collections.abc import Mapping as Fields
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from strmctl.domain.external_ids import NO_IDS, ExternalIds
from strmctl.domain.identity import Identity
from strmctl.domain.media.extent import Extent

if TYPE_CHECKING:
    from strmctl.domain.media.subtitles import Subtitle


class LinkState(StrEnum):
    UNKNOWN = "unknown"
    ALIVE = "alive"
    SUSPECT = "suspect"
    DEAD = "dead"
    BLOCKED = "blocked"
    THROTTLED = "throttled"


FOREVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""Muted until the link plays again."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """A resolver's answer, or what the database kept of it. Times are aware, in UTC.

    `subtitles` are never kept: they are fetched at once or not at all.
    """

    url: str = field(repr=False)
    headers: Fields[str, str] = field(default_factory=dict, repr=False)
    provider: str | None = None
    expires_at: datetime | None = None
    resolved_at: datetime | None = None
    subtitles: "tuple[Subtitle, ...]" = field(default=(), compare=False, repr=False)


class Mapping(Struct, frozen=True):
    """One row of the library: an identity, its file and its current resolution.

    `strm_path` is relative to the library, with `/`; `extension` is the playback URL's hint
    (".m3u8", ".mp4", …), "" while the kind is unknown.
    """

    id: int
    identity: Identity
    strm_path: str
    title: str | None = None
    year: int | None = None
    ids: ExternalIds = NO_IDS
    episode_title: str | None = None
    quality: str | None = None
    release_group: str | None = None
    extension: str = ""
    resolution: Resolution | None = None
    state: LinkState = LinkState.UNKNOWN
    fail_count: int = 0
    first_failed_at: datetime | None = None
    last_failed_at: datetime | None = None
    last_probed_at: datetime | None = None
    next_probe_at: datetime | None = None
    muted_until: datetime | None = None
    last_played_at: datetime | None = None
    extent: Extent | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


def as_unknown(mapping: Mapping) -> Mapping:
    """With a link of which nothing is known yet, so that it is probed next."""
    return structs.replace(
        mapping,
        state=LinkState.UNKNOWN,
        fail_count=0,
        first_failed_at=None,
        last_failed_at=None,
        next_probe_at=None,
    )


def muted_until(now: datetime, span: timedelta | None) -> datetime:
    """`span` None is for ever, as is what ends beyond the calendar."""
    if span is None:
        return FOREVER
    try:
        return min(now + span, FOREVER)
    except OverflowError:
        return FOREVER


def is_muted(mapping: Mapping, now: datetime) -> bool:
    """It is probed and refreshed as ever, but nobody is reminded of it (`set --mute`)."""
    return mapping.muted_until is not None and now < mapping.muted_until
