"""Upstreams and proxies, one of each for a worker."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from stage import egress_proxies as proxies
from stage.certificate import certificate
from stage.egress_proxies import Proxy
from stage.show import Resolver, Show
from system.egress import upstreams
from system.egress.upstreams import SeeingUpstream


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def plain() -> Iterator[SeeingUpstream]:
    with upstreams.running() as upstream:
        yield upstream


@pytest.fixture(scope="session")
def tls(authority: Path) -> Iterator[SeeingUpstream]:
    with upstreams.running(authority) as upstream:
        yield upstream


@pytest.fixture(scope="session")
def asked() -> Iterator[SeeingUpstream]:
    """Where the resolver listens."""
    with upstreams.running() as upstream:
        yield upstream


@pytest.fixture(scope="session")
def resolver(asked: SeeingUpstream) -> Resolver:
    return Resolver(asked)


@pytest.fixture
def show(resolver: Resolver, plain: SeeingUpstream) -> Show:
    """At an upstream without TLS."""
    return upstreams.show_at(plain, resolver)


@pytest.fixture(scope="module", params=proxies.PROXIES)
def proxy(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxy]:
    with proxies.PROXIES[request.param](tmp_path_factory.mktemp("proxy")) as proxy:
        yield proxy


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, verify=False, timeout=30) as client:
        yield client
