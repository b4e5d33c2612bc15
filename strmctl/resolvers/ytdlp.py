"""`type = "ytdlp"`: yt-dlp is given the page's URL, in a process of its own."""

import re
import sys
from importlib.util import find_spec

from strmctl.domain.mapping import Resolution
from strmctl.errors import ResolverError, SettingsError
from strmctl.resolvers.answer import load_object
from strmctl.resolvers.child_process import ask
from strmctl.resolvers.contract import ResolveRequest
from strmctl.resolvers.options import Options
from strmctl.resolvers.template import url_template
from strmctl.settings.model import ResolverSettings

_ARGUMENTS = (
    # A person's own configuration may download, or choose two formats.
    "--ignore-config",
    "--no-playlist",
    "--playlist-items=1",
    "--quiet",
    "--no-warnings",
    # One URL is played, so sound and picture have to be in one format.
    "--format=best/best*",
    # The same JSON as `--dump-single-json`, cut down to what a resolution needs.
    "--print=%(.{url,http_headers})j",
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
    video = load_object(stdout)
    url, headers = video.get("url"), video.get("http_headers") or {}
    if not (isinstance(url, str) and isinstance(headers, dict)):
        raise ResolverError("yt-dlp found no single URL that holds sound and picture")
    return Resolution(url, headers)
