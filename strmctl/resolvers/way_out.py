"""A resolver is asked by the way that its links are played: its own egress, else `upstream.egress`.

Providers bind a link to the address that resolved it, and a site's name is nobody's business on the
way. What listens here or in a private network is asked directly: the egress does not lead there.
"""

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from strmctl.domain.urls import address
from strmctl.settings.model import ResolverSettings, Settings

_OF_HOMES = (".lan", ".home", ".home.arpa")
"""What routers call a network's own machines (RFC 8375); a public name server knows none."""


def leaving(table: ResolverSettings, settings: Settings) -> ResolverSettings:
    """The table with the egress that its resolver is asked through."""
    egress = settings.upstream.egress
    if table.egress or not egress or _is_here(_host(table), settings.upstream.allow):
        return table
    return replace(table, egress=egress)


def _host(table: ResolverSettings) -> str:
    """Of the endpoint, the page or the manifest that it asks; "" where a program asks."""
    url = table.options.get("url")
    try:
        host = urlsplit(url).hostname if isinstance(url, str) else None
    except ValueError:
        # The kind says what is wrong with it.
        return ""
    return (host or "").rstrip(".")


def _is_here(host: str, allowed: Sequence[str]) -> bool:
    literal = address.parse_literal(host)
    if literal is not None:
        return not address.is_public(literal)
    is_local = address.is_local_name(host) or host.endswith(_OF_HOMES) or host in allowed
    return bool(host) and is_local
