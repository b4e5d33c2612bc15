"""The media and the resolver of a worker, for the conftest of a scenario that plays them."""

import os
from collections.abc import Iterator

import pytest

from stage.media import Media, shared_media
from stage.resolver import Resolver, running_resolver


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Media:
    folder = tmp_path_factory.getbasetemp()
    shared = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    return shared_media(shared)


@pytest.fixture(scope="session")
def resolver() -> Iterator[Resolver]:
    with running_resolver() as resolver:
        yield resolver
