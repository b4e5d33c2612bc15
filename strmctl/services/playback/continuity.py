"""What a live playlist listed lately: players ask for it after it has left the window."""

from collections import OrderedDict

from strmctl.domain.hls.media_playlist import MediaPlaylist, Resource
from strmctl.domain.hls.naming import is_plain_reference

_KEPT = 1000


class Departed:
    """Of one rendition, by name, as the upstream wrote it; the oldest are forgotten."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Resource] = OrderedDict()

    def find(self, name: str) -> Resource | None:
        return self._known.get(name)

    def remember(self, playlist: MediaPlaylist) -> None:
        for name, found in playlist.resources.items():
            self._known[name] = found
            self._known.move_to_end(name)
        while len(self._known) > max(_KEPT, len(playlist.resources)):
            self._known.popitem(last=False)

    def inherit(self, earlier: "Departed") -> None:
        """Go on with what was listed under another token, where a reference holds none."""
        for name, found in reversed(earlier._known.items()):
            if name not in self._known and is_plain_reference(found.uri):
                self._known[name] = found
                self._known.move_to_end(name, last=False)
