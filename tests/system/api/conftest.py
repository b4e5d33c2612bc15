"""One server for each file of tests; a test that breaks its server starts one of its own."""

from collections.abc import Iterator

import pytest

from stage.upstream import Upstream, running_upstream
from system.api.site import Site, new_site, running


@pytest.fixture(scope="session")
def upstream() -> Iterator[Upstream]:
    with running_upstream() as upstream:
        yield upstream


@pytest.fixture(scope="module")
def site(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("api") / "strmctl"
    with running(new_site(folder, upstream), upstream) as site:
        yield site
