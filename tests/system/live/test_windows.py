"""Names outlive the window and the token that they were read under; nothing is mixed or storms."""

import re
from dataclasses import dataclass, replace
from urllib.parse import urljoin

import httpx
import pytest

from stage.broadcast import Broadcast, OnAir, Piece
from stage.proxy import Proxy
from stage.viewer import follow
from stage.waiting import until
from system.live.clip import PART_SECONDS, PARTS, SEGMENT_SECONDS, Clip
from system.live.low_latency import WINDOW as LOW_LATENCY_WINDOW, LowLatency
from system.live.sliding import KEPT, WINDOW, Sliding


@dataclass(slots=True)
class Watching:
    """A viewer of a broadcast through the proxy."""

    client: httpx.Client
    broadcast: Broadcast
    url: str

    def listed(self) -> list[str]:
        return follow(self.client, self.url)

    def move_on(self, segments: int) -> list[str]:
        """What is listed once the window has slid by so many segments, and the proxy knows it."""
        before = self.listed()
        self.broadcast.ahead += segments * SEGMENT_SECONDS
        until(lambda: self.listed() != before, "the window moves on")
        return self.listed()

    def get(self, url: str) -> httpx.Response:
        return self.client.get(url)


@pytest.fixture
def watching(proxy: Proxy, client: httpx.Client, on_air: OnAir, clip: Clip) -> Watching:
    broadcast = on_air(Sliding(clip, rotates_keys=True), by_hand=True)
    return Watching(client, broadcast, proxy.playback_url(broadcast.slug))


def keys_in(listed: list[str]) -> list[str]:
    return [url for url in listed if url.endswith(".key")]


def segments_in(listed: list[str]) -> list[str]:
    return [url for url in listed if url.endswith(".ts")]


@pytest.mark.parametrize("expires", [False, True], ids=["same token", "new token"])
def test_what_both_windows_list_has_one_name(expires: bool, watching: Watching) -> None:
    before = watching.listed()
    if expires:
        watching.broadcast.expire()
    after = watching.move_on(3)
    assert segments_in(after)[: WINDOW - 3] == segments_in(before)[3:]
    assert keys_in(after)[0] == keys_in(before)[-1]
    assert len(set(keys_in(before + after))) == len({*keys_in(before), *keys_in(after)})


@pytest.mark.parametrize("expires", [False, True], ids=["same token", "new token"])
def test_what_has_left_the_window_is_served(expires: bool, watching: Watching) -> None:
    before = watching.listed()
    watching.move_on(WINDOW + 3)
    if expires:
        watching.broadcast.expire()
    program = watching.broadcast.program
    assert isinstance(program, Sliding)
    assert watching.get(segments_in(before)[0]).content == program.segment(0)
    assert len(watching.get(keys_in(before)[0]).content) == 16


def test_what_the_upstream_has_no_longer_is_no_reason_to_resolve(watching: Watching) -> None:
    """A viewer who has paused for long asks for such segments one after the other."""
    before = watching.listed()
    watching.move_on(WINDOW + KEPT)
    assert [watching.get(url).status_code for url in segments_in(before)] == [404] * WINDOW
    assert len(watching.broadcast.resolved_at) == 1
    watching.broadcast.expire()
    assert watching.get(segments_in(watching.listed())[-1]).status_code == 200
    assert len(watching.broadcast.resolved_at) == 2


def test_the_last_copy_is_served_while_the_upstream_is_down(watching: Watching) -> None:
    before = watching.listed()
    watching.broadcast.is_down = True
    for _ in range(3):
        assert watching.listed() == before
    watching.broadcast.is_down = False
    after = watching.move_on(2)
    assert segments_in(after)[: WINDOW - 2] == segments_in(before)[2:]


@dataclass(frozen=True, slots=True)
class Recut(Sliding):
    """The same program, with another duration of each segment."""

    def piece(self, name: str, query: str, now: float) -> Piece | None:
        found = Sliding.piece(self, name, query, now)
        if found is None or name != self.entry:
            return found
        text = re.sub(r"#EXTINF:[\d.]+", "#EXTINF:1.5", found.content().decode())
        return replace(found, content=text.encode)


def test_another_cut_is_never_mixed_in(watching: Watching, clip: Clip) -> None:
    before = watching.listed()
    watching.broadcast.program = Recut(clip, rotates_keys=True)
    watching.broadcast.expire()
    assert watching.get(segments_in(before)[-1]).status_code == 404


@pytest.fixture
def low_latency(proxy: Proxy, client: httpx.Client, on_air: OnAir, clip: Clip) -> Watching:
    """A viewer of the playlist of a rendition."""
    broadcast = on_air(LowLatency(clip))
    high, _ = follow(client, proxy.playback_url(broadcast.slug))
    return Watching(client, broadcast, high)


def test_a_hinted_part_comes_when_it_is_ready_and_keeps_its_name(
    low_latency: Watching, clip: Clip
) -> None:
    text = low_latency.get(low_latency.url).text
    [hint] = re.findall(r'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="([^"]+)"', text)
    number, _, index = hint.partition(".")[0].partition("-")
    part = low_latency.get(urljoin(low_latency.url, hint))
    assert part.content == clip.part(int(number), int(index))
    query = f"?_HLS_msn={number}&_HLS_part={index}"
    listed = re.findall(
        r'#EXT-X-PART:[^\n]*URI="([^"]+)"', low_latency.get(low_latency.url + query).text
    )
    assert hint in listed


def test_each_blocking_reload_waits_for_its_part(low_latency: Watching) -> None:
    """Twice the same, since no answer may come from a cache."""
    for _ in range(2):
        parts = LOW_LATENCY_WINDOW * PARTS + int(low_latency.broadcast.now() / PART_SECONDS)
        number, index = divmod(parts + 1, PARTS)
        query = f"_HLS_msn={number}&_HLS_part={index}"
        text = low_latency.get(f"{low_latency.url}?{query}").text
        assert f'URI="{number}-{index}.m4s"' in text
        assert (
            low_latency.broadcast.now() >= (parts + 2 - LOW_LATENCY_WINDOW * PARTS) * PART_SECONDS
        )
        assert low_latency.broadcast.asked_for("high.m3u8")[-1].query == query


def test_a_delta_update_names_things_as_the_whole_playlist_does(low_latency: Watching) -> None:
    whole = low_latency.listed()
    delta = low_latency.get(f"{low_latency.url}?_HLS_skip=YES").text
    assert "#EXT-X-SKIP:SKIPPED-SEGMENTS=2" in delta
    segments = [urljoin(low_latency.url, line) for line in delta.splitlines() if line[:1] != "#"]
    assert "#EXT-X-SKIP" not in low_latency.get(low_latency.url).text
    assert set(segments) <= {*whole, *low_latency.listed()}
