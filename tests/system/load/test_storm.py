"""Rows 60 to 64 all at once, beside ten viewers of live channels: they notice nothing."""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from stage.footprint import MIB, Footprint
from stage.strmctl import Strmctl
from stage.waiting import until
from system.load.nuisances import FULL, SMALL, Nuisances, Scale, nuisances
from system.load.stage import Channels, Resolver, held_by_a_writer, register, silent_names, titles
from system.load.viewers import assert_whole, playback_urls, slowest, summary, watching

VIEWERS = 10
HELD_SECONDS = 60.0
QUIET = 0.05
"""The share of the time for which the server may wait for a CPU on a quiet machine."""

MOST_SECONDS = 2.0
MOST_MEMORY = 300_000_000

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("real time")]


@dataclass(frozen=True, slots=True)
class Storm:
    """How often each kind was answered what, and what the server needed at its worst."""

    report: Mapping[str, Counter[str]]
    memory: int
    growth: int
    starved: float

    def __str__(self) -> str:
        lines = [f"RSS {self.memory / MIB:.0f} + {self.growth / MIB:.0f} MiB"]
        lines.append(f"{self.starved:.0%} of the time waiting for a CPU")
        return "; ".join([*lines, *(f"{kind}: {dict(n)}" for kind, n in self.report.items())])


@pytest.mark.parametrize(
    "scale",
    [
        pytest.param(SMALL, id="small", marks=pytest.mark.timeout(240)),
        pytest.param(FULL, id="full", marks=[pytest.mark.long, pytest.mark.timeout(600)]),
    ],
)
async def test_61_everything_bad_at_once(
    scale: Scale, own_strmctl: Strmctl, channels: Channels, resolver: Resolver, tmp_path: Path
) -> None:
    broadcasts = channels(VIEWERS)
    with ExitStack() as stack:
        bad = stack.enter_context(nuisances(scale))
        kinds = {"silent": bad.silent, "mute": bad.mute, "large": bad.playlists}
        urls = {
            kind: playback_urls(own_strmctl, titles(resolver, found))
            for kind, found in kinds.items()
        }
        register(own_strmctl, [each.slug for each in broadcasts])
        within = silent_names(tmp_path, bad.name_server)
        server = stack.enter_context(own_strmctl.serving(within=within))
        footprint = Footprint(server.process.pid)
        async with watching(own_strmctl, broadcasts) as seen:
            await asyncio.to_thread(until, lambda: all(s.segments > 1 for s in seen), "they watch")
            storm = await asyncio.to_thread(_storm, own_strmctl, bad, urls, footprint)
    sys.stdout.write(f"\n{summary(seen)}; {storm}\n")
    assert_whole(seen)
    assert set(storm.report["slow header"]) == {"408"}
    assert set(storm.report["mute"]) | set(storm.report["silent"]) <= {"502", "504"}
    assert "200" in storm.report["large"]
    if storm.starved < QUIET:
        assert slowest(seen) < MOST_SECONDS
        assert storm.growth < MOST_MEMORY


def _storm(
    strmctl: Strmctl, bad: Nuisances, urls: Mapping[str, Sequence[str]], footprint: Footprint
) -> Storm:
    footprint.forget_peak()
    before = footprint.memory()
    began, waited = time.monotonic(), footprint.waited()
    with held_by_a_writer(strmctl):
        bad.begin(strmctl.base_url, urls)
        report = bad.report(280)
        end = began + HELD_SECONDS
        until(lambda: time.monotonic() > end, "the writer ends", 2 * HELD_SECONDS)
    starved = (footprint.waited() - waited) / (time.monotonic() - began)
    return Storm(report, before, footprint.peak() - before, starved)
