"""Which paths are players': those alone are open to every origin, and counted as streams."""

from strmctl.domain.urls import child_url, playback_url


def is_media(path: str, prefix: str) -> bool:
    """`prefix` is the path of public_base_url, which may stand before it or not."""
    own = path.removeprefix(prefix)
    return own.startswith((playback_url.PATH + ".", child_url.PATH + "/")) or (
        own == playback_url.PATH
    )
