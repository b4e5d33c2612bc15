"""A canary answers for itself: a captive portal's page or redirect in its place is no answer."""

import ipaddress
from urllib.parse import urlsplit

from strmctl.domain.urls.url_marks import origin

_CAPTIVE_PORTAL = "a captive portal's"
_NO_CONTENT = 204


def complaint(canary: str, status: int, end: str) -> str:
    """What is wrong with the answer that came at the URL `end`, "" for nothing."""
    if status >= 400:
        return f"it answered {status}"
    if canary.lower().startswith("http:") and not _is_of_one_site(canary, end):
        return f"it was redirected to another site, as {_CAPTIVE_PORTAL} login page is"
    # What phones and browsers ask to find out whether there is a portal.
    if urlsplit(canary).path.rstrip("/").endswith("_204") and status != _NO_CONTENT:
        return f"it answered {status} in place of 204, as {_CAPTIVE_PORTAL} login page does"
    return ""


def _is_of_one_site(canary: str, end: str) -> bool:
    """http://example.org may lead to https://www.example.org, and the other way round."""
    asked, answered = (_host(url) for url in (canary, end))
    if _is_address(asked) or _is_address(answered):
        # Another port of an address may be anything; that of https is the same site's.
        return origin(end) in (origin(canary), f"{asked}:443")
    shorter, longer = sorted((asked.removeprefix("www."), answered.removeprefix("www.")), key=len)
    return longer == shorter or longer.endswith(f".{shorter}")


def _host(url: str) -> str:
    return origin(url).rpartition(":")[0]


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
