"""Child URLs name a rendition's playlist or something it lists; only rewriting makes them.

    <base>/strm/hls/<shard>/<token>/index.m3u8          the playlist of a rendition
    <base>/strm/hls/<shard>/<token>/<cut>/<number>.ts   a Media Segment, key, … of a finished one
    <base>/strm/hls/<shard>/<token>/<number>.ts         the same of a live one

`<shard>` is that of the playback URL. It chooses a node and nothing else: whatever stands there,
the token says what is served. 0.1.0 made addresses without it, which players may still hold.

The token is `<signature>.<payload>`: it authenticates identity and rendition and ends when the
playback URL ends. `<cut>` says how the playlist was cut into segments when the player read it,
and what decrypts it, so that a segment of another cut, or one that another key encrypts, is never
spliced in, whichever instance answers; `<cut>-<run>`, or
`live-<run>`, where other content has been listed under the same names before (domain/hls/run.py).
"""

import base64
import binascii
import re
from datetime import UTC, datetime
from functools import lru_cache, partial

from msgspec import Struct

from strmctl.domain.hls.naming import PLAYLIST_NAME
from strmctl.domain.identity import Identity, one_of_equals
from strmctl.domain.urls.playback_url import Claim
from strmctl.domain.urls.signature import Signer, base64url
from strmctl.errors import ForbiddenError, UsageError

PATH = "/strm/hls"
ROOT = ""
"""The rendition key of the playlist that is served at the playback URL itself."""

_PURPOSE = "child"
_TOKENS = 4096
_SHARD = re.compile("[a-z2-7]{8}")


class ChildClaim(Struct, frozen=True):
    """What a token proves: an identity and the key of one of its renditions."""

    playback: Claim
    rendition: str


class Addresses(Struct, frozen=True):
    """Makes the child URLs of one playback: `base_url` is public_base_url."""

    base_url: str
    signer: Signer
    playback: Claim

    def folder(self, rendition: str) -> str:
        """Where the names of a rendition live, absolute, with its final slash."""
        shard = self.playback.identity.shard()
        return f"{self.base_url.rstrip('/')}{PATH}/{shard}/{self._token(rendition)}/"

    def playlist(self, rendition: str) -> str:
        return self.folder(rendition) + PLAYLIST_NAME

    def _token(self, rendition: str) -> str:
        end = self.playback.expires_at
        message = "\n".join(
            (
                self.playback.identity.canonical(),
                rendition,
                "" if end is None else str(int(end.timestamp())),
            )
        )
        return f"{self.signer.sign(_PURPOSE, message)}.{base64url(message.encode())}"


def components(*behind: str) -> tuple[str, str, str]:
    """Token, cut ("" for none) and name, from what stands behind PATH, a shard first or not.

    Raises ForbiddenError for what `Addresses` would not have made.
    """
    # Every token has a dot in it, so no token looks like a shard.
    if len(behind) > 2 and _SHARD.fullmatch(behind[0]):
        behind = behind[1:]
    if len(behind) > 3:
        raise ForbiddenError("this address is damaged")
    token, *cut, name = behind
    return token, "".join(cut), name


def verify(token: str, signer: Signer, now: datetime) -> ChildClaim:
    """Raises ForbiddenError for anything that `Addresses` would not have made, or has ended."""
    return Tokens(signer).verify(token, now)


class Tokens:
    """Reads the tokens that `signer` has made; those that were valid lately are known again.

    Each segment of a film comes with the same one.
    """

    def __init__(self, signer: Signer) -> None:
        self._read = lru_cache(_TOKENS)(partial(_read, signer=signer))

    def verify(self, token: str, now: datetime) -> ChildClaim:
        """Like the function `verify`, but each token is read only once."""
        claim = self._read(token)
        # That it has not ended is true for a while only.
        claim.playback.check_time(now)
        return claim


def _read(token: str, signer: Signer) -> ChildClaim:
    signature, _, payload = token.rpartition(".")
    message = _decoded(payload)
    # base64 has several spellings of one text (RFC 4648 section 3.5): only ours counts.
    if not signer.verify(_PURPOSE, message, signature) or base64url(message.encode()) != payload:
        raise ForbiddenError("this address was not made with a key of this server")
    try:
        canonical, rendition, end = message.rsplit("\n", 2)
        expires_at = datetime.fromtimestamp(int(end), UTC) if end else None
        claim = Claim(one_of_equals(Identity.from_canonical(canonical)), expires_at)
    except (UsageError, ValueError, OverflowError):
        raise ForbiddenError("this address names nothing") from None
    return ChildClaim(claim, rendition)


def _decoded(payload: str) -> str:
    try:
        padded = payload.encode("ascii") + b"=" * (-len(payload) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (UnicodeError, binascii.Error):
        raise ForbiddenError("this address is damaged") from None
