"""What a mapping's request fields may follow: redirects within one site, never a downgrade."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from strmctl.errors import UpstreamError

_CROSSES_SITES = frozenset({"user-agent", "range", "if-range"})


def carried_fields(url: str, target: str, fields: Mapping[str, str]) -> Mapping[str, str]:
    """The request fields to send to `target`, where `url` redirects; both are absolute.

    Another site gets nothing that the mapping brought along. Raises UpstreamError for a step
    from https to http that would carry the mapping's fields.
    """
    here, there = urlsplit(url), urlsplit(target)
    public = {name: value for name, value in fields.items() if name.lower() in _CROSSES_SITES}
    if here.hostname != there.hostname or len(public) == len(fields):
        return public
    if here.scheme == "https" and there.scheme == "http":
        raise UpstreamError("the upstream redirected from https to http")
    return fields
