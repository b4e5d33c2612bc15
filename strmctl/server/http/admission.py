"""The API and the page are for whoever has the admin token or, where none is set, whoever sits at
this machine; another site's page in such a person's browser may not use them.
"""

import asyncio
import base64
import hmac
import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from msgspec import field
from starlette.requests import HTTPConnection

from strmctl.discreet import Discreet
from strmctl.errors import DatabaseError, StrmctlError
from strmctl.settings.model import Settings

COOKIE = "strmctl_session"
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_FORWARDED = ("forwarded", "via", "x-real-ip", "cf-connecting-ip", "true-client-ip")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"(?:\[([0-9a-fA-F:.]+)\]|([a-zA-Z0-9.-]+))(?::[0-9]{1,5})?")
_GUESS_SECONDS, _BURST, _LONGEST_WAIT = 0.5, 10, 60.0

log = logging.getLogger(__name__)

IsSession = Callable[[str], Awaitable[bool]]
"""Whether a cookie's value is a valid session; raises DatabaseError."""


class NotAdmittedError(StrmctlError):
    """`http_status` is 401 where a token would help, 403 where none would, 503 where sessions
    cannot be read."""

    exit_code = 2

    def __init__(self, message: str, http_status: int, *, is_guess: bool = False) -> None:
        super().__init__(message)
        self.http_status = http_status
        self.is_guess = is_guess
        """Whether a wrong token was given."""


class Guesses:
    """A wrong token waits half a second; beyond ten at once, two a second are let through, whoever
    sends them: behind a reverse proxy all have one address."""

    def __init__(self) -> None:
        self._free_at = 0.0

    def wait(self, now: float) -> float:
        """Seconds; the right token never waits."""
        self._free_at = max(self._free_at, now - _BURST * _GUESS_SECONDS) + _GUESS_SECONDS
        return min(max(_GUESS_SECONDS, self._free_at - now), _LONGEST_WAIT)


class Admission(Discreet, frozen=True):
    """`token` is the setting serve.admin_token. Without one, whoever comes through a reverse proxy
    (*front*) is refused. If the settings name a front, everybody is: all of its clients would look
    as if they were at this machine."""

    hidden = ("token", "is_session", "guesses")

    token: str
    base_url: str
    is_session: IsSession
    has_front: bool = False
    guesses: Guesses = field(default_factory=Guesses)

    async def slow_down(self, connection: HTTPConnection) -> None:
        """A wrong token waits, the longer the more of them come; the log says from where."""
        if not self.token:
            return
        client = connection.client.host if connection.client else "-"
        log.warning("%s is not let in: its token is not that of serve.admin_token", client)
        await asyncio.sleep(self.guesses.wait(time.monotonic()))

    async def check(self, connection: HTTPConnection) -> None:
        """Raises NotAdmittedError."""
        if self.token:
            await self._check_token(connection)
        else:
            self._check_loopback(connection)
        if connection.scope.get("method") not in _SAFE_METHODS:
            self.refuse_other_sites(connection)

    def refuse_other_sites(self, connection: HTTPConnection) -> None:
        """Browsers say where a request comes from (Fetch Metadata, Origin); programs say nothing.

        A front may have replaced Host, so the base URL's host counts as this site's as well.
        """
        site = connection.headers.get("sec-fetch-site")
        origin = connection.headers.get("origin")
        if site is not None:
            is_other = site not in ("same-origin", "none")
        else:
            # Safari before 16.4 has no Fetch Metadata.
            own = (connection.headers.get("host"), urlsplit(self.base_url).netloc)
            is_other = origin is not None and origin.partition("://")[2] not in own
        if is_other:
            raise NotAdmittedError("another site's page may not do this", 403)

    def is_token(self, given: str) -> bool:
        return self._is_token(given.encode("utf-8", "surrogatepass"))

    def _is_token(self, given: bytes) -> bool:
        return bool(self.token) and hmac.compare_digest(given, self.token.encode())

    async def _check_token(self, connection: HTTPConnection) -> None:
        given = _presented(connection.headers)
        if given is not None:
            if self._is_token(given):
                return
            raise NotAdmittedError("the token is not that of serve.admin_token", 401, is_guess=True)
        session = connection.cookies.get(COOKIE, "")
        if session and await self._goes_on(session):
            return
        raise NotAdmittedError("send the token of serve.admin_token as a bearer token", 401)

    async def _goes_on(self, session: str) -> bool:
        try:
            return await self.is_session(session)
        except DatabaseError as error:
            # Not its text: that names a path of this machine, and anybody may have asked.
            log.warning("sessions: %s", error)
            raise NotAdmittedError("sessions cannot be read now: try again later", 503) from None

    def _check_loopback(self, connection: HTTPConnection) -> None:
        """Raises NotAdmittedError for whoever may be elsewhere.

        A name in Host may have been made to lead here (DNS rebinding). HTTP/1.0 is spoken only by
        fronts these days.
        """
        if (
            self.has_front
            or any(map(_is_forwarded, connection.headers))
            # nginx speaks HTTP/1.0 to what stands behind it, unless configured otherwise.
            or connection.scope.get("http_version") == "1.0"
            or not _is_loopback(connection.client.host if connection.client else "")
            # DNS rebinding: the browser stands on this machine, the page does not.
            or not _is_loopback(_host(connection.headers.get("host", "")))
        ):
            raise NotAdmittedError(
                "without serve.admin_token only clients on this machine are let in: set one", 403
            )


def admission(settings: Settings, is_session: IsSession) -> Admission:
    serve, base_url = settings.serve, settings.proxy.public_base_url
    has_front = bool(serve.trusted_proxies) or _names_a_front(base_url, serve.port)
    return Admission(serve.admin_token, base_url, is_session, has_front)


def _names_a_front(base_url: str, own_port: int) -> bool:
    """Whether players are given an address at which `serve` does not listen: https, which it does
    not speak, or another port. On this machine another port may be an option of one run."""
    parts = urlsplit(base_url)
    port = parts.port or _DEFAULT_PORTS[parts.scheme]
    is_elsewhere = own_port not in (0, port) and not _is_loopback(parts.hostname or "")
    return parts.scheme == "https" or is_elsewhere


def _is_forwarded(name: str) -> bool:
    return name in _FORWARDED or name.startswith("x-forwarded-")


def _presented(headers: Mapping[str, str]) -> bytes | None:
    """The bearer token, or the password of Basic, since some senders know nothing else."""
    scheme, _, value = headers.get("authorization", "").strip().partition(" ")
    # RFC 9110 section 11.1: the scheme's case does not matter.
    if scheme.lower() == "bearer":
        # ASGI decodes fields as latin-1 (RFC 9110 section 5.5): these are the bytes that came.
        return value.strip().encode("latin-1")
    # Sonarr's form for a webhook has a user name and a password.
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value.strip(), validate=True).partition(b":")[2]
        except ValueError:
            return b""
    return None


def _host(field_value: str) -> str:
    """The host in a Host field, without port and brackets; "" where it is not valid."""
    match = _HOST.fullmatch(field_value)
    return (match[1] or match[2]).lower() if match else ""


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    # A socket of both families shows 127.0.0.1 as ::ffff:127.0.0.1.
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
