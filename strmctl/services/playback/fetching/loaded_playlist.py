"""A playlist as it came from an upstream; its kind says for how long players are given it."""

import re

from strmctl.discreet import Discreet
from strmctl.domain.hls.listed import Resource
from strmctl.domain.hls.media_playlist import MediaPlaylist
from strmctl.domain.hls.multivariant_playlist import MultivariantPlaylist
from strmctl.domain.urls.upstream_url import joined

FINISHED_MAX_AGE = 10.0
LIVE_MAX_AGE = 1.0
"""Seconds for which a player is given the same copy."""

_NEXT = 3
"""Another process may have listed up to so many segments more than a copy here."""

_BYTES_A_CHARACTER = 5
"""What a Multivariant Playlist takes in memory, as measured."""

_NUMBER = re.compile(r"[ki]?(\d{1,18})")


class LoadedPlaylist(Discreet, frozen=True, weakref=True):
    """A playlist, the URL that it came from, and when it came (monotonic seconds).

    `cut` stands before the names in its addresses. It says how a finished Media Playlist is cut,
    and names the run unless that is the first one. `size` is its length in characters.
    """

    hidden = ("url",)

    playlist: MediaPlaylist | MultivariantPlaylist
    url: str
    at: float
    size: int
    cut: str = ""

    @property
    def memory(self) -> int:
        """Bytes that it takes for as long as it is kept."""
        if self.media is None:
            return _BYTES_A_CHARACTER * self.size
        return self.size + self.media.memory()

    @property
    def is_finished(self) -> bool:
        """Whether it will never change."""
        return isinstance(self.playlist, MultivariantPlaylist) or self.playlist.ended

    @property
    def media(self) -> MediaPlaylist | None:
        return self.playlist if isinstance(self.playlist, MediaPlaylist) else None

    def is_fresh(self, now: float) -> bool:
        return now - self.at < (FINISHED_MAX_AGE if self.is_finished else LIVE_MAX_AGE)

    def is_followed_by(self, name: str) -> bool:
        """Whether a live playlist may list `name` soon: it is of a segment just after the last."""
        media = self.media
        if media is None or media.ended or not media.segments:
            return False
        found = _NUMBER.match(name)
        return found is not None and 0 < int(found[1]) - media.segments[-1].number <= _NEXT

    def locate(self, name: str) -> Resource | None:
        """Where a name of this Media Playlist is, by an absolute URL."""
        media = self.media
        found = media.resources.find(name) if media is not None else None
        return found and Resource(joined(self.url, found.uri), found.byte_range, found.size)
