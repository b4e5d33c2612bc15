"""When a URL will stop working, as far as the URL itself says; nothing is asked for.

Whatever the text, the answer is a time from 2010 to 2100 or none. What is predicted lies ahead: a
URL that has expired since it was stored has done so as was predicted then. An end that has passed
only explains why a URL is refused.
"""

import base64
import binascii
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from itertools import chain
from urllib.parse import unquote

from msgspec import Struct, structs

from strmctl.domain.expiry.schemes import GUESSES, SCHEMES, Pattern, Scheme, Text

_EARLIEST = datetime(2010, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)
_SKEW = timedelta(minutes=5)
"""A signer's clock may be ahead by this much; a later time of signing is one of expiry."""

_CHINA = timezone(timedelta(hours=8))
_LONGEST_TEXT = 8192
# RFC 7519: header, payload, signature. SharePoint's `v1.` tokens begin with the payload.
_JWT = re.compile(r"(?<![\w-])(eyJ[\w-]+)\.([\w-]+)\.[\w-]*", re.ASCII)
# What begins with "{" or "http" in base64 (RFC 4648), as in JSON and nested URLs, or is long.
_BASE64 = re.compile(
    r"(?:e[w-z0-9+/_~-]|aHR0)[A-Za-z0-9+/_~-]{14,}=*|[A-Za-z0-9+/_~-]{40,}=*", re.ASCII
)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Kind(StrEnum):
    """`ISSUE_TTL` tells only when the URL was made: how long it lives has to be learned."""

    ABSOLUTE = "absolute"
    ISSUE_TTL = "issue+ttl"


class Confidence(StrEnum):
    HIGH = "high"
    LOW = "low"


class Prediction(Struct, frozen=True):
    """Times are aware, in UTC; `expires_at` is None where the kind is ISSUE_TTL."""

    expires_at: datetime | None
    scheme: str
    confidence: Confidence
    kind: Kind
    issued_at: datetime | None = None

    @property
    def is_certain(self) -> bool:
        """Whether the URL says it in so many words: no guess, nothing learned."""
        return self.kind is Kind.ABSOLUTE and self.confidence is Confidence.HIGH


class _Place(Struct, frozen=True):
    """A URL, or something like it inside a URL, decoded; parameter names in lower case."""

    query: Mapping[str, str]
    segments: Sequence[str]
    texts: Sequence[tuple[Text, str]] = ()

    @property
    def path(self) -> str:
        return "/" + "/".join(self.segments)


def predict(url: str, now: datetime) -> Prediction | None:
    """What the URL says of its end; of several ends the earliest that lies ahead."""
    return _earliest(url, now, lambda found: found.expires_at is None or found.expires_at > now)


def past_end(url: str, now: datetime) -> datetime | None:
    """When it ended, if it says so for certain: why one that was never seen to work is refused."""
    found = _earliest(url, now, lambda found: found.is_certain and _end(found) <= now)
    return _end(found) if found else None


def _earliest(url: str, now: datetime, is_meant: Callable[[Prediction], bool]) -> Prediction | None:
    places = list(_places(url))
    for exact, others in ((_EXACT_SCHEMES, _OTHER_SCHEMES), (_EXACT_GUESSES, ())):
        found = [
            prediction
            for place in places
            for scheme in chain(_candidates(place, exact), others)
            if (prediction := _read(scheme, place, now)) is not None and is_meant(prediction)
        ]
        if found:
            return min(found, key=_end)
    return None


def _end(prediction: Prediction) -> datetime:
    return prediction.expires_at or _LATEST


def _places(url: str) -> Iterator[_Place]:
    """The URL itself and, one level deep, what its values hold."""
    outer = _place(url)
    texts: list[tuple[Text, str]] = []
    inner: list[str] = []
    for value in (*outer.query.values(), *outer.segments):
        # Twitch's `token` is JSON in the query.
        if value.startswith("{"):
            texts.append((Text.JSON, value))
        if (token := _JWT.search(value)) is not None:
            texts += ((Text.JWT, _from_base64(part)) for part in token.groups())
        elif _BASE64.fullmatch(value):
            texts.append((Text.BASE64, text := _from_base64(value)))
            inner.append(text)
        inner.append(value)
    yield structs.replace(outer, texts=texts)
    for value in inner:
        if "://" in value or ("=" in value and "&" in value):
            yield _place(value if "://" in value else f"?{value}")


def _place(url: str) -> _Place:
    before, _, query = url.partition("#")[0].partition("?")
    path = before.partition("://")[2].partition("/")[2] if "://" in before else before
    pairs = (part.partition("=") for part in query.split("&") if part)
    # The first one wins where a parameter is repeated, as with most servers.
    parameters: dict[str, str] = {}
    for name, _, value in pairs:
        parameters.setdefault(unquote(name).lower(), unquote(value))
    return _Place(parameters, [unquote(segment) for segment in path.split("/")])


def _from_base64(text: str) -> str:
    """Any alphabet, CloudFront's as well (`-_~` for `+=/`), padded or not; empty for what is none.

    Bytes that are no UTF-8 are replaced.
    """
    bare = text[:_LONGEST_TEXT].rstrip("=_").translate(str.maketrans("-_~", "+//"))
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4)).decode("utf-8", "replace")
    except binascii.Error:
        return ""


def _index(schemes: Iterable[Scheme]) -> tuple[Mapping[str, Sequence[Scheme]], Sequence[Scheme]]:
    """By the first parameter that they need, and those that have no such name."""
    exact: defaultdict[str, list[Scheme]] = defaultdict(list)
    others = []
    for scheme in schemes:
        first = next(iter(scheme.query), "*")
        if "*" in first or not first:
            others.append(scheme)
        else:
            for name in first.split("|"):
                exact[name].append(scheme)
    return exact, others


_EXACT_SCHEMES, _OTHER_SCHEMES = _index(SCHEMES)
_EXACT_GUESSES, _ = _index(GUESSES)


def _candidates(place: _Place, exact: Mapping[str, Sequence[Scheme]]) -> Iterator[Scheme]:
    for name in place.query:
        yield from exact.get(name, ())


def _read(scheme: Scheme, place: _Place, now: datetime) -> Prediction | None:
    groups = _groups(scheme, place)
    if groups is None:
        return None
    end, issued = _moment(groups, "end"), _moment(groups, "issued")
    is_guess = scheme.is_guess
    if end is None and issued is not None:
        if (life := _life(groups)) is not None:
            end = issued + life
        elif issued > now + _SKEW:
            # Some signers put the end there; if not, the URL lives at least that long.
            end, issued, is_guess = issued, None, True
    confidence = Confidence.LOW if is_guess else Confidence.HIGH
    if end is None:
        if issued is None or any(name.startswith("end") for name in groups):
            return None
        return Prediction(None, scheme.name, confidence, Kind.ISSUE_TTL, issued)
    # The time of signing may be right, but a life beyond 2100 is absurd.
    if end >= _LATEST:
        return None
    return Prediction(end, scheme.name, confidence, Kind.ABSOLUTE, issued)


def _groups(scheme: Scheme, place: _Place) -> Mapping[str, str] | None:
    """What the scheme's patterns have found, or None where one of them has not matched."""
    groups: dict[str, str] = {}
    for match in _matches(scheme, place):
        if match is None:
            return None
        groups |= {name: text for name, text in match.groupdict().items() if text}
    return groups


def _matches(scheme: Scheme, place: _Place) -> Iterator[re.Match[str] | None]:
    for name, pattern in scheme.query.items():
        yield _match_value(name, pattern, place.query)
    if scheme.path is not None:
        yield scheme.path.search(place.path)
    if scheme.text is not None:
        kind, pattern = scheme.text
        found = (pattern.search(text) for other, text in place.texts if other is kind)
        yield next((match for match in found if match), None)


def _match_value(name: str, pattern: Pattern, query: Mapping[str, str]) -> re.Match[str] | None:
    values: Iterable[str]
    if not name:
        values = query
    elif "*" in name:
        before, _, after = name.partition("*")
        values = [
            value
            for key, value in query.items()
            if key.startswith(before) and key.endswith(after) and len(key) >= len(name) - 1
        ]
    else:
        values = [query[key] for key in name.split("|") if key in query]
    matches = (pattern.fullmatch(value) for value in values)
    return next((match for match in matches if match), None)


def _moment(groups: Mapping[str, str], role: str) -> datetime | None:
    """The time in a group of that role, None for none and for one that cannot be meant."""
    for name, text in groups.items():
        if name.partition("_")[0] == role:
            moment = _decoded(name.partition("_")[2], text)
            return moment if moment and _EARLIEST <= moment < _LATEST else None
    return None


def _life(groups: Mapping[str, str]) -> timedelta | None:
    if "life_unit" in groups:
        number, unit = groups["life_unit"][:-1], groups["life_unit"][-1]
        # Baidu and TeraBox: `expires=8h`.
        return timedelta(seconds=int(number) * _UNITS[unit])
    if "life_minutes" in groups:
        return timedelta(minutes=int(groups["life_minutes"]))
    return timedelta(seconds=int(groups["life"])) if "life" in groups else None


def _decoded(form: str, text: str) -> datetime | None:
    try:
        match form:
            # Discord, Meta, Tencent's and Alibaba's type C.
            case "hex":
                moment = datetime.fromtimestamp(int(text, 16), UTC)
            # AWS, Google and those who sign as they do.
            case "basic":
                moment = datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            # Backblaze B2, ngenix.
            case "digits":
                moment = datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
            # Alibaba's type B counts in UTC+8, without saying so.
            case "cst":
                full = text.ljust(len("20260205011200"), "0")
                moment = datetime.strptime(full, "%Y%m%d%H%M%S").replace(tzinfo=_CHINA)
            # Nimble's WMSAuth, always UTC.
            case "us":
                moment = datetime.strptime(text, "%m/%d/%Y %I:%M:%S %p").replace(tzinfo=UTC)
            case "iso":
                moment = datetime.fromisoformat(text)
            case _:
                # dood and a sample of Bunny's write milliseconds.
                moment = datetime.fromtimestamp(int(text) / (1000 if len(text) > 10 else 1), UTC)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except ValueError:
        return None
