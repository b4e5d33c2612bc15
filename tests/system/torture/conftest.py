"""One origin and one `strmctl serve` for each test; TORTURE_SEED=n gives other accidents."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from stage.media import Media
from stage.playback_fixtures import media, resolver
from stage.resolver import Resolver
from stage.strmctl import new_strmctl
from system.torture.origin import running_origin
from system.torture.rack import Rack

__all__ = ["media", "rack", "resolver"]


@pytest.fixture
def rack(media: Media, resolver: Resolver, tmp_path: Path) -> Iterator[Rack]:
    seed = int(os.environ.get("TORTURE_SEED", "1"))
    strmctl = new_strmctl(tmp_path / "strmctl", resolver.url)
    with running_origin(media.root, seed) as origin, strmctl.serving() as server:
        yield Rack(origin, resolver, strmctl, server)
