"""The server is killed in mid-play, or another one takes over: the next URL of a player works."""

import shutil
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from stage.broadcast import Broadcast, OnAir, Program
from stage.strmctl import Strmctl
from stage.viewer import follow
from stage.waiting import free_port
from system.live.clip import SEGMENT_SECONDS, Clip
from system.live.low_latency import LowLatency
from system.live.sliding import Sliding
from system.live.vod import Finished

pytestmark = pytest.mark.slow


@pytest.fixture(params=[Finished, Sliding, LowLatency], ids=["finished", "sliding", "low latency"])
def broadcast(request: pytest.FixtureRequest, clip: Clip, on_air: OnAir) -> Broadcast:
    program: Program = request.param(clip)
    return on_air(program, by_hand=True)


def segments(client: httpx.Client, url: str) -> list[str]:
    """The media that a player would ask for, of the first rendition where there are several."""
    listed = follow(client, url)
    if listed[0].endswith("/index.m3u8"):
        listed = follow(client, listed[0])
    return [url for url in listed if not url.endswith("/index.m3u8")]


def playback_url(strmctl: Strmctl, broadcast: Broadcast) -> str:
    return strmctl.strm_text(strmctl.write(broadcast.slug)).strip()


def another(strmctl: Strmctl, folder: Path) -> Strmctl:
    """An instance with the same key and settings, and an empty database."""
    folder.mkdir()
    for name in ("strmctl.toml", "strmctl.key"):
        shutil.copy(strmctl.folder / name, folder)
    return replace(strmctl, folder=folder, port=free_port())


@pytest.mark.parametrize("expires", [False, True], ids=["same token", "new token"])
def test_killed_and_started_again(
    expires: bool, broadcast: Broadcast, own_strmctl: Strmctl, client: httpx.Client
) -> None:
    url = playback_url(own_strmctl, broadcast)
    with own_strmctl.serving() as server:
        listed = segments(client, url)
        first = client.get(listed[0]).content
        server.kill()
    if expires:
        broadcast.expire()
    with own_strmctl.serving():
        answers = [client.get(each) for each in listed]
        assert [answer.status_code for answer in answers] == [200] * len(listed)
        assert answers[0].content == first
        assert segments(client, url) == listed


def test_another_instance_takes_over(
    broadcast: Broadcast, own_strmctl: Strmctl, client: httpx.Client, tmp_path: Path
) -> None:
    """It resolves for itself."""
    url = playback_url(own_strmctl, broadcast)
    with own_strmctl.serving():
        listed = segments(client, url)
        expected = [client.get(each).content for each in listed]
    other = another(own_strmctl, tmp_path / "other")
    with other.serving():
        moved = [each.replace(own_strmctl.base_url, other.base_url) for each in listed]
        assert [client.get(each).content for each in moved] == expected
    assert len(broadcast.resolved_at) == 2


@pytest.mark.parametrize("segments_later", [0, 2, 4])
def test_an_instance_that_joins_later_knows_the_keys(
    segments_later: int,
    clip: Clip,
    on_air: OnAir,
    own_strmctl: Strmctl,
    client: httpx.Client,
    tmp_path: Path,
) -> None:
    """Though its window began elsewhere: the first key of ours may have begun before that."""
    broadcast = on_air(Sliding(clip, rotates_keys=True), by_hand=True)
    url = playback_url(own_strmctl, broadcast)
    with own_strmctl.serving():
        listed = [each for each in segments(client, url) if each.endswith(".key")]
        expected = [client.get(each).content for each in listed]
    broadcast.ahead += segments_later * SEGMENT_SECONDS
    other = another(own_strmctl, tmp_path / "other")
    with other.serving():
        moved = [each.replace(own_strmctl.base_url, other.base_url) for each in listed]
        assert client.get(moved[-1]).content == expected[-1]
