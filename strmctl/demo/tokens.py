"""A token opens one path until its time is over; later it is 410, any other token is 403."""

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import count


@dataclass(frozen=True, slots=True)
class Tokens:
    secret: bytes = field(repr=False)
    _sessions: Iterator[int] = field(default_factory=lambda: count(1), init=False, repr=False)

    def query(self, path: str, expires: int) -> str:
        """The query of a link to `path` that works until `expires` (epoch seconds).

        No two are equal, also within a second: a site starts a session with every answer.
        """
        session = str(next(self._sessions))
        token = self._token(path, str(expires), session)
        return f"expires={expires}&session={session}&token={token}"

    def refusal(self, path: str, query: Mapping[str, str], now: float) -> HTTPStatus | None:
        """None for a link that works now."""
        expires = query.get("expires", "")
        expected = self._token(path, expires, query.get("session", ""))
        if not hmac.compare_digest(expected.encode(), query.get("token", "").encode()):
            return HTTPStatus.FORBIDDEN
        return HTTPStatus.GONE if now >= int(expires) else None

    def _token(self, path: str, expires: str, session: str) -> str:
        message = f"{path}\n{expires}\n{session}".encode()
        return hmac.new(self.secret, message, "sha256").hexdigest()[:32]
