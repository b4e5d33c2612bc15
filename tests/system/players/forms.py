"""The forms of the matrix: those of the playback tests, disguised segments, and a seek.

Beside them one that is damaged, to prove the counting.
"""

import fcntl
import itertools
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stage.media import FILM, FORMS as FORMS_OF_PLAYBACK

_DISGUISED = "vault-disguised/piecelist.m3u8"
SHORT = "vault-short/piecelist.m3u8"


@dataclass(frozen=True, slots=True)
class Form:
    """A path below the media and where a play of it starts, in seconds."""

    path: str
    start: float = 0.0


FORMS: Mapping[str, Form] = {
    "TS": Form(FORMS_OF_PLAYBACK["ts"]),
    "fMP4": Form(FORMS_OF_PLAYBACK["fmp4"]),
    "AES-128": Form(FORMS_OF_PLAYBACK["aes128"]),
    "byte-range TS": Form(FORMS_OF_PLAYBACK["ranges-ts"]),
    "byte-range fMP4": Form(FORMS_OF_PLAYBACK["ranges-fmp4"]),
    "audio group, WebVTT": Form(FORMS_OF_PLAYBACK["groups"]),
    "disguised": Form(_DISGUISED),
    "MP4": Form(FILM),
    "MP4 from 12 s": Form(FILM, 12.0),
}


def add_forms(root: Path) -> None:
    """The files of the forms made here, by the first of several processes to ask."""
    with (root.parent / "forms.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (root / SHORT).exists():
            _disguise(root / "vault-ts", (root / _DISGUISED).parent)
            _shorten(root / "vault-ts", (root / SHORT).parent)


def _disguise(plain: Path, disguised: Path) -> None:
    """Each segment of `plain` behind a PNG or a JPEG, and called `.jpg`."""
    pictures = itertools.cycle([_picture("png"), _picture("mjpeg")])
    disguised.mkdir()
    for segment, picture in zip(sorted(plain.glob("*.ts")), pictures, strict=False):
        jpg = disguised / segment.with_suffix(".jpg").name
        jpg.write_bytes(picture + segment.read_bytes())
    playlist = (plain / "piecelist.m3u8").read_text()
    (disguised / "piecelist.m3u8").write_text(playlist.replace(".ts\n", ".jpg\n"))


def _shorten(plain: Path, short: Path) -> None:
    """`plain` with 50 kB of its fourth segment, a third of it."""
    shutil.copytree(plain, short)
    segment = short / "piece3.ts"
    segment.write_bytes(segment.read_bytes()[:50_000])


def _picture(codec: str) -> bytes:
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=64x36"]
    command += ["-frames:v", "1", "-c:v", codec, "-f", "image2pipe", "-"]
    return subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
