"""Row 44 for people: a live stream that begins again is seen by whoever watches through a cache.

The first run is blue, the one after it red, under the same file names and numbers. Between the
players and strmctl stands nginx with the `proxy_cache` of examples/nginx.conf.
"""

import re
import subprocess
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import pytest

from stage.broadcast import PLAYLIST_TYPE, Broadcast, OnAir, Piece
from stage.resolver import Resolver
from stage.site import Site, running_site
from stage.viewer import follow
from stage.waiting import until
from system.live.browser import watch
from system.live.clip import SEGMENT_SECONDS
from system.standing import fronts

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.xdist_group("real time"),
]

WINDOW, SEGMENTS, FRAME_RATE = 4, 40, 10
_NAME = re.compile(r"segment(\d+)\.ts")
Colour = Sequence[int]


@dataclass(slots=True)
class BeginsAgain:
    """Slides in real time, from number 0 on; from `again` on (seconds) it is the second run."""

    folder: Path
    again: float = float("inf")
    entry: str = "live.m3u8"

    def piece(self, name: str, query: str, now: float) -> Piece | None:
        run, seconds = (0, now) if now < self.again else (1, now - self.again)
        end = WINDOW + int(seconds / SEGMENT_SECONDS)
        if name == self.entry:
            return Piece(0, lambda: _playlist(end).encode(), PLAYLIST_TYPE)
        found = _NAME.fullmatch(name)
        number = int(found[1]) if found else end
        if number >= end:
            return None
        return Piece(0, (self.folder / f"{run}-{number}.ts").read_bytes, "video/mp2t")


def _playlist(end: int) -> str:
    first = end - WINDOW
    lines = ["#EXTM3U", f"#EXT-X-TARGETDURATION:{SEGMENT_SECONDS:.0f}"]
    lines.append(f"#EXT-X-MEDIA-SEQUENCE:{first}")
    for number in range(first, end):
        lines += [f"#EXTINF:{SEGMENT_SECONDS:.3f},", f"segment{number}.ts"]
    return "\n".join([*lines, ""])


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    for run, colour in enumerate(("blue", "red")):
        seconds = SEGMENTS * SEGMENT_SECONDS
        command = ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i"]
        command += [f"color=c={colour}:size=160x90:rate={FRAME_RATE}:duration={seconds:g}"]
        command += ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
        command += ["-g", str(int(FRAME_RATE * SEGMENT_SECONDS)), "-f", "hls", "-hls_list_size"]
        command += ["0", "-hls_time", f"{SEGMENT_SECONDS:g}", "-hls_segment_filename"]
        command += [str(folder / f"{run}-%d.ts"), str(folder / "list.m3u8")]
        subprocess.run(command, check=True, timeout=60)
    return folder


@pytest.fixture
def site(resolver: Resolver, tmp_path: Path) -> Iterator[Site]:
    """strmctl behind nginx as shipped, which caches."""
    public = fronts.free_address()
    base_url = f"http://{public}{fronts.PREFIX}"
    believed = {"STRMCTL_SERVE_TRUSTED_PROXIES": "127.0.0.1"}
    nginx, folder = fronts.AS_SHIPPED["nginx"], tmp_path / "front"
    with (
        running_site(tmp_path / "strmctl", resolver.url, base_url, believed) as site,
        fronts.running(nginx, public, site.server_address, folder),
    ):
        yield site


def _ffmpeg(url: str, seconds: int) -> list[Colour]:
    """The colour of each picture of so many seconds."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", url, "-t", str(seconds)]
    command += ["-vf", "scale=1:1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    pixels = subprocess.run(command, capture_output=True, timeout=180).stdout
    return [tuple(pixels[at : at + 3]) for at in range(0, len(pixels) - 2, 3)]


def is_blue(colour: Colour) -> bool:
    return colour[2] > 200 and colour[0] < 60


def is_red(colour: Colour) -> bool:
    return colour[0] > 200 and colour[2] < 60


def _url(site: Site, broadcast: Broadcast) -> str:
    mapping = site.strmctl.write(broadcast.slug, environ=site.environ)
    return site.strmctl.strm_text(mapping).strip()


def _lists(client: httpx.Client, url: str, name: str) -> bool:
    return follow(client, url)[-1].endswith(name)


def _begin_again(
    program: BeginsAgain, broadcast: Broadcast, url: str, client: httpx.Client
) -> None:
    program.again = broadcast.now()
    until(lambda: "MEDIA-SEQUENCE:0\n" in client.get(url).text, "the new run is listed")


def test_44_ffmpeg_behind_a_cache_goes_on_with_the_new_run(
    runs: Path, on_air: OnAir, site: Site, client: httpx.Client, tmp_path: Path
) -> None:
    """It waits until the new run has come as far as the old one."""
    program = BeginsAgain(runs)
    broadcast: Broadcast = on_air(program)
    url = _url(site, broadcast)
    shown: list[Colour] = []
    playing = threading.Thread(target=lambda: shown.extend(_ffmpeg(url, 24)))
    playing.start()
    try:
        until(lambda: len(broadcast.asked_for(f"segment{WINDOW}.ts")) > 0, "ffmpeg plays", 90)
        _begin_again(program, broadcast, url, client)
        others = _ffmpeg(url, 10)
    finally:
        playing.join()
    new = [index for index, colour in enumerate(shown) if is_red(colour)]
    assert is_blue(shown[0])
    assert new, shown[-1]
    # Once the new run has begun, the old one is never seen again.
    assert all(is_red(colour) for colour in shown[new[0] :])
    assert others
    assert all(is_red(colour) for colour in others), "another viewer, who came at once"


def test_44_hls_js_behind_a_cache_shows_the_new_run(
    runs: Path, on_air: OnAir, site: Site, client: httpx.Client, tmp_path: Path
) -> None:
    """The cache has the numbers of the old run that it asks for."""
    program = BeginsAgain(runs)
    broadcast: Broadcast = on_air(program, by_hand=True)
    url = _url(site, broadcast)
    for number in range(WINDOW, 4 * WINDOW):
        assert {client.get(each).status_code for each in follow(client, url)} == {200}
        broadcast.ahead += SEGMENT_SECONDS
        newest = f"/{number}.ts"
        until(partial(_lists, client, url, newest), "the window slides")
    broadcast.by_hand = False
    _begin_again(program, broadcast, url, client)
    watched = watch(url, 8, tmp_path / "profile")
    assert watched.last.fatal == []
    pictures = [look.colour for look in watched.looks if any(look.colour)]
    assert pictures
    assert all(is_red(colour) for colour in pictures), pictures
