"""An addon, nginx as its origin, and a folder of strmctl's own that knows the addon."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stage.addon import Addon, running_addon
from stage.media import Media
from stage.nginx import Nginx, running_nginx
from stage.playback_fixtures import media
from stage.strmctl import Strmctl, new_strmctl

__all__ = ["media"]

SITE = "addon.example"
Begin = Callable[..., Strmctl]


@pytest.fixture(scope="session")
def nginx(media: Media, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    with running_nginx(tmp_path_factory.mktemp("upstream") / "nginx", media.root) as nginx:
        yield nginx


@pytest.fixture(scope="session")
def sdk(nginx: Nginx, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Addon]:
    with running_addon(tmp_path_factory.mktemp("addon"), f"http://{nginx.address}") as addon:
        yield addon


@pytest.fixture
def addon(sdk: Addon) -> Addon:
    """It offers nothing yet."""
    sdk.forget()
    return sdk


@pytest.fixture
def begin(tmp_path: Path, addon: Addon) -> Begin:
    """`strmctl init` and the table of the addon; options of it as lines of TOML."""

    def make(url: str = addon.url, *lines: str) -> Strmctl:
        strmctl = new_strmctl(tmp_path / "strmctl", "http://127.0.0.1:1/")
        settings = strmctl.folder / "strmctl.toml"
        table = ["", "[resolvers.library]", f'sites = ["{SITE}"]', 'type = "stremio"']
        text = "\n".join([*table, f"url = '{url}'", *lines, ""])
        settings.write_text(settings.read_text() + text)
        return strmctl

    return make
