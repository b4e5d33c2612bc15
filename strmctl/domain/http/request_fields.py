"""Request fields from a resolver or its settings are sent only if they are one field each.

Fields that belong to the connection, or that strmctl sets itself for each request, are left out.
"""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from strmctl.errors import UpstreamError

# RFC 9110 section 5.6.2, token; section 5.5, field value: no CR, LF, NUL or other controls.
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")

_HOP_BY_HOP = (  # RFC 9110 section 7.6.1
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
)
_SET_FOR_EACH_REQUEST = (
    "accept-encoding",
    "content-length",
    # RFC 9110 section 10.1.1 forbids it in a request without content.
    "expect",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "range",
)
NOT_SENT = frozenset(_HOP_BY_HOP + _SET_FOR_EACH_REQUEST)


def request_fields(given: Mapping[str, object]) -> dict[str, str]:
    """Raises UpstreamError, naming the field but never its value, for what is no valid field."""
    fields: dict[str, str] = {}
    for name, value in given.items():
        if not _NAME.fullmatch(name):
            raise UpstreamError("a header's name is not a token (RFC 9110)")
        if not (isinstance(value, str) and _VALUE.fullmatch(value)):
            raise UpstreamError(f"the header {name!r} is not text on one line")
        if name.lower() not in NOT_SENT:
            fields[name] = value.strip(" \t")
    return fields


_CROSSES_SITES = frozenset({"user-agent", "range", "if-range"})


# CDNs refuse who does not come from the site's page; a login is for the link's host alone.
_NO_LOGIN = frozenset({"user-agent", "referer", "origin", "accept", "accept-language"})


def fields_beside(url: str, target: str, fields: Mapping[str, str]) -> Mapping[str, str]:
    """The request fields of `url` to send to `target`, which the same answer names."""
    here, there = urlsplit(url), urlsplit(target)
    is_downgrade = here.scheme == "https" and there.scheme != "https"
    if here.hostname == there.hostname and not is_downgrade:
        return fields
    return {name: value for name, value in fields.items() if name.lower() in _NO_LOGIN}


def carried_fields(url: str, target: str, fields: Mapping[str, str]) -> Mapping[str, str]:
    """The request fields to send to `target`, where `url` redirects; both are absolute.

    Another site gets nothing that the mapping brought along. Raises UpstreamError for a step
    from https to http that would carry the mapping's fields.
    """
    here, there = urlsplit(url), urlsplit(target)
    public = {name: value for name, value in fields.items() if name.lower() in _CROSSES_SITES}
    # A CDN behind a redirect has no business with the site's Authorization or Cookie.
    if here.hostname != there.hostname or len(public) == len(fields):
        return public
    if here.scheme == "https" and there.scheme == "http":
        raise UpstreamError("the upstream redirected from https to http")
    return fields
