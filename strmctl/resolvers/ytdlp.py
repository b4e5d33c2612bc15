"""`type = "ytdlp"`: yt-dlp is given the page's URL, in a process of its own."""

import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.util import find_spec

from msgspec import structs

from strmctl.domain.mapping import Resolution
from strmctl.domain.media import subtitles
from strmctl.domain.media.subtitles import Subtitle
from strmctl.errors import ResolverError, SettingError, UsageError
from strmctl.resolvers.answer import MAX_BYTES, load_object
from strmctl.resolvers.catalogue import MOST_ITEMS, Listed, Listing, number, words
from strmctl.resolvers.child_process import Finished, ask
from strmctl.resolvers.contract import Reason, ResolveRequest
from strmctl.resolvers.options import Options
from strmctl.resolvers.url_template import UrlTemplate, url_template
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
)
# The same JSON as `--dump-single-json`, cut down to what a resolution needs.
_PARTS = "--print=%(requested_formats.:.{protocol,manifest_url,http_headers})j"
_TO_PLAY = ("--print=%(.{url,http_headers})j", _PARTS)
# Many of its extractors look for subtitles only where they are to be written.
_TO_KEEP = ("--write-subs", "--print=%(.{url,http_headers,subtitles})j", _PARTS)
_LISTING = (
    "--ignore-config",
    "--flat-playlist",
    "--quiet",
    "--no-warnings",
    "--print=%(.{url,webpage_url,title,series,playlist_title,season_number,episode_number,"
    "release_timestamp,timestamp,live_status})j",
)
_LISTING_BYTES = 16 * MAX_BYTES
_FORMS = ("vtt", "srt")


_NEVER = datetime.max.replace(tzinfo=UTC)
_VIDEO = re.compile(r"^ERROR: (\[[^]]*\] \S+: )?")


class YtdlpResolver:
    """Option: `url`, a template of the page's URL."""

    def __init__(self, settings: ResolverSettings) -> None:
        if find_spec("yt_dlp") is None:
            raise SettingError(
                f"resolvers.{settings.name}.type",
                "yt-dlp is missing: "
                "`pipx inject strmctl yt-dlp`, or `pip install yt-dlp` beside strmctl",
            )
        options = Options(settings)
        self._page = url_template(options)
        self._egress, self._name = settings.egress, settings.name

    async def resolve(self, request: ResolveRequest) -> Resolution:
        # Subtitles are files beside a `.strm`: no viewer waits for what no player gets.
        keeps = request.reason in (Reason.CREATE, Reason.REFRESH)
        arguments = (*_ARGUMENTS, *(_TO_KEEP if keeps else _TO_PLAY))
        finished = await self._run(
            arguments,
            f"{self._page.fill(request.identity)}\n",
            _LISTING_BYTES if keeps else MAX_BYTES,
        )
        return _read(finished.stdout)

    async def listing(self, name: str) -> Listing:
        """`name` is the address of a playlist's page, or of a single one."""
        if not name.lower().startswith(("http://", "https://")):
            raise UsageError(f"{name[:60]!r}: give the address of a playlist's page")
        finished = await self._run(_LISTING, f"{name}\n", _LISTING_BYTES)
        entries = [load_object(line) for line in finished.stdout.splitlines()[:MOST_ITEMS]]
        items = [item for entry in entries if (item := _listed(entry, self._page)) is not None]
        if not items:
            reason = f"none of its {len(entries)} pages has the form of resolvers.{self._name}.url"
            raise ResolverError(reason, http_status=404)
        if len(entries) == 1:
            # A page of its own is a film.
            items = [structs.replace(items[0], season=None, episode=None)]
        title = words(entries[0].get("series")) or words(entries[0].get("playlist_title"))
        return Listing(items, title or items[0].title)

    async def _run(self, arguments: Sequence[str], page: str, limit: int = MAX_BYTES) -> Finished:
        # On stdin, since everybody on the machine may read a command line.
        command = [sys.executable, "-m", "yt_dlp", *arguments, "--batch-file=-"]
        finished = await ask(command, page.encode(), egress=self._egress, limit=limit)
        if finished.status != 0:
            # Its name for a video is often the end of the page's URL.
            complaint = _VIDEO.sub("", finished.complaint)
            raise ResolverError(complaint or f"yt-dlp ended with status {finished.status}")
        return finished

    async def aclose(self) -> None:
        return


def _listed(entry: dict[str, object], page: UrlTemplate) -> Listed | None:
    """An entry whose page the resolver will ask for again; None for another site's."""
    # An entry that is not looked into has its address in `url`.
    for url in (entry.get("webpage_url"), entry.get("url")):
        values = page.read(url) if isinstance(url, str) else None
        if values is not None:
            break
    else:
        return None
    # An upcoming stream has nothing to play.
    at = entry.get("release_timestamp") or entry.get("timestamp")
    released = datetime.fromtimestamp(at, UTC) if isinstance(at, int | float) else None
    if entry.get("live_status") == "is_upcoming" and released is None:
        released = _NEVER
    season, episode = values.get("season"), values.get("episode")
    return Listed(
        season=int(season) if season else number(entry.get("season_number")) or 1,
        episode=int(episode) if episode else number(entry.get("episode_number")),
        title=words(entry.get("title")),
        released=released,
        slug=values.get("slug"),
    )


def _read(stdout: bytes) -> Resolution:
    """Two lines: what was chosen, and of what it was put together, if it was."""
    first, _, second = stdout.strip().partition(b"\n")
    video = load_object(first)
    parts = load_object(b'{"parts": %s}' % (second.strip() or b"[]")).get("parts")
    beside = _subtitles(video.get("subtitles"))
    if isinstance(parts, list) and parts:
        return replace(_together(parts), subtitles=beside)
    url, headers = video.get("url"), video.get("http_headers") or {}
    if not (isinstance(url, str) and isinstance(headers, dict)):
        raise ResolverError("yt-dlp found no single URL that holds sound and picture")
    return Resolution(url, headers, subtitles=beside)


def _subtitles(found: object) -> tuple[Subtitle, ...]:
    """The first WEBVTT file of each language, else the first SRT; HLS has them in its playlist."""
    named = []
    for language, forms in found.items() if isinstance(found, dict) else ():
        files = [it for it in forms if isinstance(it, dict) and not _is_hls(it)]
        files = [it for it in files if it.get("url") and it.get("ext") in _FORMS]
        for file in sorted(files, key=lambda it: _FORMS.index(it["ext"]))[:1]:
            named.append({"url": file["url"], "language": language})
    return subtitles.given(named)


def _is_hls(file: dict[str, object]) -> bool:
    return str(file.get("protocol")).startswith("m3u8")


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
