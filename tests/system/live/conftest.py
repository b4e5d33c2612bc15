"""A station with broadcasts, a resolver for them, and `strmctl serve`."""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from stage.broadcast import Broadcast, OnAir, Program, Station
from stage.playback_fixtures import resolver
from stage.proxy import Proxy, running_proxy, settings_for
from stage.resolver import Resolver
from stage.strmctl import Strmctl, new_strmctl
from stage.upstream import Upstream, running_upstream
from system.live.clip import Clip, shared_clip

__all__ = ["resolver"]


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    folder = tmp_path_factory.getbasetemp()
    return shared_clip(folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder)


@pytest.fixture(scope="session")
def upstream() -> Iterator[Upstream]:
    with running_upstream() as upstream:
        yield upstream


@pytest.fixture(scope="session")
def station(upstream: Upstream) -> Station:
    return Station(upstream)


@pytest.fixture
def on_air(station: Station, upstream: Upstream, resolver: Resolver) -> OnAir:
    """Begins a broadcast: `on_air(program, tells_expiry=True, by_hand=True)`."""

    def begin(program: Program, tells_expiry: bool = False, by_hand: bool = False) -> Broadcast:
        broadcast = Broadcast(program, upstream, tells_expiry, by_hand=by_hand)
        station.add(broadcast)
        resolver.answers[broadcast.slug] = broadcast.resolve
        return broadcast

    return begin


@pytest.fixture(scope="session")
def proxy(resolver: Resolver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """A server in this process that all tests share."""
    with running_proxy(settings_for(tmp_path_factory.mktemp("shared"), resolver.url)) as proxy:
        yield proxy


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, verify=False, timeout=30) as client:
        yield client


@pytest.fixture
def own_strmctl(resolver: Resolver, tmp_path: Path) -> Strmctl:
    """With settings, key and database of its own; the test itself serves."""
    return new_strmctl(tmp_path / "strmctl", resolver.url)
