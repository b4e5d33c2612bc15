"""Which fields of an upstream's answer reach a player: a few by name, in printable ASCII."""

import re
from collections.abc import Mapping

_ALLOWED = frozenset(
    {
        "accept-ranges",
        "cache-control",
        "content-length",
        "content-range",
        "content-type",
        "etag",
        "last-modified",
    }
)
# RFC 9110 section 5.5: a value beyond visible ASCII is obsolete text, which few parsers agree on.
_PRINTABLE = re.compile(r"[\x20-\x7e\t]{1,1024}")
_UNSATISFIED = re.compile(r"bytes \*/[0-9]{1,18}", re.IGNORECASE)


def printable(value: str) -> str:
    """The value as it may be sent on, empty where it may not; a control may split a message."""
    # An ETag with obs-text was a 500 and a leaked socket (docs/peers.md, row 59).
    return value if _PRINTABLE.fullmatch(value) else ""


def allowed_fields(fields: Mapping[str, str]) -> dict[str, str]:
    """Those that a player may see; what is empty or cannot be sent is left out."""
    return {
        name: value
        for name, value in fields.items()
        if name.lower() in _ALLOWED and printable(value)
    }


def unsatisfied_range(value: str) -> dict[str, str]:
    """Content-Range of 416 (RFC 9110 section 15.5.17), where it says how long the file is."""
    return {"Content-Range": value} if _UNSATISFIED.fullmatch(value) else {}
