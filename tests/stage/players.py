"""Players count frames and seconds, because they end with 0 however much they lost.

A player is a function of a URL and a start in seconds; a missing one fails its tests.
"""

import subprocess
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import imageio_ffmpeg  # type: ignore[import-untyped]  # it has no types
import pytest

from stage.media import FRAMES, SECONDS


@dataclass(frozen=True, slots=True)
class Played:
    """`frames` of video, the seconds of video and of audio, and the bytes of both, as decoded.

    `checksum` is of what each picture and sound is, and when; complaints make no difference.
    """

    frames: int
    video_seconds: float
    audio_seconds: float
    size: int
    checksum: int
    exit_code: int
    complaints: str = field(compare=False)


Player = Callable[[str, float], Played]


def _debian_ffmpeg(url: str, start: float) -> Played:
    return play_with_ffmpeg("ffmpeg", url, start)


def _newest_ffmpeg(url: str, start: float) -> Played:
    return play_with_ffmpeg(imageio_ffmpeg.get_ffmpeg_exe(), url, start)


PLAYERS: Mapping[str, Player] = {
    "ffmpeg-debian": _debian_ffmpeg,
    "ffmpeg-9.0.2": _newest_ffmpeg,
}


def read_subtitles(url: str) -> list[str]:
    """The cues of the first subtitle rendition but the first, which ffmpeg 9 loses as it probes."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-i", url]
    run = subprocess.run(
        [*command, "-map", "0:s:0", "-f", "webvtt", "-"], capture_output=True, timeout=90
    )
    return [block.split("\n", 1)[1] for block in run.stdout.decode().strip().split("\n\n")[1:]]


def play_with_ffmpeg(
    executable: str, url: str, start: float, options: Sequence[str] = (), seconds: float = 90
) -> Played:
    """`options` are of the input; it may take as many `seconds`."""
    seek = ["-ss", f"{start:g}"] if start else []
    streams = ["-map", "0:v:0", "-map", "0:a:0", "-fps_mode", "passthrough"]
    command = [executable, "-nostdin", "-v", "warning", *seek, *options, "-i", url, *streams]
    run = subprocess.run(
        [*command, "-f", "framecrc", "-"], capture_output=True, text=True, timeout=seconds
    )
    return count_framecrc(run.stdout, run.returncode, run.stderr)


def count_framecrc(framecrc: str, exit_code: int, complaints: str) -> Played:
    """Lines are `#tb STREAM: TIME_BASE`, `#media_type STREAM: KIND` or
    `STREAM, DTS, PTS, DURATION, SIZE, CRC`; the order of the streams is free.
    """
    unit: dict[str, Fraction] = {}
    kind: dict[str, str] = {}
    durations: dict[str, list[float]] = {"video": [], "audio": []}
    size, decoded = 0, []
    for line in framecrc.splitlines():
        if line.startswith("#"):
            field, _, value = line.partition(": ")
            name, _, stream = field.partition(" ")
            if name == "#tb":
                unit[stream] = Fraction(value)
            elif name == "#media_type":
                kind[stream] = value
        else:
            stream, _, _, duration, length, *_ = line.split(",")
            durations[kind[stream]].append(float(int(duration) * unit[stream]))
            size += int(length)
            decoded.append(line)
    video, audio = durations["video"], durations["audio"]
    checksum = zlib.crc32("\n".join(sorted(decoded)).encode())
    return Played(len(video), sum(video), sum(audio), size, checksum, exit_code, complaints)


def assert_whole(played: Played) -> None:
    assert played.frames == FRAMES, played.complaints
    assert played.video_seconds == pytest.approx(SECONDS)
    assert played.audio_seconds == pytest.approx(SECONDS, abs=0.05)
    assert played.exit_code == 0
