"""Ten viewers of live channels whose tokens die every 45 seconds: nothing piles up."""

import asyncio
import sys
from contextlib import ExitStack

import pytest

from stage.footprint import MIB, Footprint
from stage.strmctl import Strmctl
from stage.waiting import until
from system.load.stage import Channels, register
from system.load.viewers import (
    SEGMENT_SECONDS,
    TOKEN_SECONDS,
    Seen,
    assert_whole,
    summary,
    watching,
)

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("real time")]

VIEWERS = 10
SETTLED = 15
"""Segments after which everything that a viewer needs is there."""

MOST_GROWTH = 24 * MIB
MORE_DESCRIPTORS = VIEWERS
"""A connection to the upstream for each may be open now that was not before."""


@pytest.mark.parametrize(
    "seconds",
    [
        pytest.param(75.0, id="a minute", marks=pytest.mark.timeout(300)),
        pytest.param(600.0, id="ten minutes", marks=[pytest.mark.long, pytest.mark.timeout(1000)]),
    ],
)
async def test_live_viewers_over_the_deaths_of_tokens(
    seconds: float, own_strmctl: Strmctl, channels: Channels
) -> None:
    broadcasts = channels(VIEWERS)
    register(own_strmctl, [each.slug for each in broadcasts])
    with ExitStack() as stack:
        server = stack.enter_context(own_strmctl.serving())
        footprint = Footprint(server.process.pid)
        async with watching(own_strmctl, broadcasts) as seen:
            await _have_seen(seen, SETTLED, seconds)
            before, open_before = footprint.memory(), footprint.descriptors()
            await _have_seen(seen, SETTLED + int(seconds / SEGMENT_SECONDS), seconds)
            growth, opened = footprint.memory() - before, footprint.descriptors() - open_before
    sys.stdout.write(
        f"\n{summary(seen)}; RSS {before / MIB:.0f} + {growth / MIB:.1f} MiB, "
        f"descriptors {open_before} + {opened}\n"
    )
    assert_whole(seen)
    assert growth < MOST_GROWTH
    assert opened <= MORE_DESCRIPTORS
    deaths = int(seconds / (TOKEN_SECONDS + SEGMENT_SECONDS))
    assert min(len(each.resolved_at) for each in broadcasts) > deaths


async def _have_seen(seen: list[Seen], segments: int, seconds: float) -> None:
    def have() -> bool:
        return all(each.segments >= segments or each.errors for each in seen)

    await asyncio.to_thread(until, have, "they watch", 1.2 * seconds + 60)
