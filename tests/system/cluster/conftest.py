"""One upstream and resolver for each worker, and nodes that know nothing of each other."""

from collections.abc import Iterator

import pytest

from stage.proxy import Proxy, running_proxy, settings_for
from stage.scripted_fixtures import client, resolver, settings, show, upstream
from stage.show import Resolver, Show

__all__ = ["client", "resolver", "settings", "show", "upstream"]


@pytest.fixture(scope="session")
def proxy(resolver: Resolver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    folder = tmp_path_factory.mktemp("shared")
    with running_proxy(settings_for(folder, resolver.url)) as proxy:
        yield proxy


@pytest.fixture
def url(proxy: Proxy, show: Show) -> str:
    """The playback URL of the show."""
    return proxy.playback_url(show.slug)
