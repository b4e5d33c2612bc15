"""One upstream and resolver for each worker, and strmctl behind one server after the other."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from stage.media import Media, shared_media
from stage.show import Resolver, Show
from stage.site import Site, running_site
from stage.upstream import Upstream, running_upstream
from system.standing import fronts
from system.standing.fronts import ADMIN_TOKEN, CLIENT, Front

_BELIEVED = {"STRMCTL_SERVE_TRUSTED_PROXIES": "127.0.0.1"}
_WITH_A_TOKEN = {**_BELIEVED, "STRMCTL_SERVE_ADMIN_TOKEN": ADMIN_TOKEN}


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Media:
    folder = tmp_path_factory.getbasetemp()
    return shared_media(folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder)


@pytest.fixture(scope="session")
def upstream() -> Iterator[Upstream]:
    with running_upstream() as upstream:
        yield upstream


@pytest.fixture(scope="session")
def resolver(upstream: Upstream) -> Resolver:
    return Resolver(upstream)


@pytest.fixture(scope="session")
def served(resolver: Resolver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """strmctl for all the servers that stand in front, one after the other at one address."""
    base_url = f"http://{fronts.free_address()}{fronts.PREFIX}"
    folder = tmp_path_factory.mktemp("served") / "strmctl"
    with running_site(folder, resolver.url, base_url, _WITH_A_TOKEN) as site:
        yield site


@pytest.fixture(scope="module", params=fronts.FRONTS)
def site(
    request: pytest.FixtureRequest, served: Site, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """strmctl behind every server in every way."""
    front, folder = fronts.FRONTS[request.param], tmp_path_factory.mktemp("standing") / "front"
    public = served.base_url.removeprefix("http://").removesuffix(fronts.PREFIX)
    with fronts.running(front, public, served.server_address, folder):
        yield served


@pytest.fixture(scope="module", params=fronts.AS_SHIPPED)
def shipped(
    request: pytest.FixtureRequest, resolver: Resolver, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """strmctl behind every server as examples/ has it."""
    with _behind(fronts.AS_SHIPPED[request.param], resolver, tmp_path_factory) as site:
        yield site


@pytest.fixture(scope="module")
def cached(resolver: Resolver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """strmctl behind nginx and its cache."""
    with _behind(fronts.AS_SHIPPED["nginx"], resolver, tmp_path_factory) as site:
        yield site


@pytest.fixture
def show(resolver: Resolver) -> Show:
    return resolver.new_show()


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    transport = httpx.HTTPTransport(local_address=CLIENT)
    with httpx.Client(transport=transport, trust_env=False, verify=False, timeout=20) as client:
        yield client


@contextmanager
def _behind(
    front: Front, resolver: Resolver, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    folder, public = tmp_path_factory.mktemp("standing"), fronts.free_address()
    base_url = f"http://{public}{fronts.PREFIX}"
    with (
        running_site(folder / "strmctl", resolver.url, base_url, _BELIEVED) as site,
        fronts.running(front, public, site.server_address, folder / "front"),
    ):
        yield site
