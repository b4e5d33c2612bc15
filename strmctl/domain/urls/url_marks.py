"""What a URL tells by its looks: that it is signed, and which address it is bound to.

Both err on the safe side: a URL taken for a signed one is asked with GET instead of HEAD, and an
address is shown by its first half alone.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

_UNDER_WAY = 1024
"""A probe asks five times about each URL that is under way, up to 600 at once, then no more."""

_SIGNING_NAMES = frozenset(
    "sig sign signature s st e exp expires expire expiry t token hash hmac h md5 secure policy key "
    "auth auth_key key-pair-id hdnts hdnea __token__ ttl deadline valid until se x-amz-signature "
    "x-goog-signature txsecret ex hm oe oh verify".split()
)
_SIGNATURE = re.compile(r"[0-9a-f]{16,}|(?=\w*\d)(?=\w*[A-Z])(?=\w*[a-z])\w{22,}={0,2}|eyJ[\w-]+\.")
_IN_PATH = re.compile(r"(exp|hmac|token|expires)=")
_IPV4_START = re.compile(r"(\d{1,3})\.(\d{1,3})(\.\d{1,3}){0,2}")
_IPV6_START = re.compile(r"([0-9a-f]{1,4}):([0-9a-f]{1,4}):[0-9a-f:]*", re.IGNORECASE)


def looks_signed(url: str) -> bool:
    """Whether a signature, which may cover the verb, seems to be in the query or the path."""
    query = _query(url)
    path = unquote(_split(url).path)
    return (
        any(name in _SIGNING_NAMES or _SIGNATURE.match(value) for name, value in query.items())
        or _IN_PATH.search(path) is not None
        or any(_SIGNATURE.fullmatch(part) for part in re.split(r"[/,]", path))
    )


def binding(url: str) -> str | None:
    """What `i=`, `ip=` and `asn=` say the URL works for: `84.170.x.x, AS3320`; None for nothing."""
    query = _query(url)
    # VOE-type hosters write `i=84.170&asn=3320`, googlevideo `ip=` in full.
    address = next((text for name in ("ip", "i") if (text := _masked(query.get(name, "")))), None)
    network = query.get("asn", "").upper().removeprefix("AS")
    named = f"AS{network}" if network.isascii() and network.isdigit() else None
    return ", ".join(part for part in (address, named) if part) or None


@lru_cache(_UNDER_WAY)
def origin(url: str) -> str:
    """`host:port`, by which hosts are told apart; ":80" for what is no URL."""
    parts = _split(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{(parts.hostname or '').rstrip('.')}:{port}"


@lru_cache(_UNDER_WAY)
def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        # urlsplit checks the port when it is asked for only.
        _ = parts.port
    except ValueError:
        return urlsplit("")
    return parts


def _query(url: str) -> Mapping[str, str]:
    query = _split(url).query
    return {name.lower(): value for name, value in parse_qsl(query)} if query else {}


def _masked(text: str) -> str | None:
    if match := _IPV4_START.fullmatch(text):
        return f"{match[1]}.{match[2]}.x.x"
    if match := _IPV6_START.fullmatch(text):
        return f"{match[1]}:{match[2]}:x"
    return None
