"""One server for all tests that need nothing special; each uses series of its own."""

from collections.abc import Iterator

import httpx
import pytest

from stage.strmctl import new_strmctl
from system.page.scene import Scene
from system.page.site import PATIENCE, Site, running_site


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    with running_site() as site:
        yield site


@pytest.fixture(scope="session")
def scene(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    strmctl = new_strmctl(tmp_path_factory.mktemp("page") / "strmctl", f"{site.url}/resolve")
    with (strmctl.folder / "strmctl.toml").open("a") as settings:
        settings.write(f'timeout = "{2 * PATIENCE}s"\n')  # of the resolver, the last table
    with strmctl.serving():
        yield Scene(strmctl, site, strmctl.base_url)


@pytest.fixture
def client(scene: Scene) -> Iterator[httpx.Client]:
    with scene.client() as client:
        yield client
