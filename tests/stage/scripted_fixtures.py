"""A scripted upstream and resolver for each worker, for the conftest of a scenario with shows."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from stage.proxy import settings_for
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
