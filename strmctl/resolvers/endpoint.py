"""The operator's own HTTP endpoint: asked through the egress, the answer bounded, no redirects."""

import asyncio
import logging
import os
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from types import MappingProxyType

import httpx
from socksio import SOCKSError

from strmctl import __version__
from strmctl.discreet import Discreet
from strmctl.domain.http.response_fields import retry_after_seconds
from strmctl.errors import ResolverError, SettingError
from strmctl.resolvers import failures
from strmctl.resolvers.answer import MAX_BYTES
from strmctl.resolvers.options import Options
from strmctl.settings.masking import hide_credentials
from strmctl.settings.model import ResolverSettings
from strmctl.tracing import REQUEST_ID_FIELD, request_id

log = logging.getLogger(__name__)

AT_ONCE = 100
"""Questions; more wait here, since httpx looks through all that wait in its pool at each answer:
570 questions at once held the event loop for twelve seconds."""

NO_ANSWER = (httpx.HTTPError, SOCKSError)
"""What httpx raises: a SOCKS proxy that hangs up, or speaks something else, it does not expect."""

_NO_WAY = (httpx.ProxyError, httpx.ConnectError, SOCKSError)


class Answer(Discreet, frozen=True):
    hidden = ("body",)

    status: int
    headers: httpx.Headers
    body: bytes

    def failure(self) -> ResolverError:
        """What a status says that is no answer."""
        match self.status:
            # RFC 6585 section 4 and RFC 9110 section 15.6.4.
            case 429 | 503 if "Retry-After" in self.headers:
                seconds = retry_after_seconds(self.headers["Retry-After"], datetime.now(UTC))
                return failures.later(seconds)
            case status if 300 <= status < 400:
                return ResolverError(f"answered HTTP {status}: redirects are not followed")
            case status:
                return ResolverError(f"answered HTTP {status}")


class Endpoint:
    """`headers` go with every request; the endpoint may be on this machine."""

    def __init__(self, settings: ResolverSettings, headers: dict[str, str]) -> None:
        self._client = _client(settings, headers)
        self._egress = settings.egress
        self._places = asyncio.Semaphore(AT_ONCE)

    async def ask(
        self,
        method: str,
        given: httpx.URL | str,
        question: object = None,
        headers: Mapping[str, str] = MappingProxyType({}),
        limit: int = MAX_BYTES,
    ) -> Answer:
        """Raises ResolverError where nobody answers. The deadline is the caller's."""
        asked_by = {REQUEST_ID_FIELD: request_id.get()} if request_id.get() else {}
        fields = {**headers, **asked_by}
        try:
            url = httpx.URL(given)
        except httpx.InvalidURL:
            raise ResolverError("its address is no URL") from None
        try:
            async with (
                self._places,
                self._client.stream(method, url, json=question, headers=fields) as answer,
            ):
                self._check_proxy(url, answer.status_code)
                return Answer(answer.status_code, answer.headers, await _read(answer, limit))
        except NO_ANSWER as error:
            # Without a connection it is the egress that did not make one.
            by_egress = bool(self._egress) and isinstance(error, _NO_WAY)
            blamed = self._not_led(url) if by_egress else f"{url.netloc.decode()} does not answer"
            raise ResolverError(f"{blamed}: {_reason(error)}", by_egress=by_egress) from error

    def _check_proxy(self, url: httpx.URL, status: int) -> None:
        """Raises ResolverError for what only a proxy (RFC 9110 section 15.5.8) or a captive portal
        (RFC 6585 section 6) answers."""
        if self._egress and status in (407, 511):
            raise ResolverError(f"{self._not_led(url)}: it answers HTTP {status}", by_egress=True)

    def _not_led(self, url: httpx.URL) -> str:
        return f"its egress {hide_credentials(self._egress)} does not lead to {url.netloc.decode()}"

    async def aclose(self) -> None:
        await self._client.aclose()


def endpoint_url(options: Options, text: str, key: str = "url") -> httpx.URL:
    """What stands at the key; raises SettingsError where nothing can be asked there."""
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        raise options.wrong(key, "is not a URL") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise options.wrong(key, "needs http://… or https://…")
    if (url.port or 0) > 65535:
        raise options.wrong(key, f"there is no port {url.port}")
    return url


def tls() -> ssl.SSLContext:
    """A context that trusts SSL_CERT_FILE and SSL_CERT_DIR, or else the public authorities."""
    return _trusting(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


# To load the authorities takes longer than many an answer.
@cache
def _trusting(*_named: str | None) -> ssl.SSLContext:
    try:
        return httpx.create_ssl_context(trust_env=True)
    except OSError as error:
        # As OpenSSL does; an endpoint without TLS needs none of them.
        log.warning("SSL_CERT_FILE: %s: the public authorities are trusted instead", error)
        return httpx.create_ssl_context(trust_env=False)


def _client(settings: ResolverSettings, headers: dict[str, str]) -> httpx.AsyncClient:
    # Compression would let a small answer grow past the limit; the deadline is the caller's.
    fixed = {"User-Agent": f"strmctl/{__version__}", "Accept-Encoding": "identity"}
    try:
        return httpx.AsyncClient(
            headers={**fixed, **headers, "Accept": "application/json"},
            proxy=settings.egress or None,
            verify=tls(),
            timeout=None,
            limits=httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE),
            # HTTP_PROXY of this machine is not the resolver's egress.
            trust_env=False,
            # The request may hold tokens, which are for the configured endpoint alone.
            follow_redirects=False,
        )
    except (ValueError, httpx.InvalidURL):
        raise SettingError(
            f"resolvers.{settings.name}.egress", "needs http://…, https://… or socks5://…"
        ) from None


async def _read(response: httpx.Response, limit: int) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > limit:
            raise ResolverError(f"answered more than {limit} bytes")
    return bytes(body)


def _reason(error: Exception) -> str:
    return failures.one_line(str(error)) or type(error).__name__
