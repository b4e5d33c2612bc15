"""A URL is fetched only if every parser would read it the same way; addresses are not judged here.

RFC 3986 allows more than this: user information, percent-encoding and letters beyond ASCII in
the host are where two parsers disagree about which host is meant, so they are refused.
"""

import re
import unicodedata
from ipaddress import AddressValueError, IPv6Address

from strmctl.errors import UpstreamError

MAX_LENGTH = 16_000

_SCHEME_AND_AUTHORITY = re.compile(r"(?P<scheme>https?)://(?P<authority>[^/?#]*)", re.IGNORECASE)
_AUTHORITY = re.compile(
    r"(?P<host>\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|[A-Za-z0-9._-]+)(:(?P<port>[1-9][0-9]{0,4}))?"
)
_NOT_PRINTED = ("Cc", "Cf", "Cs", "Zl", "Zp", "Zs")


def check_url(url: str) -> None:
    """Raises UpstreamError for anything but a plain http(s) URL; its message hides the URL."""
    if len(url) > MAX_LENGTH:
        raise UpstreamError(f"the URL is longer than {MAX_LENGTH} characters")
    if any(char == "\\" or unicodedata.category(char) in _NOT_PRINTED for char in url):
        raise UpstreamError("the URL holds white space, a control character or a backslash")
    start = _SCHEME_AND_AUTHORITY.match(url)
    if start is None:
        raise UpstreamError("not an http:// or https:// URL")
    _check_authority(start["authority"])


def _check_authority(authority: str) -> None:
    if not authority:
        raise UpstreamError("the URL names no host")
    if "@" in authority:
        raise UpstreamError("the URL holds a user name or password: send them as a header")
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None:
        raise UpstreamError("the URL's host or port is malformed (names beyond ASCII: xn--…)")
    if parts["ipv6"] is not None:
        _check_ipv6(parts["ipv6"])
    if parts["port"] is not None and int(parts["port"]) > 65_535:
        raise UpstreamError("the URL's port is not one from 1 to 65535")


def _check_ipv6(text: str) -> None:
    try:
        IPv6Address(text)
    except AddressValueError:
        raise UpstreamError("the URL's IPv6 address is malformed") from None
