"""Live streams play for half a minute or one, over several tokens' deaths, and nobody notices."""

import json
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from stage.broadcast import TOKEN_SECONDS, Broadcast, OnAir
from stage.strmctl import Strmctl
from system.live.browser import Watched, watch
from system.live.clip import FRAME_RATE, SEGMENT_SECONDS, Clip
from system.live.low_latency import HOLD_BACK, LowLatency
from system.live.sliding import Sliding

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("real time"),  # beside no other player that needs its share each moment
]

HICCUP = 0.5
"""A machine that stands still for so long may make a player wait."""

ROTATES_KEYS = pytest.mark.parametrize("rotates_keys", [False, True], ids=["plain", "rotating-key"])


def playback_url(strmctl: Strmctl, broadcast: Broadcast) -> str:
    return strmctl.strm_text(strmctl.write(broadcast.slug)).strip()


@pytest.fixture
def seconds(is_long: bool) -> float:
    """Three lives of a token, or six."""
    return 60.0 if is_long else 30.0


def assert_resolved_as_tokens_died(broadcast: Broadcast, seconds: float) -> None:
    """Once each: a known expiry is renewed when nine tenths of a life are over.

    An unknown one shows at the next request, up to a segment later.
    """
    assert len(broadcast.resolved_at) >= seconds / (TOKEN_SECONDS + SEGMENT_SECONDS)
    gaps = [later - earlier for earlier, later in pairwise(broadcast.resolved_at)]
    assert min(gaps) > TOKEN_SECONDS * 0.85, gaps


def assert_smooth(watched: Watched, seconds: float) -> None:
    assert watched.last.fatal == []
    if watched.hiccup < HICCUP:
        assert watched.last.errors == {}
        assert watched.last.waits == 0
    assert watched.seconds >= seconds
    # On a machine that is short of CPU the browser's clock lags a little without any stall.
    assert watched.played >= 0.9 * watched.seconds


@ROTATES_KEYS
def test_ffmpeg_plays_on(
    seconds: float, rotates_keys: bool, clip: Clip, on_air: OnAir, own_strmctl: Strmctl
) -> None:
    """Each frame follows the one before, none is missing."""
    broadcast = on_air(Sliding(clip, rotates_keys), tells_expiry=rotates_keys)
    with own_strmctl.serving() as server:
        frames = _frame_times(playback_url(own_strmctl, broadcast), seconds)
        assert len(frames) == seconds * FRAME_RATE, server.log.read_text()
    steps = [later - earlier for earlier, later in pairwise(frames)]
    assert max(steps) == pytest.approx(1 / FRAME_RATE, abs=0.001)
    assert_resolved_as_tokens_died(broadcast, seconds)


def _frame_times(url: str, seconds: float) -> list[float]:
    """The time of each picture that ffmpeg decodes in so many seconds of the stream."""
    command = ["ffprobe", "-v", "warning", "-read_intervals", f"%+{seconds:g}", "-of", "json"]
    command += ["-select_streams", "v:0", "-show_entries", "frame=pts_time", url]
    run = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 90)
    return [float(frame["pts_time"]) for frame in json.loads(run.stdout)["frames"]]


@ROTATES_KEYS
def test_hls_js_plays_on(
    seconds: float,
    rotates_keys: bool,
    clip: Clip,
    on_air: OnAir,
    own_strmctl: Strmctl,
    tmp_path: Path,
) -> None:
    broadcast = on_air(Sliding(clip, rotates_keys), tells_expiry=not rotates_keys)
    with own_strmctl.serving():
        watched = watch(playback_url(own_strmctl, broadcast), seconds, tmp_path / "profile")
    assert_smooth(watched, seconds)
    assert max(look.latency for look in watched.looks) < 5 * SEGMENT_SECONDS
    assert_resolved_as_tokens_died(broadcast, seconds)


def test_hls_js_plays_on_with_low_latency(
    seconds: float, clip: Clip, on_air: OnAir, own_strmctl: Strmctl, tmp_path: Path
) -> None:
    """It stays as near to the broadcast as the origin wants it, and asks for parts by blocking."""
    broadcast = on_air(LowLatency(clip))
    with own_strmctl.serving():
        watched = watch(playback_url(own_strmctl, broadcast), seconds, tmp_path / "profile")
    assert_smooth(watched, seconds)
    assert max(look.latency for look in watched.looks) < 3 * HOLD_BACK + watched.hiccup
    assert any("_HLS_part=" in request.query for request in broadcast.asked)
    assert_resolved_as_tokens_died(broadcast, seconds)
