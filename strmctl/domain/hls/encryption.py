"""What has to be the same where the same bytes are to become the same picture and sound.

A playlist says how its segments are encrypted, and which keys and Media Initialization Sections
they need. The method, the IV and what stands in a `data:` URI are the same whatever the token;
of what is elsewhere only the bytes are, and they have to be looked at.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

# RFC 8216 section 4.3.2.4; AES-256 as hls.js and Apple's players know it.
_KEY_SIZES = {"AES-128": 16, "SAMPLE-AES": 16, "SAMPLE-AES-CTR": 16, "AES-256": 32}


def key_size(attributes: Mapping[str, str]) -> int | None:
    """Bytes of a key that is sent as it is; None for what a key system asks for in its own way."""
    is_plain = attributes.get("KEYFORMAT", "identity") == "identity"
    return _KEY_SIZES.get(attributes.get("METHOD", "")) if is_plain else None


def cipher(attributes: Mapping[str, str], uri: str) -> str:
    """How one EXT-X-KEY with this URI encrypts, in words; "" where nothing is encrypted."""
    method = attributes.get("METHOD", "NONE")
    if method == "NONE":
        return ""
    return f" {method} {attributes.get('IV', '').lower()}{inline(uri)}"


def inline(uri: str) -> str:
    """A digest of what a URI holds by itself, "" for an address."""
    if uri[:5].lower() != "data:":
        return ""
    return f" {hashlib.sha256(uri.encode('utf-8', 'surrogateescape')).hexdigest()[:16]}"


def preludes(keys: Iterable[str], inits: Iterable[str]) -> Sequence[str]:
    """Of the names of keys and init sections, each in its order, those that tell contents apart.

    The first and the last of each: an advertisement at the beginning may be the same everywhere.
    """
    return [name for names in (list(keys), list(inits)) for name in (*names[:1], *names[1:][-1:])]
