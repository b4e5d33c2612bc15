"""One upstream and resolver for each worker; three nodes behind nginx and behind HAProxy."""

from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from stage.machines import Machine, machines
from stage.scripted_fixtures import client, proxy, resolver, settings, show, upstream, url
from stage.show import Resolver
from stage.upstream import Upstream, running_upstream
from system.cluster.nodes import ADDRESSES, FRONT, UPSTREAM, Cluster, running_front, running_nodes

__all__ = ["client", "proxy", "resolver", "settings", "show", "upstream", "url"]


@pytest.fixture(scope="session")
def standing() -> Iterator[list[Machine]]:
    """Those of the nodes, of the server in front and of the upstream."""
    with machines(*ADDRESSES, FRONT, UPSTREAM) as made:
        yield made


@pytest.fixture(scope="session")
def far_upstream(standing: list[Machine]) -> Iterator[Upstream]:
    with ExitStack() as stack:
        # Only its thread stays there: this one would stand there for the tests of other folders.
        with standing[-1].inside():
            upstream = stack.enter_context(running_upstream(UPSTREAM))
        yield upstream


@pytest.fixture(scope="session")
def far_resolver(far_upstream: Upstream) -> Resolver:
    return Resolver(far_upstream)


@pytest.fixture(scope="session")
def nodes(
    standing: list[Machine], far_resolver: Resolver, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    *own, front, _ = standing
    folder = tmp_path_factory.mktemp("nodes")
    with running_nodes(own, front, folder, far_resolver.url) as cluster:
        yield cluster


@pytest.fixture(scope="module", params=["nginx", "haproxy"])
def cluster(
    request: pytest.FixtureRequest, nodes: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    """Behind the server in front, on whose machine the test's thread stands."""
    folder = tmp_path_factory.mktemp("front") / request.param
    with nodes.front.inside(), running_front(request.param, nodes.front, folder):
        yield nodes


@pytest.fixture
def viewer(cluster: Cluster) -> Iterator[httpx.Client]:
    with cluster.front.inside(), httpx.Client(trust_env=False, verify=False, timeout=40) as client:
        yield client
