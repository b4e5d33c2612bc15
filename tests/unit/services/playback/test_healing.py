"""A step is run again with a new resolution where that helps, and the failure stays where not."""

from pathlib import Path

import pytest

from stage.loopback import client
from stage.resolving import EPISODE, Scene, new_scene
from strmctl.errors import EgressError, UpstreamError
from strmctl.services.observer import UNOBSERVED
from strmctl.services.playback.healing import Healing
from strmctl.services.playback.heals import Heals
from strmctl.services.playback.source.source import Source
from strmctl.services.playback.source.sources import Sources
from strmctl.upstream.client import UpstreamClient

GONE = UpstreamError("gone", http_status=404, status=404)


def healing(scene: Scene, upstream: UpstreamClient) -> Healing:
    sources = Sources(scene.make(), upstream, playlist_max=1000, observer=UNOBSERVED)
    return Healing(sources, EPISODE, Heals())


async def test_what_works_is_not_renewed(tmp_path: Path) -> None:
    async def step(source: Source) -> str:
        return source.resolution.url

    async with new_scene(tmp_path) as scene, client() as upstream:
        heals = healing(scene, upstream)
        assert [await heals(step) for _ in range(3)] == ["https://cdn.example/1"] * 3


async def test_a_dead_link_is_renewed_once(tmp_path: Path) -> None:
    async def step(source: Source) -> str:
        if source.resolution.url.endswith("/1"):
            raise GONE
        return source.resolution.url

    async with new_scene(tmp_path) as scene, client() as upstream:
        heals = healing(scene, upstream)
        assert [await heals(step) for _ in range(3)] == ["https://cdn.example/2"] * 3


@pytest.mark.parametrize(
    ("failure", "resolved"),
    [
        pytest.param(GONE, 2, id="dead after the renewal too"),
        pytest.param(UpstreamError("other", http_status=404, final=True), 1, id="final"),
        pytest.param(UpstreamError("later", status=429, retry_after=60.0), 1, id="long wait"),
        pytest.param(EgressError("down"), 1, id="egress"),
    ],
)
async def test_what_cannot_be_healed_keeps_its_reason(
    failure: UpstreamError | EgressError, resolved: int, tmp_path: Path
) -> None:
    asked: list[str] = []

    async def step(source: Source) -> str:
        asked.append(source.resolution.url)
        raise failure

    async with new_scene(tmp_path) as scene, client() as upstream:
        with pytest.raises(type(failure)) as raised:
            await healing(scene, upstream)(step)
        assert raised.value is failure
        assert len(set(asked)) == resolved
