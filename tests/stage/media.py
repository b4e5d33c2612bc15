"""The test media: 600 frames, 24.0 s, made once a run by ffmpeg, every file with its SHA-256.

Folders and files are called `vault…` and `piece…`, words that nothing of strmctl uses, so that
one search finds any name of the upstream that leaks.
"""

import fcntl
import hashlib
import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FRAMES = 600
SECONDS = 24.0
FILM = "vault-film/piecefilm.mp4"
FORMS = {
    "ts": "vault-ts/piecelist.m3u8",
    "fmp4": "vault-fmp4/piecelist.m3u8",
    "aes128": "vault-aes128/piecelist.m3u8",
    "groups": "vault-groups/piecemaster.m3u8",
    "ranges-ts": "vault-ranges-ts/piecelist.m3u8",
    "ranges-fmp4": "vault-ranges-fmp4/piecelist.m3u8",
    "mp4": FILM,
}
SUBTITLES = [f"Satz {number}, schön" for number in range(6)]
UPSTREAM_WORDS = ("vault", "piece")

_VIDEO = "-c:v libx264 -profile:v baseline -preset ultrafast -g 50 -sc_threshold 0".split()
_VIDEO += ["-pix_fmt", "yuv420p"]
_AUDIO = ["-c:a", "aac", "-b:a", "48k"]
_CUT = ["-f", "hls", "-hls_time", "4", "-hls_playlist_type", "vod"]
_FMP4 = ["-hls_segment_type", "fmp4"]
_MULTIVARIANT = """\
#EXTM3U
#EXT-X-VERSION:4
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="Deutsch, laut",LANGUAGE="de",DEFAULT=YES,\
AUTOSELECT=YES,URI="vault-german/piecelist.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="English",LANGUAGE="en",AUTOSELECT=YES,\
URI="vault-english/piecelist.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="text",NAME="Deutsch",LANGUAGE="de",AUTOSELECT=YES,\
URI="vault-text/piecelist.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=420000,AVERAGE-BANDWIDTH=300000,RESOLUTION=320x180,FRAME-RATE=25.000,\
CODECS="avc1.42c00d,mp4a.40.2",AUDIO="sound",SUBTITLES="text"
vault-high/piecelist.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=220000,AVERAGE-BANDWIDTH=150000,RESOLUTION=240x136,FRAME-RATE=25.000,\
CODECS="avc1.42c00c,mp4a.40.2",AUDIO="sound",SUBTITLES="text"
vault-middle/piecelist.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=120000,AVERAGE-BANDWIDTH=90000,RESOLUTION=160x90,FRAME-RATE=25.000,\
CODECS="avc1.42c00b,mp4a.40.2",AUDIO="sound",SUBTITLES="text"
vault-low/piecelist.m3u8
"""


@dataclass(frozen=True, slots=True)
class Media:
    """`digests`: path below `root` to SHA-256, in hexadecimal."""

    root: Path
    digests: Mapping[str, str]

    def content(self, path: str) -> bytes:
        return (self.root / path).read_bytes()


def shared_media(folder: Path) -> Media:
    """The media below `folder`, made by the first of several processes that ask for it."""
    root, manifest = folder / "media", folder / "media.json"
    with (folder / "media.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not manifest.exists():
            manifest.write_text(json.dumps(_make(root)))
    return Media(root, json.loads(manifest.read_text()))


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _make(root: Path) -> dict[str, str]:
    film = root / FILM
    film.parent.mkdir(parents=True)
    _ffmpeg(
        *_input("testsrc=size=320x180:rate=25:duration=24"),
        *_input("sine=frequency=440:duration=24"),
        *[*_VIDEO, "-b:v", "200k", *_AUDIO, "-movflags", "+faststart", str(film)],
    )
    _cut(film, root / "vault-ts")
    _cut(film, root / "vault-fmp4", *_FMP4)
    _cut(film, root / "vault-ranges-ts", "-hls_flags", "single_file")
    _cut(film, root / "vault-ranges-fmp4", *_FMP4, "-hls_flags", "single_file")
    _cut(film, root / "vault-aes128", "-hls_key_info_file", str(_key(root)))
    _groups(film, root / "vault-groups")
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): sha256(path.read_bytes()) for path in files}


def _cut(film: Path, folder: Path, *options: str) -> None:
    """The film as HLS, copied, in 6 segments of 4 s."""
    fragmented = "fmp4" in options
    folder.mkdir(parents=True, exist_ok=True)
    names = ["-hls_segment_filename", str(folder / f"piece%d.{'m4s' if fragmented else 'ts'}")]
    if "single_file" in options:
        names[1] = names[1].replace("%d", "all")
    if fragmented:
        names += ["-hls_fmp4_init_filename", "pieceinit.mp4"]
    codecs = [] if "-c:v" in options or "-c:a" in options else ["-c", "copy"]
    command = [*codecs, *_CUT, *options, *names, str(folder / "piecelist.m3u8")]
    _ffmpeg("-i", str(film), *command)


def _key(root: Path) -> Path:
    """The key info file of ffmpeg: URI in the playlist, path of the key, IV."""
    key = root / "vault-aes128" / "piecekey.bin"
    key.parent.mkdir()
    key.write_bytes(hashlib.sha256(b"a fixed key").digest()[:16])
    info = root.parent / "key.info"
    info.write_text(f"{key.name}\n{key}\n00112233445566778899aabbccddeeff\n")
    return info


def _groups(film: Path, folder: Path) -> None:
    _cut(film, folder / "vault-high", "-an")
    for name, size, rate in [("middle", "240:136", "100k"), ("low", "160:90", "60k")]:
        scale = ["-an", "-vf", f"scale={size}", *_VIDEO, "-b:v", rate]
        _cut(film, folder / f"vault-{name}", *scale)
    _cut(film, folder / "vault-german", "-vn")
    _cut(film, folder / "vault-english", "-vn", "-af", "volume=0.5", *_AUDIO)
    _subtitles(folder / "vault-text")
    (folder / "piecemaster.m3u8").write_text(_MULTIVARIANT)


def _subtitles(folder: Path) -> None:
    folder.mkdir()
    lines = ["#EXTM3U", "#EXT-X-VERSION:4", "#EXT-X-TARGETDURATION:4", "#EXT-X-PLAYLIST-TYPE:VOD"]
    for number, text in enumerate(SUBTITLES):
        start = 4 * number + 2
        cue = f"00:00:{start:02}.000 --> 00:00:{start + 1:02}.000\n{text}\n"
        stamp = "X-TIMESTAMP-MAP=MPEGTS:126000,LOCAL:00:00:00.000"
        (folder / f"piece{number}.vtt").write_text(f"WEBVTT\n{stamp}\n\n{cue}", encoding="utf-8")
        lines += ["#EXTINF:4.000,", f"piece{number}.vtt"]
    (folder / "piecelist.m3u8").write_text("\n".join([*lines, "#EXT-X-ENDLIST", ""]))


def _input(source: str) -> list[str]:
    return ["-f", "lavfi", "-i", source]


def _ffmpeg(*arguments: str) -> None:
    """Raises FileNotFoundError where ffmpeg is missing: a failure, not a skip."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments]
    subprocess.run(command, check=True, timeout=60)
