"""Hosts, networks and other nodes, as settings name them."""

import ipaddress
import re
from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlsplit

from strmctl.settings.values import Kind, base_url, shown_list, texts

# `2130706433` and `0x7f.1` are addresses to a resolver (WHATWG URL, "ends in a number").
_HOST = (
    r"(?=.{1,253}\.?$)(?!-)(?!(?:.*\.)?(?:\d+|0x[0-9a-f]*)\.?$)"
    r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?"
)


def hosts(raw: object) -> tuple[str, ...]:
    """Host names in lower case, addresses and networks in their usual spelling."""
    return tuple(_host_or_network(entry.lower()) for entry in texts(raw))


def _host_or_network(entry: str) -> str:
    # A name may be all hexadecimal letters (cafe.de), but its last label is no number (RFC 3696
    # section 2), and only IPv6 has colons.
    if re.fullmatch(r"[0-9a-f.:]*:[0-9a-f.:]*(/\d+)?|[0-9a-f.]*\.\d+\.?(/\d+)?", entry):
        return str(ipaddress.ip_network(entry, strict=False))
    if re.fullmatch(_HOST, entry):
        return entry.rstrip(".")
    raise ValueError("neither host nor network")


def peers(raw: object) -> tuple[str, ...]:
    """URLs, or addresses and names with or without a port."""
    return tuple(entry if "://" in entry else f"//{entry}" for entry in map(_peer, texts(raw)))


def _peer(entry: str) -> str:
    # An IPv6 address alone stands without the brackets that a port would need.
    is_bare_ipv6 = entry.count(":") > 1 and not entry.startswith("[") and "://" not in entry
    entry = f"[{entry}]" if is_bare_ipv6 else entry
    is_url = "://" in entry
    entry = base_url(entry) if is_url else entry
    parts = urlsplit(entry if is_url else f"//{entry}")
    # What no URL can lead to, such as `*`, would guard against nothing.
    if not _host_or_network(parts.hostname or "") or parts.port == 0:
        raise ValueError("neither a URL nor an address")
    if not is_url and (parts.netloc != entry or "@" in entry):
        raise ValueError("neither a URL nor an address")
    return entry


Hosts = Annotated[
    Sequence[str], Kind("a list of hosts, addresses and CIDR networks", hosts, shown_list)
]
Peers = Annotated[
    Sequence[str],
    Kind(
        "a list of URLs or addresses, such as http://10.0.0.2:8888 or 10.0.0.2",
        peers,
        lambda value: [str(peer).removeprefix("//") for peer in shown_list(value)],
    ),
]
