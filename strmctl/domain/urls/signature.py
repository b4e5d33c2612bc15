"""HMAC-SHA-256 signatures with a key id and a purpose; several keys verify, the first signs.

A signature is `<key id>.<MAC>`, both base64url without padding; 128 bits of the MAC are kept
(RFC 2104 section 5 allows truncation to half the hash). The purpose is part of the message, so
that a signature of one kind is worthless as another.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Protocol

from msgspec import structs

from strmctl.discreet import Discreet

_MAC_BYTES = 16


class Signer(Protocol):
    @property
    def ids(self) -> Sequence[str]:
        """The ids of the keys in force; the first one signs."""
        ...

    def sign(self, purpose: str, message: str) -> str: ...

    def verify(self, purpose: str, message: str, signature: str) -> bool: ...


class Key(Discreet, frozen=True):
    """A secret and the id that is derived from it."""

    hidden = ("secret",)

    secret: bytes
    id: str = ""

    def __post_init__(self) -> None:
        digest = hashlib.sha256(b"strmctl key id\n" + self.secret).digest()
        structs.force_setattr(self, "id", base64url(digest[:6]))


class Keyring:
    """The keys in force, in order; raises ValueError when there is none."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        if not secrets:
            raise ValueError("a keyring needs at least one key")
        self._keys = {key.id: key for key in reversed([Key(secret) for secret in secrets])}
        self._first = Key(secrets[0])
        self._ids = tuple(dict.fromkeys(Key(secret).id for secret in secrets))

    @property
    def ids(self) -> Sequence[str]:
        return self._ids

    def sign(self, purpose: str, message: str) -> str:
        return f"{self._first.id}.{_mac(self._first, purpose, message)}"

    def verify(self, purpose: str, message: str, signature: str) -> bool:
        """False for anything that `sign` would not have produced, whatever its shape."""
        key_id, _, mac = signature.partition(".")
        key = self._keys.get(key_id)
        if key is None:
            return False
        expected = _mac(key, purpose, message)
        # Compared as text: base64url decoding would accept several spellings of one MAC.
        return hmac.compare_digest(expected.encode(), mac.encode("utf-8", "replace"))


class Unsigned:
    """What `auth = "none"` signs with: nothing is proved and nothing refused."""

    ids: Sequence[str] = ()

    def sign(self, purpose: str, message: str) -> str:
        return "-"

    def verify(self, purpose: str, message: str, signature: str) -> bool:
        return True


def base64url(data: bytes) -> str:
    """RFC 4648 section 5, without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _mac(key: Key, purpose: str, message: str) -> str:
    text = f"strmctl {purpose}\n{message}".encode()
    return base64url(hmac.new(key.secret, text, hashlib.sha256).digest()[:_MAC_BYTES])
