"""Names stay valid after their segment has left a live window, and from resolution to resolution.

Nothing here asks an upstream: it judges playlists that it is given. `earlier` is always the last
copy from the resolution before, None without one.
"""

from collections import OrderedDict
from enum import Enum

from msgspec import Struct, field

from strmctl.domain.hls import cut
from strmctl.domain.hls.listed import Resource
from strmctl.domain.hls.media_playlist import MediaPlaylist
from strmctl.domain.hls.naming import is_plain_reference
from strmctl.domain.hls.run import Component
from strmctl.domain.urls.upstream_url import joined
from strmctl.errors import UpstreamError
from strmctl.services.playback.continuity.evidence import Evidence
from strmctl.services.playback.fetching.loaded_playlist import LoadedPlaylist

_KEPT = 1000
"""Segments of a live stream that are known by name after they have left its playlist."""

_RUNS = 32
"""Runs of a rendition whose names are never used for other content."""


class Departed:
    """What one live rendition has listed lately, by name, as the upstream wrote it.

    Players ask for segments that have left the window. The oldest are forgotten.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[str, Resource] = OrderedDict()

    def find(self, name: str) -> Resource | None:
        return self._known.get(name)

    def remember(self, playlist: MediaPlaylist) -> None:
        for name, found in playlist.resources.pairs():
            self._known[name] = found
            self._known.move_to_end(name)
        kept = max(_KEPT, len(playlist.resources))
        while len(self._known) > kept:
            self._known.popitem(last=False)

    def inherit(self, earlier: "Departed") -> None:
        """Take over what the resolution before listed, if its references hold no token."""
        for name, found in reversed(earlier._known.items()):
            if name not in self._known and is_plain_reference(found.uri):
                self._known[name] = found
                self._known.move_to_end(name, last=False)


class Verdict(Enum):
    """Whether a player's address names what is here, or the upstream has to be asked first."""

    SAME = "same"
    UNSEEN = "its run is named by the first segment"


class Runs(Struct):
    """The runs of one rendition: the name of the current one, and those that are over."""

    current: str = ""
    over: list[Component] = field(default_factory=list)

    def begin(self, name: str, before: Component) -> None:
        left = [each for each in self.over if not name or each.run != name]
        self.over = [*left, before][-_RUNS:]
        self.current = name

    def judge(self, asked: Component, here: Component) -> Verdict | None:
        """None for other content. Another process may have seen a run that this one has not."""
        if asked.preludes not in ("", here.preludes):
            return None
        if asked.run == self.current and (
            asked.run or asked.preludes == here.preludes or not self.over
        ):
            return Verdict.SAME
        if asked in self.over:
            return None
        if asked.run and here.is_of_finished:
            return Verdict.UNSEEN
        is_believed = asked.run and not self.current
        return Verdict.SAME if is_believed or asked.preludes else None


class Continuity:
    """For the renditions of one resolution; `before` is that of the resolution before."""

    def __init__(self, before: "Continuity | None" = None) -> None:
        self.evidence: Evidence = Evidence() if before is None else before.evidence
        self._runs: dict[str, Runs] = {} if before is None else dict(before._runs)
        self._departed: dict[str, Departed] = {}
        self._heritage: dict[str, Departed] = (
            {} if before is None else {**before._heritage, **before._departed}
        )

    def run(self, key: str) -> str:
        """The name of the current run, "" for the first one that was seen."""
        runs = self._runs.get(key)
        return runs.current if runs is not None else ""

    def has_named(self, key: str, name: Component) -> bool:
        """Whether content that is over has had this name."""
        runs = self._runs.get(key)
        return runs is not None and name in runs.over

    def begin_anew(self, key: str, run: str, before: Component) -> None:
        """What a rendition lists from now on is other content: forget what is known of it.

        `before` stood before its names until now.
        """
        known = self._runs.get(key, Runs())
        self._runs[key] = Runs(known.current, known.over)
        self._runs[key].begin(run, before)
        self.evidence.forget(key)
        self._departed.pop(key, None)
        self._heritage.pop(key, None)

    def remember(self, key: str, loaded: LoadedPlaylist, earlier: LoadedPlaylist | None) -> None:
        """Remember every name of a live copy that has come."""
        new, old = loaded.media, earlier and earlier.media
        if new is None or new.ended:
            return
        departed = self._departed.setdefault(key, Departed())
        departed.remember(new)
        heritage = self._heritage.pop(key, None)
        if heritage and old and cut.continues(old, new):
            departed.inherit(heritage)

    def judge(self, key: str, asked: Component, here: Component) -> Verdict:
        """Raises UpstreamError if the player's address names another cut or another run.

        It names no cut if the playlist was live at that time.
        """
        if asked.cut and asked.cut != here.cut:
            raise _other("the content is cut into other segments now")
        verdict = self._runs.get(key, Runs()).judge(asked, here)
        if verdict is None:
            raise other_content()
        return verdict

    def has_listed(self, key: str, name: str) -> bool:
        """Whether a live copy has ever listed `name`."""
        departed = self._departed.get(key)
        return departed is not None and departed.find(name) is not None

    def locate(
        self, key: str, name: str, loaded: LoadedPlaylist, earlier: LoadedPlaylist | None
    ) -> Resource | None:
        """Where `name` is, by an absolute URL: in the copy, where it was, or what replaces it."""
        return (
            loaded.locate(name)
            or self._where_it_was(key, name, loaded)
            or _counterpart(name, loaded, earlier)
        )

    def _where_it_was(self, key: str, name: str, loaded: LoadedPlaylist) -> Resource | None:
        departed = self._departed.get(key)
        found = departed.find(name) if departed is not None else None
        return found and found._replace(uri=joined(loaded.url, found.uri))


def _counterpart(
    name: str, loaded: LoadedPlaylist, earlier: LoadedPlaylist | None
) -> Resource | None:
    """The key or init section that takes the place of one that was listed elsewhere.

    The resolution before listed it, or another process, whose window began at another segment.
    """
    new, old = loaded.media, earlier and earlier.media
    if new is None:
        return None
    same = (cut.counterpart(name, old, new) if old else None) or cut.applying(name, new)
    return loaded.locate(same) if same else None


def other_content() -> UpstreamError:
    """For a player that asks for a name of other content."""
    return _other("the content is another one now")


def _other(what: str) -> UpstreamError:
    """No other resolution would have it either; the next playlist names what there is."""
    return UpstreamError(what, http_status=404, final=True)
