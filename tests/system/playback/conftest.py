"""The stage: media and, once for each worker, nginx, a resolver and `strmctl serve`."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from stage.episode import Stage
from stage.media import Media
from stage.nginx import Nginx, running_nginx
from stage.playback_fixtures import media, resolver
from stage.resolver import Resolver
from stage.strmctl import new_strmctl

__all__ = ["media", "resolver"]


@pytest.fixture(scope="session")
def nginx(media: Media, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    with running_nginx(tmp_path_factory.mktemp("upstream") / "nginx", media.root) as nginx:
        yield nginx


@pytest.fixture(scope="session")
def stage(
    media: Media, nginx: Nginx, resolver: Resolver, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """A server that all tests share; each test plays episodes of its own."""
    strmctl = new_strmctl(tmp_path_factory.mktemp("shared") / "strmctl", resolver.url)
    with strmctl.serving():
        yield Stage(media, nginx, resolver, strmctl)


@pytest.fixture
def own_stage(media: Media, nginx: Nginx, resolver: Resolver, tmp_path: Path) -> Stage:
    """A stage whose server the test itself starts and ends."""
    return Stage(media, nginx, resolver, new_strmctl(tmp_path / "strmctl", resolver.url))


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, verify=False, timeout=30) as client:
        yield client
