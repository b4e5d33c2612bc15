"""An upstream's fields: a few reach a player, by name, in printable ASCII; some are read."""

import base64
import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

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
_LONGEST = 1024
_PRINTABLE = re.compile(rf"[\x20-\x7e\t]{{1,{_LONGEST}}}")
# Some CDNs make an ETag of the request's URL, with its token.
_ADDRESS = re.compile(r"://|[?&][^=&\s]+=")
_ETAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')
IF_NONE_MATCH, IF_MODIFIED_SINCE = "if-none-match", "if-modified-since"
_DATE = re.compile(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT", re.ASCII)
_UNSATISFIED = re.compile(r"bytes \*/[0-9]{1,18}", re.IGNORECASE)
_LONGEST_WAIT = 86_400.0


# Types, lengths and dates come again with each segment.
@lru_cache(1024)
def printable(value: str) -> str:
    """The value as it may be sent on, empty where it may not; a control may split a message."""
    if 0 < len(value) <= _LONGEST and value.isascii() and value.isprintable():
        return value  # Nearly every field of every answer.
    # An ETag with obs-text was a 500 and a leaked socket (docs/peers.md, row 59).
    return value if _PRINTABLE.fullmatch(value) else ""


def allowed_fields(fields: Mapping[str, str]) -> dict[str, str]:
    """Fields that a player may see, unless they are empty, cannot be sent or hold an address."""
    return {name: value for name, value in fields.items() if _is_allowed(name, value)}


@lru_cache(1024)
def _is_allowed(name: str, value: str) -> bool:
    is_known = name.lower() in _ALLOWED
    return is_known and bool(printable(value)) and not _ADDRESS.search(value)


def unsatisfied_range(value: str) -> dict[str, str]:
    """Content-Range of 416 (RFC 9110 section 15.5.17), where it says how long the file is."""
    return {"Content-Range": value} if _UNSATISFIED.fullmatch(value) else {}


def strong_etag(content: bytes) -> str:
    """The same for the same bytes, whoever sends them (RFC 9110 section 8.8.3)."""
    digest = hashlib.blake2b(content, digest_size=15).digest()
    return f'"{base64.urlsafe_b64encode(digest).decode()}"'


def is_current(if_none_match: str, etag: str) -> bool:
    """Whether a client has what `etag` names; compared weakly (RFC 9110 section 13.1.2)."""
    if if_none_match.strip() == "*":
        return True
    return etag.removeprefix("W/") in _ETAG.findall(if_none_match)


def is_unchanged(conditions: Mapping[str, str], fields: Mapping[str, str]) -> bool:
    """Whether a client that asks under these conditions has what the answer's fields describe."""
    tags, date = conditions.get(IF_NONE_MATCH), conditions.get(IF_MODIFIED_SINCE)
    # RFC 9110 section 13.1.3: where there are tags, the date is ignored.
    if tags is not None:
        return is_current(tags, fields.get("ETag", ""))
    # A copy from elsewhere may be older and yet another one: the very date alone counts.
    return date is not None and date == fields.get("Last-Modified") and _is_date(date)


def _is_date(text: str) -> bool:
    """RFC 9110 section 13.1.3: what is none says nothing; some servers send 0 for all files."""
    return _DATE.fullmatch(text) is not None


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """Seconds from now, 0 to a day; None where the field is absent or unreadable.

    Retry-After is a number of seconds or an HTTP date (RFC 9110 section 10.2.3).
    """
    text = (value or "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), _LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    # An HTTP date is always GMT; "-0000" is read as a time without a zone.
    seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
    return min(max(seconds.total_seconds(), 0.0), _LONGEST_WAIT)
