"""A URL is fetched only if every parser would read it the same way; addresses are not judged here.

RFC 3986 allows more than this: user information, percent-encoding and letters beyond ASCII in
the host are where two parsers disagree about which host is meant, so they are refused.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address
from typing import NamedTuple
from urllib.parse import urlsplit

from strmctl.errors import UpstreamError

MAX_LENGTH = 16_000
DASH = "a DASH manifest, which strmctl does not play (HLS and plain files only)"
"""Refused: the URLs in one would lead players past the proxy, tokens and all."""

_SCHEME_AND_AUTHORITY = re.compile(r"(?P<scheme>https?)://(?P<authority>[^/?#]*)", re.IGNORECASE)
_AUTHORITY = re.compile(
    r"(?P<host>\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?)"
    r"(:(?P<port>[1-9][0-9]{0,4}))?"
)
# RFC 3986 appendix B, with the scheme of section 3.1: it begins with a letter.
_REFERENCE = re.compile(
    r"(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?://([^/?#]*))?([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL
)
# No segment of its path begins with a dot, so none is to be taken out (section 5.2.4).
_BESIDE = re.compile(r"[\w%][\w%.~-]*(?:/[\w%][\w%.~-]*)*(?:\?[!-~]*)?", re.ASCII)
# What surrogateescape makes of a byte: ffmpeg sends the byte itself.
_NO_UTF8 = re.compile("[\udc80-\udcff]")
_NOT_PRINTED = ("Cc", "Cf", "Cs", "Zl", "Zp", "Zs")


class Server(NamedTuple):
    """What a URL names: `host` in lower case, without brackets; `port` whether it stands there."""

    host: str
    port: int


def check_url(url: str) -> Server:
    """Raises UpstreamError for anything but a plain http(s) URL; its message hides the URL."""
    if len(url) > MAX_LENGTH:
        raise UpstreamError(f"the URL is longer than {MAX_LENGTH} characters")
    # WHATWG reads a backslash as a slash, RFC 3986 does not: two hosts for one URL.
    if "\\" in url or " " in url or (not url.isprintable() and _holds_unprinted(url)):
        raise UpstreamError("the URL holds white space, a control character or a backslash")
    start = _SCHEME_AND_AUTHORITY.match(url)
    if start is None:
        raise UpstreamError("not an http:// or https:// URL")
    return _checked(start["authority"], start["scheme"].lower())


def check_link(url: str) -> None:
    """Raises UpstreamError for what is no URL of media that strmctl plays."""
    check_url(url)
    if is_dash_url(url):
        raise UpstreamError(f"the URL is that of {DASH}", final=True)


def is_dash_url(url: str) -> bool:
    """By its name, without asking: `.mpd`, or a packager's `format=mpd`."""
    parts = urlsplit(url)
    path = parts.path.lower()
    # Azure Media Services: `…/manifest(format=mpd-time-csf)`.
    return path.endswith(".mpd") or "format=mpd" in path or "format=mpd" in parts.query.lower()


def join(base: str, reference: str) -> str:
    """The URL that a reference means at `base`, an absolute URL (RFC 3986 section 5.2).

    urllib.parse.urljoin would drop empty path segments, which signed paths may hold, and read
    what it does not understand in its own way. An absolute reference stays as it is.
    """
    # Nearly every segment: a file beside its playlist, in a plain spelling.
    if _BESIDE.fullmatch(reference):
        return _folder(base) + reference
    scheme, authority, base_path, base_query, _ = _base_parts(base)
    new_scheme, new_authority, path, query, fragment = _parts(reference)
    if new_scheme is not None:
        return reference
    if new_authority is not None:
        return f"{scheme}:{reference}"
    # RFC 3986 section 5.2.2: an empty path keeps the base's, and its query.
    if not path:
        path, query = base_path or "", base_query if query is None else query
    else:
        folder = "" if path.startswith("/") else (base_path or "/").rpartition("/")[0] + "/"
        path = _without_dots(folder + path)
    return f"{scheme}://{authority}{path}{query or ''}{fragment or ''}"


def joined(base: str, reference: str) -> str:
    """The URL that a reference in a playlist or Location stands for.

    Spaces are encoded, as every player does, and bytes that are no UTF-8; nothing else is mended.
    """
    reference = reference.strip().replace(" ", "%20")
    if not reference.isascii():
        reference = _NO_UTF8.sub(lambda found: f"%{ord(found[0]) - 0xDC00:02X}", reference)
    return join(base, reference)


def _parts(url: str) -> Sequence[str | None]:
    match = _REFERENCE.fullmatch(url)
    assert match is not None, "it matches every text"
    return match.groups()


_base_parts = lru_cache(256)(_parts)
"""A playlist's own URL is the base of each of its segments."""


@lru_cache(256)
def _folder(base: str) -> str:
    """What stands before a relative path (RFC 3986 section 5.2.3), with its final slash."""
    scheme, authority, path, *_ = _parts(base)
    folder = _without_dots((path or "/").rpartition("/")[0] + "/")
    return f"{scheme}://{authority}{folder}"


def _without_dots(path: str) -> str:
    """RFC 3986 section 5.2.4, for a path that begins with "/"."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    # A dot segment at the end leaves its slash behind.
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)


def _holds_unprinted(url: str) -> bool:
    """More exact than `isprintable`, which also refuses what this version of Unicode lacks."""
    return any(unicodedata.category(char) in _NOT_PRINTED for char in url)


# Each segment of a film asks about the same one.
@lru_cache(1024)
def _checked(authority: str, scheme: str) -> Server:
    if not authority:
        raise UpstreamError("the URL names no host")
    if "@" in authority:
        raise UpstreamError("the URL holds a user name or password: send them as a header")
    parts = _AUTHORITY.fullmatch(authority)
    # Some parsers decode `127%2e0%2e0%2e1`, and IDNA takes three other dots for a dot.
    if parts is None:
        raise UpstreamError("the URL's host or port is malformed (names beyond ASCII: xn--…)")
    if parts["ipv6"] is not None:
        _check_ipv6(parts["ipv6"])
    # RFC 3986 section 3.2.3 sets no bound, TCP has 16 bits.
    port = int(parts["port"] or (443 if scheme == "https" else 80))
    if port > 65_535:
        raise UpstreamError("the URL's port is not one from 1 to 65535")
    return Server((parts["ipv6"] or parts["host"]).lower(), port)


def _check_ipv6(text: str) -> None:
    try:
        IPv6Address(text)
    except AddressValueError:
        raise UpstreamError("the URL's IPv6 address is malformed") from None
