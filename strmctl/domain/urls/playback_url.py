"""The playback URL names an identity and proves it; it never changes and holds no upstream URL.

    <base>/strm/stream[.ext]?site=…&slug=…&s=…&e=…&lang=…[&provider=…][&exp=…]&shard=…&sig=…

`exp` (epoch seconds) stands there only when a URL with an end was asked for. `shard` is for servers
in front, which choose a node by it; strmctl reads it no more than the parameters that players add.
"""

import hmac
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar, Protocol
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from msgspec import Struct

from strmctl.discreet import Discreet
from strmctl.domain.hls.naming import upstream_extension
from strmctl.domain.identity import Identity, one_of_equals, parse_number
from strmctl.domain.urls.signature import Signer
from strmctl.errors import ForbiddenError, UsageError

PATH = "/strm/stream"
SHARD = "shard"
_PURPOSE = "playback"
_IDENTITY_NAMES = ("site", "slug", "s", "e", "lang", "provider", "exp")
_PATH_END = re.compile(re.escape(PATH) + r"(\.[a-z0-9]{1,5})?$")


class Proof(Protocol):
    """How a playback URL proves that strmctl made it; `parameter` is None for no proof."""

    @property
    def parameter(self) -> str | None: ...

    def make(self, message: str) -> str: ...

    def holds(self, message: str, value: str) -> bool: ...


class SignedProof(Struct, frozen=True):
    """`auth = "hmac"`: a signature over the identity."""

    signer: Signer
    parameter: ClassVar[str] = "sig"

    def make(self, message: str) -> str:
        return self.signer.sign(_PURPOSE, message)

    def holds(self, message: str, value: str) -> bool:
        return self.signer.verify(_PURPOSE, message, value)


class KeyProof(Discreet, frozen=True):
    """`auth = "api_key"`: the secret itself; the first is written, all are accepted."""

    hidden = ("keys",)

    keys: Sequence[str]
    parameter: ClassVar[str] = "key"

    def make(self, message: str) -> str:
        return self.keys[0]

    def holds(self, message: str, value: str) -> bool:
        # compare_digest refuses text beyond ASCII: such a key was a 500 (docs/peers.md, row 22).
        given = value.encode("utf-8", "replace")
        return any(hmac.compare_digest(key.encode(), given) for key in self.keys)


class NoProof(Struct, frozen=True):
    """`auth = "none"`."""

    parameter: ClassVar[None] = None

    def make(self, message: str) -> str:
        return ""

    def holds(self, message: str, value: str) -> bool:
        return True


class Claim(Struct, frozen=True):
    """What a verified playback URL stands for; it ends at `expires_at` if that is set."""

    identity: Identity
    expires_at: datetime | None = None

    def check_time(self, now: datetime) -> None:
        """Raises ForbiddenError once the URL has ended."""
        if self.expires_at is not None and now >= self.expires_at:
            raise ForbiddenError("this playback URL has ended: make a new one with `strmctl url`")


def build(
    base_url: str,
    identity: Identity,
    proof: Proof,
    *,
    extension: str = "",
    expires_at: datetime | None = None,
) -> str:
    """The playback URL below `base_url`; `extension` is ".m3u8", ".mp4", … or ""."""
    pairs: list[tuple[str, str]] = [("site", identity.site), ("slug", identity.slug)]
    if identity.season is not None and identity.episode is not None:
        pairs += [("s", str(identity.season)), ("e", str(identity.episode))]
    pairs.append(("lang", identity.language))
    if identity.provider is not None:
        pairs.append(("provider", identity.provider))
    if expires_at is not None:
        pairs.append(("exp", str(int(expires_at.timestamp()))))
    pairs.append((SHARD, identity.shard()))
    if proof.parameter is not None:
        pairs.append((proof.parameter, proof.make(_message(identity, expires_at))))
    # Jellyfin puts the URL between double quotes for ffmpeg: no quote may be left in it.
    return f"{base_url.rstrip('/')}{PATH}{extension}?{urlencode(pairs, quote_via=quote, safe='')}"


def verify(query: str, proof: Proof, now: datetime) -> Claim:
    """Read the query of a playback URL.

    Raises ForbiddenError for anything `build` would not have made: a wrong, missing or
    repeated parameter, a foreign signature, a URL that has ended.
    """
    names = {*_IDENTITY_NAMES, proof.parameter}
    parameters: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True, errors="replace"):
        # Players and media servers add `api_key`, `_HLS_msn` (docs/peers.md, row 22).
        if name in names:
            # Two parsers would choose differently between two values.
            if name in parameters:
                raise ForbiddenError(f"the playback URL has {name!r} twice")
            parameters[name] = value
    try:
        claim = _claim(parameters)
    except UsageError as error:
        raise ForbiddenError(f"not a playback URL: {error}") from None
    value = parameters.get(proof.parameter or "", "")
    if not proof.holds(_message(claim.identity, claim.expires_at), value):
        raise ForbiddenError(
            "the playback URL's signature does not verify: run `strmctl write` again for its file"
        )
    claim.check_time(now)
    return claim


def without_shard(url: str) -> str:
    """As 0.1.0 wrote it: still valid, only that a server in front cannot choose a node by it."""
    return re.sub(rf"&{SHARD}=[a-z2-7]{{8}}(?=&|$)", "", url)


def has_its_form(url: str) -> bool:
    """Whether its path is that of playback URLs, whatever it names."""
    try:
        return _PATH_END.search(urlsplit(url).path) is not None
    except ValueError:
        return False


def identity_in(url: str) -> Identity | None:
    """The identity that a playback URL names, unproved; None for any other URL."""
    try:
        parts = urlsplit(url)
        if not _PATH_END.search(parts.path):
            return None
        return _claim(dict(parse_qsl(parts.query, keep_blank_values=True))).identity
    except (UsageError, ValueError):
        return None


def key_id_in(url: str) -> str | None:
    """The id of the key that a playback URL says it is signed with; None where it tells none."""
    try:
        signature = dict(parse_qsl(urlsplit(url).query)).get(SignedProof.parameter, "")
    except ValueError:
        return None
    key_id, dot, _ = signature.partition(".")
    return key_id if dot and key_id else None


def extension_in(url: str) -> str:
    """The hint of a playback URL, ".m3u8", ".mp4", … or ""."""
    match = _PATH_END.search(urlsplit(url).path)
    return (match and match[1]) or ""


def _claim(parameters: dict[str, str]) -> Claim:
    season, episode = parameters.get("s"), parameters.get("e")
    identity = Identity(
        site=parameters.get("site", ""),
        slug=parameters.get("slug", ""),
        language=parameters.get("lang", ""),
        season=None if season is None else parse_number("s", season),
        episode=None if episode is None else parse_number("e", episode),
        provider=parameters.get("provider"),
    )
    end = parameters.get("exp")
    return Claim(one_of_equals(identity), None if end is None else _epoch(end))


def _epoch(text: str) -> datetime:
    if not (text.isascii() and text.isdigit() and len(text) <= 11):
        raise UsageError("exp is not a time in seconds")
    return datetime.fromtimestamp(int(text), UTC)


def _message(identity: Identity, expires_at: datetime | None) -> str:
    end = "" if expires_at is None else str(int(expires_at.timestamp()))
    return f"{identity.canonical()}\n{end}"


_KNOWN = frozenset(
    (".m3u8", ".mp4", ".mkv", ".webm", ".ts", ".m4v", ".mov", ".avi", ".flv", ".mpg", ".mp3")
)


def extension_hint(url: str) -> str:
    """`.m3u8`, `.mp4`, …; "" where the URL's path does not tell."""
    extension = upstream_extension(url)
    return extension if extension in _KNOWN else ""
