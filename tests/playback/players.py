"""Players count frames and seconds, because they end with 0 however much they lost.

A player is a function of a URL and a start in seconds; a missing one fails its tests.
"""

import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

import imageio_ffmpeg  # type: ignore[import-untyped]  # it has no types


@dataclass(frozen=True, slots=True)
class Played:
    """`frames` of video, and the seconds of video and of audio, as decoded."""

    frames: int
    video_seconds: float
    audio_seconds: float
    exit_code: int
    complaints: str


Player = Callable[[str, float], Played]


def _debian_ffmpeg(url: str, start: float) -> Played:
    return _play_with_ffmpeg("ffmpeg", url, start)


def _newest_ffmpeg(url: str, start: float) -> Played:
    return _play_with_ffmpeg(imageio_ffmpeg.get_ffmpeg_exe(), url, start)


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


def _play_with_ffmpeg(executable: str, url: str, start: float) -> Played:
    seek = ["-ss", f"{start:g}"] if start else []
    streams = ["-map", "0:v:0", "-map", "0:a:0", "-fps_mode", "passthrough"]
    command = [executable, "-nostdin", "-v", "warning", *seek, "-i", url, *streams]
    run = subprocess.run(
        [*command, "-f", "framecrc", "-"], capture_output=True, text=True, timeout=90
    )
    return _count(run.stdout, run.returncode, run.stderr)


def _count(framecrc: str, exit_code: int, complaints: str) -> Played:
    """Lines are `#tb STREAM: TIME_BASE` or `STREAM, DTS, PTS, DURATION, SIZE, CRC`."""
    unit: dict[str, Fraction] = {}
    durations: dict[str, list[int]] = {"0": [], "1": []}
    for line in framecrc.splitlines():
        if line.startswith("#tb "):
            stream, _, base = line.removeprefix("#tb ").partition(": ")
            unit[stream] = Fraction(base)
        elif not line.startswith("#"):
            stream, _, _, duration, *_ = line.split(",")
            durations[stream].append(int(duration))
    video, audio = (float(sum(durations[s]) * unit.get(s, 0)) for s in ("0", "1"))
    return Played(len(durations["0"]), video, audio, exit_code, complaints)
