"""A resolver's answer becomes a resolution, or one line that says what is wrong with it."""

import json
from datetime import UTC, datetime
from typing import Any

from strmctl.domain.http.request_fields import request_fields
from strmctl.domain.mapping import Resolution
from strmctl.domain.media import subtitles
from strmctl.domain.urls import given_url
from strmctl.domain.urls.upstream_url import check_link
from strmctl.errors import ResolverError, UpstreamError
from strmctl.resolvers.failures import one_line

MAX_BYTES = 1024 * 1024
"""Upper bound of what is read from a resolver."""


def read_answer(body: bytes) -> Resolution:
    """The answer of DESIGN.md section 6; unknown keys are ignored. Raises ResolverError."""
    answer = load_object(body)
    url, headers = answer.get("url"), answer.get("headers") or {}
    provider = answer.get("provider") or None
    if not isinstance(url, str):
        raise ResolverError("answered without a url")
    if not isinstance(headers, dict):
        raise ResolverError("answered headers that are not an object")
    if not (provider is None or isinstance(provider, str)):
        raise ResolverError("answered a provider that is not text")
    expires_at, beside = _expiry(answer.get("expires_at")), subtitles.given(answer.get("subtitles"))
    return Resolution(url, headers, provider, expires_at, subtitles=beside)


def load_object(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    # Deeply nested brackets are a RecursionError.
    except (ValueError, RecursionError):
        raise ResolverError(f"answered no JSON but {_beginning(body)}") from None
    if not isinstance(answer, dict):
        raise ResolverError("answered JSON that is not an object")
    return answer


def checked(answer: Resolution) -> Resolution:
    """The answer as it may be used: sent headers only, a printable provider, a URL that is one.

    Raises ResolverError.
    """
    try:
        url, given = given_url.given(answer.url, answer.headers)
        check_link(url)
        headers = request_fields(given)
    except UpstreamError as error:
        raise ResolverError(f"answered something unusable: {error}") from None
    provider = one_line(answer.provider or "") or None
    # A plug-in's are as unchecked as those of JSON.
    beside = subtitles.given(answer.subtitles)
    return Resolution(url, headers, provider, answer.expires_at, subtitles=beside)


def _expiry(value: object) -> datetime | None:
    """RFC 3339 text, epoch seconds or null."""
    if value is None:
        return None
    try:
        if isinstance(value, str):
            # RFC 3339 section 5.6 allows `t` and `z`, Python does not.
            moment = datetime.fromisoformat(value.upper())
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
        # JSON's `true` is an int to Python.
        elif isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise ResolverError("answered an expires_at that is neither RFC 3339 nor epoch seconds")


def _beginning(body: bytes) -> str:
    """Only the kind of thing: its text could hold a token."""
    start = body.lstrip()[:1]
    if not start:
        return "nothing"
    return "HTML" if start == b"<" else "other text"
