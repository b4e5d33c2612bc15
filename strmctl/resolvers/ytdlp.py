"""`type = "ytdlp"`: yt-dlp is given the page's URL, in a process of its own."""

import re
import sys
from collections.abc import Sequence
from importlib.util import find_spec

from strmctl.domain.mapping import Resolution
from strmctl.errors import ResolverError, SettingsError
from strmctl.resolvers.answer import load_object
from strmctl.resolvers.child_process import ask
from strmctl.resolvers.contract import ResolveRequest
from strmctl.resolvers.options import Options
from strmctl.resolvers.url_template import url_template
from strmctl.settings.model import ResolverSettings

_ARGUMENTS = (
    # A person's own configuration may download, or choose two formats.
    "--ignore-config",
    "--no-playlist",
    "--playlist-items=1",
    "--quiet",
    "--no-warnings",
    # One URL is played: one format with sound and picture, else two of one Multivariant Playlist.
    "--format=best[protocol!*=dash]/bestvideo*[protocol^=m3u8]+bestaudio[protocol^=m3u8]"
    "/bestvideo*+bestaudio/best*",
    # The same JSON as `--dump-single-json`, cut down to what a resolution needs.
    "--print=%(.{url,http_headers})j",
    "--print=%(requested_formats.:.{protocol,manifest_url,http_headers})j",
    "--batch-file=-",
)


_VIDEO = re.compile(r"^ERROR: (\[[^]]*\] \S+: )?")


class YtdlpResolver:
    """Option: `url`, a template of the page's URL."""

    def __init__(self, settings: ResolverSettings) -> None:
        if find_spec("yt_dlp") is None:
            raise SettingsError(
                f"[resolvers.{settings.name}] type: yt-dlp is missing: "
                "`pip install 'strmctl[ytdlp]'`"
            )
        options = Options(settings)
        self._page = url_template(options)
        options.done()
        self._egress = settings.egress

    async def resolve(self, request: ResolveRequest) -> Resolution:
        # On stdin, since everybody on the machine may read a command line.
        page = f"{self._page.fill(request.identity)}\n".encode()
        finished = await ask(
            [sys.executable, "-m", "yt_dlp", *_ARGUMENTS], page, egress=self._egress
        )
        if finished.status != 0:
            # Its name for a video is often the end of the page's URL.
            complaint = _VIDEO.sub("", finished.complaint)
            raise ResolverError(complaint or f"yt-dlp ended with status {finished.status}")
        return _read(finished.stdout)

    async def aclose(self) -> None:
        return


def _read(stdout: bytes) -> Resolution:
    """Two lines: what was chosen, and of what it was put together, if it was."""
    first, _, second = stdout.strip().partition(b"\n")
    video = load_object(first)
    parts = load_object(b'{"parts": %s}' % (second.strip() or b"[]")).get("parts")
    if isinstance(parts, list) and parts:
        return _together(parts)
    url, headers = video.get("url"), video.get("http_headers") or {}
    if not (isinstance(url, str) and isinstance(headers, dict)):
        raise ResolverError("yt-dlp found no single URL that holds sound and picture")
    return Resolution(url, headers)


def _together(parts: Sequence[object]) -> Resolution:
    """The Multivariant Playlist that lists both, since a variant alone would be silent."""
    found = [part for part in parts if isinstance(part, dict)]
    playlists = {str(part.get("manifest_url")) for part in found}
    are_hls = all(str(part.get("protocol")).startswith("m3u8") for part in found)
    if not (are_hls and len(playlists) == 1):
        raise ResolverError(
            "yt-dlp has sound and picture only as two files, which no player joins: "
            "a `command` resolver of your own may find one that holds both"
        )
    headers = found[0].get("http_headers")
    return Resolution(playlists.pop(), headers if isinstance(headers, dict) else {})
