"""A scripted upstream and resolver for each worker, for the conftest of a scenario with shows."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from stage.proxy import Proxy, running_proxy, settings_for
from stage.show import Resolver, Show
from stage.upstream import Upstream, running_upstream
from strmctl.settings.model import Settings


@pytest.fixture(scope="session")
def upstream() -> Iterator[Upstream]:
    with running_upstream() as upstream:
        yield upstream


@pytest.fixture(scope="session")
def resolver(upstream: Upstream) -> Resolver:
    return Resolver(upstream)


@pytest.fixture(scope="session")
def proxy(resolver: Resolver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """In this process, shared by all tests of the worker."""
    folder = tmp_path_factory.mktemp("shared")
    with running_proxy(settings_for(folder, resolver.url)) as proxy:
        yield proxy


@pytest.fixture
def url(proxy: Proxy, show: Show) -> str:
    """The playback URL of the show."""
    return proxy.playback_url(show.slug)


@pytest.fixture
def settings(resolver: Resolver, tmp_path: Path) -> Settings:
    """For a proxy of the test's own."""
    return settings_for(tmp_path, resolver.url)


@pytest.fixture
def show(resolver: Resolver) -> Show:
    return resolver.new_show()


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, verify=False, timeout=30) as client:
        yield client
