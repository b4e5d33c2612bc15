"""Bytes decide whether a 2xx answer is media; its name and its media type only where they do not.

An answer that is none is a soft 404: a page, a message, nothing, or a playlist that is none.
"""

from urllib.parse import urlsplit

from strmctl.domain.hls.playlist_text import begins_playlist
from strmctl.domain.media import media_kind

_TEXT_TYPES = ("text/", "application/json", "application/xml", "application/problem")
_MEDIA_TYPES = ("video/", "audio/")
_BOM = b"\xef\xbb\xbf"


def is_media_type(content_type: str) -> bool:
    """Whether the media type alone makes a file believed; a playlist has to show itself."""
    return content_type.lower().startswith(_MEDIA_TYPES) and not _claims_playlist(content_type)


def is_playlist_url(url: str) -> bool:
    return urlsplit(url).path.lower().endswith((".m3u8", ".m3u"))


def is_playlist(head: bytes) -> bool:
    return begins_playlist(head)


def is_decided(head: bytes) -> bool:
    """Whether more bytes could not change what `what_instead` says of a media file."""
    return begins_playlist(head) or _is_container(head)


def what_instead(head: bytes, content_type: str, url: str) -> str | None:
    """What a body that begins with `head` is instead of media; None for media.

    `url` is where it came from, after redirects.
    """
    if not head:
        return "the answer is empty"
    if media_kind.is_web_page(head, content_type):
        return "a web page"
    text = head.removeprefix(_BOM).lstrip()
    if begins_playlist(head) or _is_container(head) or _is_manifest(text):
        return None
    if _claims_playlist(content_type) or (is_playlist_url(url) and b"\x00" not in head):
        return "a playlist that does not begin with #EXTM3U"
    if is_media_type(content_type):
        return None
    if media_kind.is_json(head, content_type) or text.startswith((b'{"', b"[{")):
        return "JSON"
    if text.startswith((b"<?xml", b"<Error")):
        return "XML"
    claims_text = content_type.lower().startswith(_TEXT_TYPES)
    return "text" if claims_text and _reads_as_text(head) else None


def _claims_playlist(content_type: str) -> bool:
    return media_kind.is_playlist(b"", content_type)


def _reads_as_text(head: bytes) -> bool:
    """Keys and segments are sometimes sent as text/plain; a cut-off last letter is no matter."""
    return b"\x00" not in head and "\ufffd" not in head.decode("utf-8", "replace")[:-1]


def _is_container(head: bytes) -> bool:
    """A short text may begin with a G as well, the sync byte of a transport stream."""
    if head[:1] == b"G" and head[188:189] != b"G":
        return not head.isascii() or b"\x00" in head
    return bool(media_kind.segment_extension(head) or media_kind.sniffed_type(head))


def _is_manifest(text: bytes) -> bool:
    """MPEG-DASH, which some players read."""
    return text.startswith(b"<MPD") or (text.startswith(b"<?xml") and b"<MPD" in text)
