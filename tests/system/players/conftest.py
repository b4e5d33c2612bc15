"""The stage of the playback tests with disguised segments, and the players that stay open."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stage.episode import Episode, Stage
from stage.media import FILM, Media, shared_media
from stage.nginx import Nginx, running_nginx
from stage.resolver import running_resolver
from stage.strmctl import new_strmctl
from system.players.browser import Browser, running_browser
from system.players.forms import add_forms
from system.players.kodi import Kodi, running_kodi

_TOKEN_SECONDS = 4.0


@pytest.fixture(scope="session")
def matrix_media(tmp_path_factory: pytest.TempPathFactory) -> Media:
    folder = tmp_path_factory.getbasetemp()
    media = shared_media(folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder)
    add_forms(media.root)
    return media


@pytest.fixture(scope="session")
def matrix_nginx(matrix_media: Media, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    folder = tmp_path_factory.mktemp("matrix-upstream") / "nginx"
    with running_nginx(folder, matrix_media.root) as nginx:
        yield nginx


@pytest.fixture(scope="session")
def matrix_stage(
    matrix_media: Media, matrix_nginx: Nginx, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("matrix") / "strmctl"
    with running_resolver() as resolver:
        strmctl = new_strmctl(folder, resolver.url)
        with strmctl.serving():
            yield Stage(matrix_media, matrix_nginx, resolver, strmctl)


@pytest.fixture(scope="session")
def episode_of(matrix_stage: Stage) -> Callable[[str], Episode]:
    """The episode of a path, one for all players; each of its tokens dies after 4 s."""
    episodes: dict[str, Episode] = {}

    def episode_of(path: str) -> Episode:
        if path not in episodes:
            episodes[path] = matrix_stage.episode(path, "--resolve", lifetime=_TOKEN_SECONDS)
        return episodes[path]

    return episode_of


@pytest.fixture(scope="session")
def strm_of(matrix_stage: Stage, episode_of: Callable[[str], Episode]) -> Callable[[str], Path]:
    """The `.strm` in the library of that episode."""

    def strm_of(path: str) -> Path:
        library = matrix_stage.strmctl.folder / "library"
        url = episode_of(path).playback_url
        [strm] = [strm for strm in library.rglob("*.strm") if strm.read_text().strip() == url]
        return strm

    return strm_of


@pytest.fixture(scope="session")
def direct_url(matrix_nginx: Nginx) -> Callable[[str], str]:
    """nginx's own URL of a path, which lasts: players cannot renew it."""

    def direct_url(path: str) -> str:
        sign = matrix_nginx.file_url if path == FILM else matrix_nginx.folder_url
        return sign(path, seconds=3600)

    return direct_url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with running_browser() as browser:
        yield browser


@pytest.fixture(scope="session")
def kodi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kodi]:
    with running_kodi(tmp_path_factory.mktemp("kodi") / "home") as kodi:
        yield kodi
