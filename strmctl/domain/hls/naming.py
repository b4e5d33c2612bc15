"""The names that strmctl gives to what a playlist lists: Media Sequence Numbers and extensions.

Players refuse segments whose path does not end in an extension that fits the content, so the
extension says what the content is, whatever the upstream calls it (HLS.md, "What players insist
on"). It is never needed to find the resource again.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import repeat

from msgspec import Struct

PLAYLIST_NAME = "index.m3u8"

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_ADDRESSES = frozenset(
    "http https ftp ftps sftp file smb nfs rtmp rtmps rtmpt rtsp rtsps rtp udp tcp srt ws wss mms "
    "mmsh blob javascript gopher about".split()
)
# "#EXTM3U" and its base64 (of which the last letter depends on what follows), "#" percent-encoded.
_PLAYLIST_INSIDE = "(?i)EXTM3U|I0VYVE0zV|mpegurl|:/"
_PACKED_AUDIO = {".aac": ".aac", ".mp3": ".mp3", ".ac3": ".ac3", ".ec3": ".ec3", ".eac3": ".ec3"}
_TEXT = {".vtt": ".vtt", ".webvtt": ".vtt"}
_FRAGMENTED = {".m4s", ".mp4", ".m4v", ".m4a", ".m4f", ".cmfv", ".cmfa", ".cmft"}
_STREAM = {".ts": ".ts", ".m2ts": ".ts", ".mts": ".ts"}
_KNOWN = _PACKED_AUDIO | _TEXT | _STREAM
_IMAGE = {".jpg", ".jpeg", ".png", ".webp"}


def upstream_extension(uri: str) -> str:
    """The extension of the URI's path, in lower case with its dot, or ""."""
    path = uri.partition("?")[0].partition("#")[0]
    _, dot, extension = path.rpartition(".")
    return f".{extension}".lower() if dot and "/" not in extension else ""


def upstream_extensions(uris: Sequence[str]) -> Sequence[str]:
    """The same of each of several; those that all end alike are looked at once."""
    first = upstream_extension(uris[0])
    path = uris[0].partition("?")[0]
    ending = uris[0][len(path) - len(first) :] + "\n"
    lines = "\n".join(uris) + "\n"
    # Where no query begins before the ending, the path's last dot stands in it.
    is_alike = (
        lines.count(ending) == len(uris)
        and lines.count("?") == ending.count("?") * len(uris)
        and "#" not in lines
    )
    return [first] * len(uris) if first and is_alike else list(map(upstream_extension, uris))


@lru_cache(maxsize=64)
def segment_extension(
    extension: str,
    has_init: bool,
    is_subtitles: bool = False,
    is_image: bool = False,
    untold: str = ".ts",
) -> str:
    """The extension of a Media Segment from that of its URI and what its playlist tells.

    `untold` is what a segment is whose URI tells nothing that can be believed.
    """
    if is_image:
        return extension if extension in _IMAGE else ".jpg"
    # ffmpeg from 7.1.1 refuses segments whose extension does not fit the container.
    if has_init:
        return ".m4s"
    # ffmpeg wants WebVTT under .vtt, and nothing else there (HLS.md, rule 2).
    if is_subtitles:
        return ".vtt"
    if extension in _FRAGMENTED:
        return ".mp4"
    return _PACKED_AUDIO.get(extension) or _TEXT.get(extension) or _STREAM.get(extension) or untold


class SegmentExtensions(Struct, frozen=True):
    """Those of one playlist's segments; `untold` is what a URI gets that tells nothing."""

    is_subtitles: bool
    is_image: bool
    untold: str

    def of(self, uri: str, *, has_init: bool) -> str:
        return self._fitting(upstream_extension(uri), has_init)

    def of_all(self, uris: Sequence[str], *, has_init: bool) -> Iterable[str]:
        if has_init and not self.is_image:
            return repeat(self._fitting("", has_init), len(uris))
        extensions = upstream_extensions(uris)
        fitting = {each: self._fitting(each, has_init) for each in set(extensions)}
        return map(fitting.__getitem__, extensions)

    def _fitting(self, extension: str, has_init: bool) -> str:
        return segment_extension(extension, has_init, self.is_subtitles, self.is_image, self.untold)


def tells_content(extension: str) -> bool:
    """Whether a segment's URI has an extension of a kind of media."""
    return extension in _FRAGMENTED or extension in _KNOWN


def data_extension(uri: str) -> str:
    """The extension of what is no media: session data and URIs of unknown tags."""
    extension = upstream_extension(uri)
    # It stands in our path, so nothing that needs encoding may come along.
    usable = extension.isascii() and extension[1:].isalnum() and len(extension) <= 5
    return extension if usable else ".bin"


def stem(name: str) -> str:
    """What is left of a resource's name without its extension: `12` of `12.ts`."""
    return name.rpartition(".")[0] or name


def is_part(name: str) -> bool:
    """Whether a name without extension is that of a partial segment, which may not be there yet."""
    return name[:1].isdigit() and "-" in name


def is_fetchable(uri: str) -> bool:
    """Whether a URI leads to an HTTP server: relative ones do, `data:` and `skd:` do not."""
    return bool(uri) and _scheme(uri) in ("", "http", "https")


def stays(uri: str, key_format: str = "") -> bool:
    """Whether a URI is no address, so that a player is given it as it is.

    `data:` holds what it means, unless that is a playlist with addresses of its own. What a key
    system calls its keys (`skd:`, `urn:`) is known to it alone; `key_format` is its name.
    """
    scheme = _scheme(uri)
    if scheme == "data":
        return not re.search(_PLAYLIST_INSIDE, uri)
    is_of_a_key_system = key_format not in ("", "identity") and scheme not in ("", *_ADDRESSES)
    return not uri or scheme in ("skd", "urn") or is_of_a_key_system


def holds_data(uri: str) -> bool:
    """Whether a URI is no address but what it means, and so stays (RFC 2397 section 3)."""
    return uri[:5].lower() == "data:" and "," in uri and stays(uri)


def is_plain_reference(uri: str) -> bool:
    """Whether a URI is a relative path alone, so that it means the same beside another base."""
    return is_fetchable(uri) and not uri.startswith("/") and not set(uri) & set(":?")


def _scheme(uri: str) -> str:
    """In lower case; "" for a relative reference."""
    scheme, colon, _ = uri.partition(":")
    return scheme.lower() if colon and _SCHEME.fullmatch(scheme) else ""
