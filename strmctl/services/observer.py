"""Playback reports to an Observer what others count; a plain Observer counts nothing."""

from enum import StrEnum
from typing import Protocol

from strmctl.domain.identity import Identity
from strmctl.domain.mapping import Resolution
from strmctl.domain.media.extent import Extent


class Proven(Protocol):
    """Called each time that media of this resolution have been sent; may not raise or take long."""

    def __call__(self, identity: Identity, resolution: Resolution, *, healed: bool) -> None:
        """`healed`: it took the place of one that had failed."""


def unproven(identity: Identity, resolution: Resolution, *, healed: bool) -> None:
    """Ignores what has played: for callers that store nothing."""


class Cache(StrEnum):
    EDGE = "edge"
    """The first segments of finished playlists (services/playback/segment_cache.py)."""
    PLAYLIST = "playlist"


class Observer:
    """Each method is called once for each time that it happened; none may raise or take long."""

    def upstream_answered(self, seconds: float, status: int | None) -> None:
        """After `seconds` the head of an answer came, or with status None what ended the wait."""

    def resolver_answered(self, seconds: float, http_status: int) -> None:
        """200, or what the ResolverError says."""

    def resolver_said(self, resolver: str, trouble: str | None) -> None:
        """`trouble` is why it gave no answer; that there is no such episode is one."""

    def address_changed(self) -> None:
        """A link that is bound to another address than the egress has now was resolved again."""

    def healed(self, identity: Identity, url: str = "", *, well: bool, reason: str = "") -> None:
        """A link died in mid-play; `well` says that media of another `url` have been sent in its
        place, `reason` why they have not."""

    def resumed(self, *, well: bool) -> None:
        """A body was cut off; `well` tells that it goes on."""

    def played(self, identity: Identity, url: str) -> None:
        """A piece of media of this `url` has been sent."""

    def measured(self, identity: Identity, extent: Extent) -> None:
        """How much there is of what it plays."""

    def cache_hit(self, cache: Cache) -> None:
        """A player was answered from memory."""


UNOBSERVED = Observer()
