"""One upstream and resolver for each worker; a server of its own for each test that counts."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from stage.proxy import Proxy, running_proxy, settings_for
from stage.show import Resolver, Show
from stage.upstream import Upstream, running_upstream
from system.observe.numbers import live_through, scrape


@pytest.fixture(scope="session")
def upstream() -> Iterator[Upstream]:
    with running_upstream() as upstream:
        yield upstream


@pytest.fixture(scope="session")
def resolver(upstream: Upstream) -> Resolver:
    return Resolver(upstream)


@pytest.fixture
def show(resolver: Resolver) -> Show:
    return resolver.new_show()


@pytest.fixture
def proxy(resolver: Resolver, tmp_path: Path) -> Iterator[Proxy]:
    with running_proxy(settings_for(tmp_path, resolver.url)) as proxy:
        yield proxy


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, verify=False, timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
def lived(resolver: Resolver, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The numbers of a server that has played, healed, resumed and failed."""
    folder = tmp_path_factory.mktemp("lived")
    show = resolver.new_show()
    with (
        running_proxy(settings_for(folder, resolver.url)) as proxy,
        httpx.Client(trust_env=False, verify=False, timeout=30) as client,
    ):
        live_through(proxy, show, client)
        return scrape(client, proxy.url)
