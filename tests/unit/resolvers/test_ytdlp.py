"""`type = "ytdlp"`: the real yt-dlp, its generic extractor and a page on this machine."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest

from stage.asking import MOVIE, ask, refusal, table
from strmctl.errors import SettingsError
from strmctl.resolvers.contract import Reason, ResolveRequest
from strmctl.resolvers.registry import Registry
from strmctl.settings.model import Settings

VIDEO = "BANDWIDTH=420000,RESOLUTION=320x180,CODECS="
SOUND = '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="s",NAME="de",LANGUAGE="de",DEFAULT=YES,URI="de.m3u8"'
PLAYLISTS = {
    "apart": f'{SOUND}\n#EXT-X-STREAM-INF:{VIDEO}"avc1.42c00d,mp4a.40.2",AUDIO="s"\nv.m3u8',
    "joined": f'#EXT-X-STREAM-INF:{VIDEO}"avc1.42c00d,mp4a.40.2"\nv.m3u8',
    "text": '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="t",NAME="de",LANGUAGE="de",URI="t.m3u8"\n'
    f'#EXT-X-STREAM-INF:{VIDEO}"avc1.42c00d,mp4a.40.2",SUBTITLES="t"\nv.m3u8',
    "silent": f'#EXT-X-STREAM-INF:{VIDEO}"avc1.42c00d"\nv.m3u8',
}
DASH = """<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"
 mediaPresentationDuration="PT24S"><Period>
 <AdaptationSet mimeType="video/mp4"><Representation id="v" codecs="avc1.42c00d" bandwidth="200000"
 width="320" height="180"><BaseURL>v.mp4</BaseURL></Representation></AdaptationSet>
 <AdaptationSet mimeType="audio/mp4"><Representation id="a" codecs="mp4a.40.2" bandwidth="48000">
 <BaseURL>a.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>"""

TRACK = "<track kind=subtitles srclang='{}' src='{}'>"
SUBTITLED = "<title>x</title><video><source src='/v/1.mp4' type='video/mp4'>{}</video>".format(
    "".join(
        TRACK.format(*it)
        for it in [("de", "/de.srt"), ("de", "/de.vtt"), ("en", "/en.srt"), ("fr", "/fr.ttml")]
    )
)


class Page(BaseHTTPRequestHandler):
    """A page with a video element, and the video."""

    def do_GET(self) -> None:
        if self.path == "/watch/one-piece/1-2":
            self.answer(200, "text/html", b"<title>x</title><video src='/v/1.mp4'></video>")
        elif self.path == "/watch/subtitled":
            self.answer(200, "text/html", SUBTITLED.encode())
        elif self.path.startswith("/hls/"):
            text = PLAYLISTS[self.path.split("/")[2].removesuffix(".m3u8")]
            self.answer(200, "application/vnd.apple.mpegurl", f"#EXTM3U\n{text}\n".encode())
        elif self.path == "/files.mpd":
            self.answer(200, "application/dash+xml", DASH.encode())
        elif self.path.startswith("/v/"):
            self.answer(200, "video/mp4", b"\0\0\0\x18ftypmp42")
        else:
            self.answer(404, "text/plain", b"")

    do_HEAD = do_GET

    def answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


async def test_the_page_becomes_its_media_url(site: str) -> None:
    page = f"{site}/watch/{{slug}}/{{season}}-{{episode}}"
    found = await ask(table("ytdlp", timeout=60, url=page))
    assert found.url == f"{site}/v/1.mp4"
    assert "User-Agent" in found.headers
    assert "Accept-Encoding" not in found.headers


@pytest.mark.parametrize(
    ("playlist", "url"),
    [
        pytest.param("apart", "/hls/apart.m3u8", id="sound apart: the Multivariant Playlist"),
        pytest.param("joined", "/hls/v.m3u8", id="both in one variant"),
        pytest.param("silent", "/hls/v.m3u8", id="no sound at all"),
    ],
)
async def test_nothing_plays_without_its_sound(site: str, playlist: str, url: str) -> None:
    page = f"{site}/hls/{playlist}.m3u8"
    found = await ask(table("ytdlp", timeout=60, url=page))
    assert found.url == f"{site}{url}"
    assert "User-Agent" in found.headers


@pytest.mark.parametrize(
    ("reason", "named"),
    [
        pytest.param(Reason.REFRESH, [("de", "/de.vtt"), ("en", "/en.srt")], id="refresh"),
        pytest.param(Reason.PLAY, [], id="no viewer waits for them"),
    ],
)
async def test_subtitles_of_the_page(
    site: str, reason: Reason, named: list[tuple[str, str]]
) -> None:
    settings = table("ytdlp", timeout=60, url=f"{site}/watch/subtitled")
    found = await ask(settings, ResolveRequest(MOVIE, reason))
    assert found.url == f"{site}/v/1.mp4"
    assert [(it.language, it.url) for it in found.subtitles] == [
        (language, site + path) for language, path in named
    ]


async def test_subtitles_of_a_playlist_are_in_the_playlist(site: str) -> None:
    settings = table("ytdlp", timeout=60, url=f"{site}/hls/text.m3u8")
    found = await ask(settings, ResolveRequest(MOVIE, Reason.REFRESH))
    assert found.url == f"{site}/hls/v.m3u8"
    assert not found.subtitles


async def test_sound_and_picture_in_two_files_are_refused(site: str) -> None:
    error = await refusal(table("ytdlp", timeout=60, url=f"{site}/files.mpd"))
    assert "sound and picture only as two files" in str(error)


async def test_what_yt_dlp_complains_about_is_one_line_without_urls(site: str) -> None:
    request = ResolveRequest(MOVIE, Reason.PLAY)
    error = await refusal(table("ytdlp", timeout=60, url=f"{site}/gone/{{slug}}?t=secret"), request)
    assert "404" in str(error)
    assert "secret" not in str(error)


async def test_it_is_killed_at_the_timeout(site: str) -> None:
    error = await refusal(table("ytdlp", timeout=0.05, url=f"{site}/{{slug}}"))
    assert error.http_status == 504


def test_options_are_checked() -> None:
    with pytest.raises(SettingsError, match="format: is unknown"):
        Registry.from_settings(
            Settings(resolvers=[table("ytdlp", url="http://a/{slug}", format="best")])
        )


def test_without_the_extra_it_says_how_to_install_it(tmp_path: Path) -> None:
    """A Python that sees strmctl but not yt-dlp, as after `pip install strmctl`."""
    (tmp_path / "strmctl").symlink_to(Path(__file__).parents[3] / "strmctl")
    (tmp_path / "msgspec").symlink_to(Path(msgspec.__file__).parent)
    code = (
        "from strmctl.resolvers.ytdlp import YtdlpResolver as Y\n"
        "from strmctl.settings.model import ResolverSettings as S\n"
        "from strmctl.errors import SettingsError\n"
        "try: Y(S('mine', ['*'], 'ytdlp'))\n"
        "except SettingsError as error: print(error)"
    )
    finished = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert finished.stdout == (
        "[resolvers.mine] type: yt-dlp is missing: `pipx inject strmctl yt-dlp`, "
        "or `pip install yt-dlp` beside strmctl\n"
    )
