"""Results wait until they may be believed, then are saved in batches while the run goes on."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence

from msgspec import Struct, structs

from strmctl.domain.identity import Identity
from strmctl.domain.mapping import Mapping
from strmctl.domain.media.extent import Extent
from strmctl.domain.probe_result import ProbeResult
from strmctl.storage.tables.probe_records import Judged, ProbeRecords

_BATCH = 256
_BATCH_SECONDS = 1.0
_VOUCH_SECONDS = 0.05
"""How soon it is asked again whether failures may be believed."""


class Found(Struct, frozen=True):
    """What a run has found of one mapping; `judged` is None if there was nothing to ask.
    `is_unrenewed` says that its resolver failed, which says nothing about the link."""

    mapping: Mapping
    result: ProbeResult
    judged: Judged | None = None
    is_outdated: bool = False
    is_unrenewed: bool = False


class Saving:
    """`vouch` says whether failures of the network may be believed, `is_lost` whether nothing
    about a site may be; `monotonic` is a clock."""

    def __init__(
        self,
        records: ProbeRecords,
        vouch: Callable[[], Awaitable[bool]],
        is_lost: Callable[[str], bool],
        monotonic: Callable[[], float],
    ) -> None:
        self._records = records
        self._vouch = vouch
        self._is_lost = is_lost
        self._monotonic = monotonic
        self._found: list[Found] = []
        self._writing: asyncio.Task[Sequence[Found]] | None = None
        self._due_at = monotonic() + _BATCH_SECONDS

    @property
    def is_empty(self) -> bool:
        return not self._found and self._writing is None

    @property
    def due_at(self) -> float | None:
        """When the next batch is to be saved; None for none, and while the last one is."""
        return self._due_at if self._found and self._writing is None else None

    def add(self, found: Found) -> None:
        self._found.append(found)

    async def saved(self, *, wait: bool = False) -> Sequence[Found]:
        """What has been saved since the last call; with `wait` what is not due yet is saved too.

        Raises EgressError when nothing can be concluded.
        """
        # SQLite has one writer: a second batch would only wait for the first.
        if self._writing is None and self._found and (wait or self._is_due()):
            known = len(self._found)
            if await self._may_be_believed():
                batch, self._found = self._found[:known], self._found[known:]
                self._writing = asyncio.create_task(self._write(self._kept(batch)))
        if self._writing is None or not (wait or self._writing.done()):
            return ()
        saved = await self._writing
        self._writing = None
        return saved

    async def end(self) -> None:
        """For a run that is interrupted: save what does not depend on the egress."""
        if self._writing is not None:
            await asyncio.gather(self._writing, return_exceptions=True)
        # After Ctrl-C nobody can say whether the VPN was the cause.
        sure = [found for found in self._kept(self._found) if found.result.is_the_link_s]
        self._found.clear()
        if sure:
            self._records.save(_judged(sure))

    def _kept(self, batch: Sequence[Found]) -> Sequence[Found]:
        return [found for found in batch if not self._is_lost(found.mapping.identity.site)]

    def _save(self, batch: Sequence[Found]) -> Collection[int]:
        outdated = self._records.save(_judged(batch))
        measured = list(_measured(batch))
        if measured:
            self._records.measured(measured)
        return outdated

    def _is_due(self) -> bool:
        return len(self._found) >= _BATCH or self._monotonic() >= self._due_at

    async def _may_be_believed(self) -> bool:
        fails = any(not found.result.is_the_link_s for found in self._found)
        believed = not fails or await self._vouch()
        self._due_at = self._monotonic() + (_BATCH_SECONDS if believed else _VOUCH_SECONDS)
        return believed

    async def _write(self, batch: Sequence[Found]) -> Sequence[Found]:
        outdated = await asyncio.to_thread(self._save, batch)
        return [structs.replace(found, is_outdated=found.mapping.id in outdated) for found in batch]


def _measured(batch: Sequence[Found]) -> Iterator[tuple[Identity, Extent]]:
    """The extents that were not known yet, or were others."""
    for found in batch:
        extent = found.result.extent
        if found.result.is_alive and extent is not None and extent.is_known:
            # SQLite has one writer: what is known already is not written again.
            if extent != found.mapping.extent:
                yield found.mapping.identity, extent


def _judged(batch: Sequence[Found]) -> list[Judged]:
    return [found.judged for found in batch if found.judged is not None]
