"""The film that is broadcast: made once a run by ffmpeg, cut as MPEG-TS, encrypted, and in parts.

120 s long, so that nothing repeats while it is watched; sound and picture are continuous.
"""

import fcntl
import hashlib
import subprocess
from dataclasses import dataclass
from pathlib import Path

FRAME_RATE = 24
SEGMENT_SECONDS = 2.0
SEGMENTS = 60
PARTS = 4
"""Parts of a segment."""

PART_SECONDS = SEGMENT_SECONDS / PARTS
KEYS = 3

_SECONDS = SEGMENTS * SEGMENT_SECONDS
_PICTURE = f"testsrc=size=160x90:rate={FRAME_RATE}:duration={_SECONDS:g}"
_SOUND = f"sine=frequency=440:sample_rate=48000:duration={_SECONDS:g}"
_KEY_FRAMES = ["-g", str(int(FRAME_RATE * PART_SECONDS)), "-sc_threshold", "0"]


@dataclass(frozen=True, slots=True)
class Clip:
    root: Path

    def segment(self, number: int) -> bytes:
        return (self.root / f"plain{number}.ts").read_bytes()

    def encrypted(self, number: int, key: int) -> bytes:
        """Its Media Sequence Number is the initialization vector (RFC 8216 section 5.2)."""
        return (self.root / f"key{key}-{number}.ts").read_bytes()

    def init(self) -> bytes:
        return (self.root / "init.mp4").read_bytes()

    def part(self, number: int, index: int) -> bytes:
        return (self.root / f"part{number * PARTS + index}.m4s").read_bytes()

    def fragmented(self, number: int) -> bytes:
        """A segment, which is its parts one after the other."""
        return b"".join(self.part(number, index) for index in range(PARTS))


def key(number: int) -> bytes:
    return hashlib.sha256(f"key {number}".encode()).digest()[:16]


def shared_clip(folder: Path) -> Clip:
    """The clip below `folder`, made by the first of several processes that ask for it."""
    root = folder / "clip"
    with (folder / "clip.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not root.exists():
            root.mkdir()
            _make(root)
    return Clip(root)


def _make(root: Path) -> None:
    film = root / "film.mp4"
    video = ["-c:v", "libx264", "-profile:v", "baseline", "-preset", "ultrafast", *_KEY_FRAMES]
    audio = ["-c:a", "aac", "-b:a", "48k"]
    sources = ["-f", "lavfi", "-i", _PICTURE, "-f", "lavfi", "-i", _SOUND]
    _ffmpeg(*sources, *video, "-pix_fmt", "yuv420p", *audio, str(film))
    _cut(root, film, SEGMENT_SECONDS, "plain%d.ts")
    for number in range(KEYS):
        (root / f"key{number}").write_bytes(key(number))
        info = root / f"key{number}.info"
        info.write_text(f"key\n{root / f'key{number}'}\n")
        _cut(root, film, SEGMENT_SECONDS, f"key{number}-%d.ts", "-hls_key_info_file", str(info))
    fragmented = ["-hls_segment_type", "fmp4", "-hls_fmp4_init_filename", "init.mp4"]
    _cut(root, film, PART_SECONDS, "part%d.m4s", *fragmented)


def _cut(root: Path, film: Path, seconds: float, names: str, *options: str) -> None:
    command = ["-c", "copy", "-f", "hls", "-hls_time", f"{seconds:g}", "-hls_list_size", "0"]
    command += [*options, "-hls_segment_filename", str(root / names), str(root / "list.m3u8")]
    _ffmpeg("-i", str(film), *command)


def _ffmpeg(*arguments: str) -> None:
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments]
    subprocess.run(command, check=True, timeout=60)
