"""A token opens one path until its time is over; later it is 410, any other token is 403."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus


@dataclass(frozen=True, slots=True)
class Tokens:
    secret: bytes = field(repr=False)

    def query(self, path: str, expires: int) -> str:
        """The query of a link to `path` that works until `expires` (epoch seconds)."""
        return f"expires={expires}&token={self._token(path, str(expires))}"

    def refusal(self, path: str, query: Mapping[str, str], now: float) -> HTTPStatus | None:
        """None for a link that works now."""
        expires = query.get("expires", "")
        expected = self._token(path, expires)
        if not hmac.compare_digest(expected.encode(), query.get("token", "").encode()):
            return HTTPStatus.FORBIDDEN
        return HTTPStatus.GONE if now >= int(expires) else None

    def _token(self, path: str, expires: str) -> str:
        message = f"{path}\n{expires}".encode()
        return hmac.new(self.secret, message, "sha256").hexdigest()[:32]
