"""What a playlist lists is named so that one name never stands for two contents.

In this process what has been sent shows whether content goes on (continuity.py). For names that
another process has given, the name itself says what can be checked here: how the content is cut,
the bytes of its keys and init sections, the beginning of its first segment.
"""

import asyncio
import logging
import math
import time
from collections.abc import Collection, Iterable

from msgspec import structs

from strmctl.domain.hls import run
from strmctl.domain.hls.run import Component, Doubt
from strmctl.domain.patience.patience import COMPARED, COMPARED_AGAIN
from strmctl.errors import UpstreamError
from strmctl.services.playback.continuity.comparison import Compared, compare, expected, look_at
from strmctl.services.playback.continuity.continuity import Continuity, Verdict, other_content
from strmctl.services.playback.continuity.evidence import Sample
from strmctl.services.playback.continuity.preludes import DEADLINE, Preludes
from strmctl.services.playback.fetching.fetch import Fetch
from strmctl.services.playback.fetching.loaded_playlist import LoadedPlaylist

_MISSED_FOR = 30.0
"""Seconds in which segments that could not be compared are not waited for again."""

log = logging.getLogger(__name__)


class ContentNames:
    """Names the content of one resolution's renditions."""

    def __init__(self, fetch: Fetch, continuity: Continuity) -> None:
        self._fetch = fetch
        self._continuity = continuity
        self.preludes = Preludes(fetch, continuity.evidence.preludes)
        self._beginnings: dict[tuple[str, str], str] = {}

    async def named(
        self, key: str, loaded: LoadedPlaylist, before: LoadedPlaylist | None, *, renewed: bool
    ) -> tuple[LoadedPlaylist, bool]:
        """`loaded` with its `cut`, and whether it is other content than `before`.

        `renewed` says that another resolution brought `before`. Raises UpstreamError where it has
        to be compared with what has been sent, and cannot be.
        """
        if loaded.media is None:
            return loaded, False
        preludes, is_unseen = await self._preludes(key, loaded)
        if is_unseen and before is not None:
            preludes = await self._still(key, before, loaded)
        is_other = before is not None and await self._begins_anew(
            key, before, loaded, preludes, renewed=renewed
        )
        if before is not None and is_other:
            await self._begin_anew(key, Component.parse(before.cut), loaded, preludes)
        name = self._continuity.run(key)
        if is_unseen and not (name or preludes):
            # Without the bytes of its keys, its first segment tells it from other content.
            name = await self._beginning_or_none(key, loaded)
        return structs.replace(loaded, cut=str(Component(loaded.cut, preludes, name))), is_other

    async def check(self, key: str, wanted: str, loaded: LoadedPlaylist) -> None:
        """Raises UpstreamError if the player's address names other content than what is here."""
        asked = Component.parse(wanted)
        if self._continuity.has_named(key, asked):
            raise other_content()
        if wanted == loaded.cut:
            return
        here = Component.parse(loaded.cut)
        if asked.preludes and here.cut and not here.preludes:
            here = here._replace(preludes=await self.preludes.name(key, loaded))
        verdict = self._continuity.judge(key, asked, here)
        if verdict is Verdict.UNSEEN and asked.run != await self._beginning(key, loaded):
            raise other_content()

    async def _preludes(self, key: str, loaded: LoadedPlaylist) -> tuple[str, bool]:
        """Their name, and whether some cannot be had now: they may be when a player asks."""
        try:
            return await self.preludes.name(key, loaded), False
        except UpstreamError as failure:
            log.info("%s: its key or init section cannot be had: %s", key or "root", failure)
            return "", True

    async def _still(self, key: str, before: LoadedPlaylist, loaded: LoadedPlaylist) -> str:
        """The old name of keys that cannot be had, if the segments have stayed the same.

        Many a key is given only once, and a key server may be down; players have the keys already.
        Other keys would make other segments. Raises UpstreamError.
        """
        known = Component.parse(before.cut)
        if known.cut != loaded.cut:
            return ""
        sent = [each for each in self._continuity.evidence.latest(key) if each[0].isdigit()]
        compared = await self._compare(key, loaded, sent)
        return known.preludes if compared.count and compared.is_same else ""

    async def _begins_anew(
        self,
        key: str,
        before: LoadedPlaylist,
        loaded: LoadedPlaylist,
        preludes: str,
        *,
        renewed: bool,
    ) -> bool:
        old, new = before.media, loaded.media
        if old is None or new is None:
            return False
        known = Component.parse(before.cut).preludes
        if known and preludes and known != preludes:
            return True
        doubt = run.doubt(old, new, renewed=renewed)
        if doubt in (Doubt.SAME, Doubt.OTHER):
            return doubt is Doubt.OTHER
        seen = new.preludes if known and preludes else ()
        is_same = await self._is_what_was_sent(key, loaded, seen)
        if is_same is not None:
            return not is_same
        # What was sent comes after this window: whether its bytes stay the same is not seen yet.
        is_hidden = self._continuity.evidence.has_any(key) and run.is_back(old, new)
        return is_hidden or doubt is Doubt.LIKELY_OTHER

    async def _is_what_was_sent(
        self, key: str, loaded: LoadedPlaylist, seen: Collection[str]
    ) -> bool | None:
        """Whether it lists the same bytes; None where it lists nothing that has been sent.

        Names in `seen` are known to be the same. Raises UpstreamError.
        """
        sent = [each for each in self._continuity.evidence.latest(key) if each[0] not in seen]
        compared = await self._compare(key, loaded, sent)
        return compared.is_same if compared.count else None

    async def _compare(
        self, key: str, loaded: LoadedPlaylist, sent: Iterable[tuple[str, Sample]]
    ) -> Compared:
        missed_at = self._continuity.evidence.missed_at
        is_known = time.monotonic() - missed_at.get(key, -math.inf) < _MISSED_FOR
        waits = COMPARED_AGAIN if is_known else COMPARED
        try:
            return await compare(self._fetch, key, loaded, sent, waits)
        except UpstreamError:
            if not is_known:
                missed_at[key] = time.monotonic()
            raise

    async def _begin_anew(
        self, key: str, was: Component, loaded: LoadedPlaylist, preludes: str
    ) -> None:
        now = Component(loaded.cut, preludes)
        is_new = now.preludes and now != was and not self._continuity.has_named(key, now)
        name = "" if is_new else await self._name_of_run(key, loaded)
        log.info("%s: other content from now on", key or "the playlist")
        self._continuity.begin_anew(key, name, was)

    async def _name_of_run(self, key: str, loaded: LoadedPlaylist) -> str:
        """Finished content is named by its first segment, which is the same to every process."""
        media = loaded.media
        assert media is not None
        if media.ended and media.segments:
            self._beginnings.clear()
            return await self._beginning(key, loaded)
        return run.name_of(self._continuity.run(key), *run.beginning(media))

    async def _beginning(self, key: str, loaded: LoadedPlaylist) -> str:
        """A name made from the beginning and length of its first segment. Raises UpstreamError."""
        first = loaded.media.segments[0] if loaded.media and loaded.media.segments else None
        name = str(first.number) if first is not None else ""
        resource = loaded.locate(name)
        if resource is None:
            raise other_content()
        known = self._beginnings.get((key, resource.uri))
        if known is None:
            known = run.name_of(await look_at(self._fetch, resource, expected(key, name)))
            self._beginnings[key, resource.uri] = known
        return known

    async def _beginning_or_none(self, key: str, loaded: LoadedPlaylist) -> str:
        try:
            async with asyncio.timeout(DEADLINE):
                return await self._beginning(key, loaded)
        except (UpstreamError, TimeoutError):
            return ""


def unchecked(failure: UpstreamError) -> UpstreamError:
    """The failure of a segment whose key cannot be had: nobody has refused the segment itself.

    So it is a 502, after which hls.js asks once more; after 403 or 404 it never does.
    """
    if failure.final or failure.http_status in (429, *range(500, 600)):
        return failure
    what = f"its key or init section cannot be had: {failure}"
    return UpstreamError(what, status=failure.status, lasting=failure.lasting)
