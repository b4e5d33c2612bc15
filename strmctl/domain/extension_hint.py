"""The extension that a playback URL gets as a hint for players, from what the upstream calls it."""

from strmctl.domain.hls.naming import upstream_extension

_KNOWN = frozenset(
    (".m3u8", ".mp4", ".mkv", ".webm", ".ts", ".m4v", ".mov", ".avi", ".flv", ".mpg", ".mp3")
)


def extension_hint(url: str) -> str:
    """`.m3u8`, `.mp4`, …; "" where the URL's path does not tell."""
    extension = upstream_extension(url)
    return extension if extension in _KNOWN else ""
