"""Which IP addresses an upstream may have: public ones, whatever they are wrapped in.

The flags of `ipaddress` let through shared, relay, NAT64 and cloud addresses (SECURITY.md), so
the special-purpose registries (RFC 6890 and its updates) are spelled out here.
"""

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

IPAddress = IPv4Address | IPv6Address

_KEPT = 1024
"""Answers: each request asks about the same few hosts again."""

# 100.64.0.0/10 is shared (RFC 6598), 168.63.129.16 serves the metadata of Azure's machines.
_REFUSED_V4 = [
    IPv4Network(text)
    for text in (
        "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 168.63.129.16/32 169.254.0.0/16 "
        "172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 "
        "198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4"
    ).split()
]
# IANA assigns unicast addresses from here alone: fec0::, 5f00:: and 64:ff9b:1:: lie outside.
_GLOBAL_V6 = IPv6Network("2000::/3")
_REFUSED_V6 = [
    # Teredo, ORCHID and benchmarking; documentation; 6to4; documentation (RFC 9637)
    IPv6Network(text)
    for text in "2001::/23 2001:db8::/32 2002::/16 3fff::/20".split()
]
# RFC 6761 (localhost), 6762 (local), 7686 (onion); `.svc` is Kubernetes' own.
_LOCAL_SUFFIXES = (".localhost", ".localdomain", ".local", ".internal", ".onion", ".i2p", ".svc")
_ENDS_IN_NUMBER = re.compile(r"(?:^|\.)(?:[0-9]+|0[xX][0-9A-Fa-f]*)\.?$")
# RFC 6052 section 2.1: the well-known prefix, with the IPv4 address in the last 32 bits.
_NAT64 = IPv6Network("64:ff9b::/96")
# RFC 5214 section 6.1: the interface identifier, with and without the universal bit.
_ISATAP = (0x00005EFE, 0x02005EFE)


@lru_cache(_KEPT)
def is_public(address: IPAddress) -> bool:
    """Whether the address, and any IPv4 address within it, belongs to the public internet."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _REFUSED_V4)
    wrapped = _wrapped(address)
    if wrapped is not None:
        return is_public(wrapped)
    # A scope (RFC 4007) means this link, whatever the address.
    if address.scope_id is not None or address not in _GLOBAL_V6:
        return False
    if any(address in network for network in _REFUSED_V6):
        return False
    return not _holds_private_isatap(address)


def unwrapped(address: IPAddress) -> IPAddress:
    """The IPv4 address within an IPv4-mapped or NAT64 one, else the address itself."""
    return (_wrapped(address) if isinstance(address, IPv6Address) else None) or address


def parse_network(text: str) -> IPv4Network | IPv6Network | None:
    """A network from an address or CIDR; None for a host name."""
    try:
        return ip_network(text.strip("[]"), strict=False)
    except ValueError:
        return None


@lru_cache(_KEPT)
def parse_literal(host: str) -> IPAddress | None:
    """The address that a URL's host spells in the one canonical way; None for a name."""
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


def is_numeric(host: str) -> bool:
    """Whether some parser takes the host for an IPv4 address: its last label is a number.

    `127.1`, `0x7f000001` and `2130706433` are 127.0.0.1 to the system's resolver (WHATWG URL,
    "ends in a number").
    """
    return _ENDS_IN_NUMBER.search(host) is not None


def is_local_name(host: str) -> bool:
    """Whether a name, in lower case and without a final dot, is one of this machine or network."""
    # A search domain completes a single label: `metadata` is a host in some clouds.
    return "." not in host or host.endswith(_LOCAL_SUFFIXES) or host.startswith("metadata.")


def _wrapped(address: IPv6Address) -> IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def _holds_private_isatap(address: IPv6Address) -> bool:
    low = int(address) & 0xFFFFFFFFFFFFFFFF
    return low >> 32 in _ISATAP and not is_public(IPv4Address(low & 0xFFFFFFFF))
