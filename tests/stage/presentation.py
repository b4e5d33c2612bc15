"""A presentation with everything that can die: renditions, key, init section, subtitles, data."""

import hashlib

import httpx

from stage.routes import PLAYLIST_TYPE, file, playlist
from stage.show import Show
from stage.viewer import follow

MASTER = """\
#EXTM3U
#EXT-X-VERSION:7
#EXT-X-SESSION-DATA:DATA-ID="made.up",URI="data.json"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Deutsch",LANGUAGE="de",URI="audio.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="Deutsch",LANGUAGE="de",URI="subtitles.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=800000,CODECS="avc1.42c00d,mp4a.40.2",AUDIO="a",SUBTITLES="s"
video.m3u8
"""
VIDEO = """\
#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:4
#EXT-X-KEY:METHOD=AES-128,URI="video.key"
#EXT-X-MAP:URI="init.mp4"
#EXTINF:4.0,
video0.m4s
#EXTINF:4.0,
video1.m4s
#EXTINF:2.5,
video2.m4s
#EXT-X-ENDLIST
"""
AUDIO = """\
#EXTM3U
#EXT-X-TARGETDURATION:4
#EXTINF:4.0,
audio0.aac
#EXT-X-ENDLIST
"""
SUBTITLES = """\
#EXTM3U
#EXT-X-TARGETDURATION:4
#EXTINF:4.0,
text0.vtt
#EXT-X-ENDLIST
"""
PLAYLISTS = {
    "index.m3u8": MASTER,
    "video.m3u8": VIDEO,
    "audio.m3u8": AUDIO,
    "subtitles.m3u8": SUBTITLES,
}


def content(name: str, size: int = 5000) -> bytes:
    """Bytes that differ from file to file and look like nothing."""
    return b"G" + hashlib.shake_256(name.encode()).digest(size - 1)


FILES = {
    "data.json": b'{"title": "made up"}',
    "video.key": content("key", 16),
    "init.mp4": b"\x00\x00\x00\x18ftypiso5" + content("init"),
    "video0.m4s": b"\x00\x00\x00\x18moof" + content("video0"),
    "video1.m4s": b"\x00\x00\x00\x18moof" + content("video1"),
    "video2.m4s": b"\x00\x00\x00\x18moof" + content("video2"),
    "audio0.aac": content("audio0"),
    "text0.vtt": b"WEBVTT\n\n00:00.000 --> 00:01.000\nHallo\n",
}


def put(show: Show) -> None:
    for name, text in PLAYLISTS.items():
        show.routes[name] = playlist(text)
    for name, data in FILES.items():
        is_json = name.endswith(".json")
        show.routes[name] = file(data, media_type="application/json" if is_json else "video/mp4")


def addresses(client: httpx.Client, url: str) -> dict[str, str]:
    """The proxy's address of each file, found as a player finds it; audio is not opened."""
    data, audio, subtitles, video = follow(client, url)
    key, init, *segments = follow(client, video)
    [text] = follow(client, subtitles)
    names = ["video.key", "init.mp4", "video0.m4s", "video1.m4s", "video2.m4s", "text0.vtt"]
    found = dict(zip(names, [key, init, *segments, text], strict=True))
    return {"data.json": data, "audio.m3u8": audio, "video.m3u8": video, **found}


def flat(show: Show, names: list[str], *, media_type: str = "video/mp2t") -> dict[str, bytes]:
    """A Media Playlist at the entry of the show that lists these segments; their bytes."""
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:4"]
    for name in names:
        lines += ["#EXTINF:4.0,", name]
    show.routes[show.entry] = playlist("\n".join([*lines, "#EXT-X-ENDLIST", ""]), PLAYLIST_TYPE)
    data = {name: content(name) for name in names}
    for name in names:
        show.routes[name.partition("?")[0]] = file(data[name], media_type=media_type)
    return data
