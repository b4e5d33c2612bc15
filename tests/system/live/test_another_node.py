"""Two nodes with databases of their own: what one lists the other has at once."""

import re
from pathlib import Path

import httpx
import pytest

from stage.broadcast import OnAir, Program
from stage.strmctl import Strmctl
from stage.viewer import follow
from system.live.clip import PARTS, SEGMENT_SECONDS, Clip
from system.live.low_latency import LowLatency
from system.live.sliding import Sliding
from system.live.test_restart import another, playback_url

pytestmark = pytest.mark.slow

ROUNDS = 12


def _next(url: str) -> str:
    """The address of the segment that comes next."""
    return re.sub(r"/(\d+)(\.\w+)$", lambda found: f"/{int(found[1]) + 1}{found[2]}", url)


def _media(client: httpx.Client, url: str) -> str:
    """The first rendition where there are several."""
    first = follow(client, url)[0]
    return first if first.endswith("/index.m3u8") else url


def _whole(listed: list[str]) -> list[str]:
    return [url for url in listed if re.search(r"/\d+\.(ts|m4s)$", url)]


@pytest.mark.parametrize("program", [Sliding, LowLatency], ids=["sliding", "low latency"])
def test_66_the_newest_segment_is_at_another_node_at_once(
    program: type[Sliding | LowLatency],
    clip: Clip,
    on_air: OnAir,
    own_strmctl: Strmctl,
    client: httpx.Client,
    tmp_path: Path,
) -> None:
    made: Program = program(clip)
    broadcast = on_air(made, by_hand=True)
    url = playback_url(own_strmctl, broadcast)
    other = another(own_strmctl, tmp_path / "other")

    def there(address: str) -> str:
        return address.replace(own_strmctl.base_url, other.base_url)

    statuses = []
    with own_strmctl.serving(), other.serving():
        media = _media(client, url)
        follow(client, there(url))
        for _ in range(ROUNDS):
            newest = _next(_whole(follow(client, media))[-1])
            listed = follow(client, there(media))
            assert there(newest) not in listed
            broadcast.ahead += SEGMENT_SECONDS
            here = client.get(newest)
            assert here.status_code == 200
            answer = client.get(there(newest))
            statuses.append(answer.status_code)
            assert answer.status_code != 200 or answer.content == here.content
    assert statuses == [200] * ROUNDS


@pytest.mark.parametrize("part", [0, PARTS - 1])
def test_66_the_newest_part_is_at_another_node_at_once(
    part: int,
    clip: Clip,
    on_air: OnAir,
    own_strmctl: Strmctl,
    client: httpx.Client,
    tmp_path: Path,
) -> None:
    """One that the other node's playlist has not even hinted at."""
    broadcast = on_air(LowLatency(clip), by_hand=True)
    url = playback_url(own_strmctl, broadcast)
    other = another(own_strmctl, tmp_path / "other")
    with own_strmctl.serving(), other.serving():
        media = _media(client, url)
        there = media.replace(own_strmctl.base_url, other.base_url)
        follow(client, there)
        broadcast.ahead += SEGMENT_SECONDS + part * SEGMENT_SECONDS / PARTS
        parts = [each for each in follow(client, media) if re.search(r"/\d+-\d+\.m4s$", each)]
        # The last one is the hint of what is not there yet.
        newest = parts[-2]
        answer = client.get(newest.replace(own_strmctl.base_url, other.base_url))
        assert answer.status_code == 200
        assert answer.content == client.get(newest).content
