"""DASH manifests are refused: their URLs would lead players past the proxy, tokens and all."""

from urllib.parse import urlsplit

from strmctl.domain.urls.upstream_url import check_url
from strmctl.errors import UpstreamError

DASH = "a DASH manifest, which strmctl does not play (HLS and plain files only)"


def is_dash_url(url: str) -> bool:
    """By its name, without asking: `.mpd`, or a packager's `format=mpd`."""
    parts = urlsplit(url)
    path = parts.path.lower()
    # Azure Media Services: `…/manifest(format=mpd-time-csf)`.
    return path.endswith(".mpd") or "format=mpd" in path or "format=mpd" in parts.query.lower()


def check_link(url: str) -> None:
    """Raises UpstreamError for what is no URL of media that strmctl plays."""
    check_url(url)
    if is_dash_url(url):
        raise UpstreamError(f"the URL is that of {DASH}", final=True)
