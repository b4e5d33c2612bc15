"""A title is compared with what it was before: a short clip in a film's place is not played."""

from strmctl.domain.hls.multivariant_playlist import Kind
from strmctl.domain.identity import Identity
from strmctl.domain.media.extent import Extent, learned, other_content
from strmctl.domain.urls.child_url import ROOT
from strmctl.errors import UpstreamError
from strmctl.newest import Newest
from strmctl.services.observer import Observer
from strmctl.services.playback.fetching.loaded_playlist import LoadedPlaylist
from strmctl.services.playback.source.source import Source
from strmctl.services.resolving.resolve import Resolving
from strmctl.upstream.response import UpstreamResponse

_IDENTITIES = 10_000


class Extents:
    """Remembers how long each title is; what other processes know comes with the resolution."""

    def __init__(self, resolving: Resolving, observer: Observer) -> None:
        self._resolving = resolving
        self._observer = observer
        self._learned: Newest[Identity, Extent] = Newest(_IDENTITIES)

    def check_file(self, identity: Identity, source: Source, response: UpstreamResponse) -> None:
        """Close the response and raise UpstreamError if it holds other content."""
        count = response.total if response.status != 416 else response.unsatisfied_total
        try:
            self._check(identity, Extent.at(source.resolution.url, bytes=count))
        except UpstreamError:
            response.close()
            raise

    def check_playlist(
        self, identity: Identity, source: Source, rendition: str, loaded: LoadedPlaylist
    ) -> None:
        """Raises UpstreamError if the playlist is finished and lists other content.

        Only renditions with the picture are compared: subtitles may end early.
        """
        media = loaded.media
        if media is not None and media.ended and rendition[:1] in (ROOT, Kind.VARIANT):
            self._check(identity, Extent.at(source.resolution.url, seconds=media.seconds))

    def _check(self, identity: Identity, now: Extent) -> None:
        known = self._known(identity, now)
        instead = other_content(known, now)
        if instead is not None:
            raise UpstreamError(f"other content: {instead}", status=200)
        if not now.is_known:
            return
        extent = learned(known, now)
        if extent != known:
            self._observer.measured(identity, extent)
        self._learned.put(identity, extent)

    def _known(self, identity: Identity, now: Extent) -> Extent | None:
        """What is stored of this very link counts before what was learned here: `refresh --force`
        may have accepted another length since."""
        stored, learned_here = self._resolving.extent(identity), self._learned.get(identity)
        is_newer = stored is not None and stored.link == now.link
        return stored if is_newer else learned_here or stored
