"""Row 44 for people: a live stream that begins again is seen by whoever watches through a cache.

The first run is blue, the one after it red, under the same file names and numbers. Between the
players and strmctl stands nginx with the `proxy_cache` of examples/nginx.conf.
"""

import re
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from stage.broadcast import PLAYLIST_TYPE, Broadcast, OnAir, Piece
from stage.resolver import Resolver
from stage.site import Site, running_site
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
    """Slides in real time, from number `first` on; from `again` on (seconds) it begins at 0."""

    folder: Path
    first: int = 0
    again: float = float("inf")
    entry: str = "live.m3u8"

    def piece(self, name: str, query: str, now: float) -> Piece | None:
        run, seconds = (0, now) if now < self.again else (1, now - self.again)
        first = 0 if run else self.first
        end = first + WINDOW + int(seconds / SEGMENT_SECONDS)
        if name == self.entry:
            return Piece(0, lambda: _playlist(end).encode(), PLAYLIST_TYPE)
        found = _NAME.fullmatch(name)
        number = int(found[1]) if found else end
        if not first <= number < end:
            return None
        path = self.folder / f"{run}-{number - first}.ts"
        return Piece(0, path.read_bytes, "video/mp2t")


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


def _hls_js(url: str, folder: Path) -> list[Colour]:
    watched = watch(url, 30, folder / "profile")
    assert watched.last.fatal == []
    return [look.colour for look in watched.looks]


def _ffmpeg(url: str, folder: Path) -> list[Colour]:
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", url, "-t", "24", "-vf", "scale=1:1"]
    command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    run = subprocess.run(command, capture_output=True, timeout=180)
    pixels = run.stdout
    return [tuple(pixels[at : at + 3]) for at in range(0, len(pixels) - 2, 3)]


def is_blue(colour: Colour) -> bool:
    return colour[2] > 200 and colour[0] < 60


def is_red(colour: Colour) -> bool:
    return colour[0] > 200 and colour[2] < 60


# hls.js refuses a number of the window that it has under another address, whoever names it;
# ffmpeg waits until the new run has come as far as the old one had.
@pytest.mark.parametrize(
    ("player", "first"),
    [pytest.param(_hls_js, 50, id="hls.js"), pytest.param(_ffmpeg, 0, id="ffmpeg")],
)
def test_44_a_player_behind_a_cache_shows_the_new_run(
    first: int,
    player: Callable[[str, Path], list[Colour]],
    runs: Path,
    on_air: OnAir,
    site: Site,
    tmp_path: Path,
) -> None:
    program = BeginsAgain(runs, first)
    broadcast: Broadcast = on_air(program)
    url = site.strmctl.strm_text(site.strmctl.write(broadcast.slug, environ=site.environ)).strip()
    shown: list[Colour] = []
    playing = threading.Thread(target=lambda: shown.extend(player(url, tmp_path)))
    playing.start()
    try:
        until(
            lambda: len(broadcast.asked_for(f"segment{first + WINDOW}.ts")) > 0,
            "the player plays",
            90,
        )
        program.again = broadcast.now()
    finally:
        playing.join()
    new = [index for index, colour in enumerate(shown) if is_red(colour)]
    assert is_blue(shown[0])
    assert new, shown[-1]
    # Once the new run has begun, the old one is never seen again.
    assert all(is_red(colour) for colour in shown[new[0] :])
    # Another viewer behind the same cache sees the new run alone.
    again = _ffmpeg(url, tmp_path)[: 10 * FRAME_RATE]
    assert again
    assert all(is_red(colour) for colour in again)
