"""Every request to an upstream is guarded, leaves by its egress, and has each redirect checked."""

import logging
import socket
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from http.cookies import BaseCookie, SimpleCookie

from aiohttp import (
    AddrInfoType,
    BaseConnector,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientError,
    ClientRequest,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
)
from aiohttp.abc import AbstractResolver
from aiohttp.connector import Connection
from aiohttp_socks import ProxyTimeoutError
from yarl import URL

from strmctl import __version__, tracing
from strmctl.domain.http.request_fields import carried_fields
from strmctl.domain.urls.upstream_url import joined
from strmctl.domain.urls.url_marks import origin
from strmctl.errors import UpstreamError
from strmctl.settings.masking import hide_credentials
from strmctl.settings.model import UpstreamSettings
from strmctl.upstream.connector import BoundedHandler, Connector, SocksConnector
from strmctl.upstream.cookies import Cookies
from strmctl.upstream.egress import (
    OF_A_PROXY,
    SOCKS_ERRORS,
    Heard,
    certificate_trouble,
    check_answer,
    http_proxy,
    own_failure,
    spoke,
)
from strmctl.upstream.guard import Guard, GuardedResolver, RefusedAddressError
from strmctl.upstream.names import LookUps
from strmctl.upstream.redirects import Redirects
from strmctl.upstream.response import UpstreamResponse

# RFC 9110 section 15.4: 300 leaves the choice to the client, 305 is deprecated.
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_READ_BUFFER = 64 * 1024
"""Bytes; each of 200 slow players holds several times this (tests/system/peers, row 26)."""

_OWN_FIELDS = {
    "Accept": "*/*",
    # A drop is resumed by Range, which counts bytes of the coded body (RFC 9110 section 8.4).
    "Accept-Encoding": "identity",
    "User-Agent": f"Mozilla/5.0 (compatible; strmctl/{__version__})",
}


Answered = Callable[[float, int | None], None]
"""Hears of every answer: the seconds to its head and its status, None where none came."""

log = logging.getLogger(__name__)


def _unheard(seconds: float, status: int | None) -> None:
    return


_first_byte: ContextVar[float | None] = ContextVar("first_byte", default=None)
"""Seconds for the head of the answer to the request that this task is about to send."""


class _TimedRequest(ClientRequest):
    """Its deadline begins when it is sent, since connecting has a limit of its own.

    aiohttp's TraceConfig would cost a third of the request.
    """

    async def send(self, conn: Connection) -> ClientResponse:
        seconds = _first_byte.get()
        if seconds is not None and isinstance(conn.protocol, BoundedHandler):
            conn.protocol.expect_head(seconds)
        return await super().send(conn)


class _NoCookies(DummyCookieJar):
    """Always answers with the same empty jar; aiohttp's own makes a new one for each request."""

    _NONE = SimpleCookie()

    def filter_cookies(self, request_url: URL) -> "BaseCookie[str]":
        return self._NONE


class UpstreamClient:
    """Keeps connections alive across requests; one for a process. Call `aclose` at the end.

    `names` answers name look-ups (those of this module's own by default).
    """

    def __init__(
        self,
        settings: UpstreamSettings,
        guard: Guard,
        names: AbstractResolver | None = None,
        *,
        answered: Answered = _unheard,
    ) -> None:
        self._settings = settings
        self._guard = guard
        self._names = names
        self._redirects = Redirects()
        self._answered = answered
        self._sessions: dict[str, ClientSession] = {}
        self._heard = Heard()
        self.first_byte_seconds = settings.first_byte_timeout.total_seconds()

    async def get(
        self,
        url: str,
        fields: Mapping[str, str],
        *,
        egress: str | None = None,
        patient: bool = False,
        method: str = "GET",
        cookies: Cookies | None = None,
    ) -> UpstreamResponse:
        """Ask for `url` with the request fields of its mapping, and with its `cookies`.

        Any status is an answer. Raises UpstreamError where none came: 502 for a refused or
        unreachable address, 504 for a timeout before the first byte. With `patient` that byte may
        take as long as any other.
        """
        if self._guard.wants_peers:
            await self._guard.learn_peers(self._look_ups())
        self._guard.check_url(url)
        cookies = cookies or Cookies()
        trail = self._redirects.trail(url)
        redirect: int | None = None
        while True:
            sent = _with_cookies(url, fields, cookies)
            trail.step(url, sent.get("Cookie", ""), redirect)
            try:
                response = await self._ask(method, url, sent, egress, patient=patient)
            except UpstreamError as error:
                raise _blamed_on(redirect, error) from None
            # A redirect may set the cookie that its target wants (docs/peers.md, row 47).
            set_by = response.fields("Set-Cookie")
            if set_by:
                cookies.learn(_target(url), set_by)
            location = response.location if response.status in _REDIRECTS else ""
            if not location:
                return response
            response.close()
            redirect, target = response.status, joined(url, location)
            try:
                self._guard.check_url(target)
            except UpstreamError as error:
                raise _blamed_on(redirect, error) from None
            _log_redirect(url, target)
            fields = carried_fields(url, target, fields)
            url = target

    async def aclose(self) -> None:
        for session in self._sessions.values():
            await session.close()
        if self._names is not None:
            await self._names.close()

    def way_out(self, egress: str | None) -> str:
        """The proxy that a request with this `egress` goes through, "" for none."""
        return self._settings.egress if egress is None else egress

    def heard_lately(self, url: str, egress: str | None) -> bool:
        """Whether another host than this URL's has answered just now by the same egress."""
        return self._heard.lately(self.way_out(egress), origin(url), time.monotonic())

    async def _ask(
        self,
        method: str,
        url: str,
        fields: Mapping[str, str],
        egress: str | None,
        *,
        patient: bool,
    ) -> UpstreamResponse:
        setting = "upstream.egress" if egress is None else "the resolver's egress"
        egress = self.way_out(egress)
        session = self._sessions.get(egress) or self._session(egress)
        started = time.monotonic()
        try:
            _first_byte.set(None if patient else self.first_byte_seconds)
            response = await session.request(
                method,
                _target(url),
                headers={**_OWN_FIELDS, **fields},
                proxy=http_proxy(egress),
                # aiohttp would follow to addresses that the guard has not seen.
                allow_redirects=False,
            )
        except (ClientError, OSError, ValueError, *SOCKS_ERRORS) as error:
            self._report(method, url, egress, None, time.monotonic() - started)
            tunnelled = url.lower().startswith("https:")
            own = own_failure(error, egress, setting, tunnelled=tunnelled) if egress else None
            raise own or _failure(error, by_egress=bool(egress) and spoke(error)) from None
        self._report(method, url, egress, response.status, time.monotonic() - started)
        check_answer(response, egress, setting)
        if egress and response.status not in OF_A_PROXY:
            self._heard.put(egress, origin(url), time.monotonic())
        return UpstreamResponse(response, url)

    def _report(
        self, method: str, url: str, egress: str, status: int | None, seconds: float
    ) -> None:
        self._answered(seconds, status)
        if not log.isEnabledFor(logging.DEBUG):
            return
        host, way = origin(url), hide_credentials(egress) if egress else "direct"
        tracing.step(
            log,
            "upstream",
            "upstream %s: %s after %d ms, %s",
            host,
            status or "no answer",
            1000 * seconds,
            way,
            method=method,
            host=host,
            status=status,
            seconds=round(seconds, 4),
            egress=way,
        )

    def _session(self, egress: str) -> ClientSession:
        """One pool of connections for each egress."""
        settings = self._settings
        session = self._sessions[egress] = ClientSession(
            connector=self._connector(egress),
            # One jar for all would send a mapping's cookies along with another's requests.
            cookie_jar=_NoCookies(),
            timeout=ClientTimeout(
                total=None,
                # Through an egress there are two connections, and aiohttp itself would let a
                # proxy take for ever for the second one.
                connect=2 * settings.connect_timeout.total_seconds() if egress else None,
                sock_connect=settings.connect_timeout.total_seconds(),
                sock_read=settings.read_timeout.total_seconds(),
            ),
            request_class=_TimedRequest,
            read_bufsize=_READ_BUFFER,
            # aiohttp's decoder knows fewer names, no coding upon another, and takes a body that
            # ends too early for a whole one (see domain/http/content_coding.py).
            auto_decompress=False,
            # aiohttp's 8,190 bytes are too few for a Location as long as URLs may be here.
            max_line_size=16 * 1024,
            max_field_size=16 * 1024,
        )
        return session

    def _look_ups(self) -> AbstractResolver:
        if self._names is None:
            self._names = LookUps()
        return self._names

    def _connector(self, egress: str) -> BaseConnector:
        if egress.startswith("socks"):
            # aiohttp_socks has no socks5h; `rdns` lets the proxy look up the name.
            url = egress.replace("socks5h:", "socks5:", 1)
            return SocksConnector.from_url(url, rdns=True, limit=0)
        if egress:
            return Connector(limit=0, resolver=self._look_ups())
        names = GuardedResolver(self._look_ups(), self._guard)
        return Connector(limit=0, resolver=names, socket_factory=self._socket)

    def _socket(self, info: AddrInfoType) -> socket.socket:
        family, kind, protocol, _, peer = info
        self._guard.check_socket(str(peer[0]), int(peer[1]))
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        return made


def _blamed_on(redirect: int | None, error: UpstreamError) -> UpstreamError:
    """If the guard refuses a redirect's target, the upstream has answered: with the redirect."""
    is_answered = redirect is not None and error.lasting
    return error.made_anew(status=redirect) if is_answered else error


def _target(url: str) -> URL:
    # yarl would normalise percent-encoding, which signatures cover.
    return URL(url, encoded=url.isascii())


def _with_cookies(url: str, fields: Mapping[str, str], cookies: Cookies) -> Mapping[str, str]:
    if cookies.is_empty:
        return fields
    given = next((value for name, value in fields.items() if name.lower() == "cookie"), "")
    sent = {name: value for name, value in fields.items() if name.lower() != "cookie"}
    cookie = cookies.field(_target(url), given)
    return {**sent, "Cookie": cookie} if cookie else sent


def _log_redirect(url: str, target: str) -> None:
    if log.isEnabledFor(logging.DEBUG):
        here, there = origin(url), origin(target)
        tracing.step(
            log, "redirect", "redirected from %s to %s", here, there, host=here, target=there
        )


def _failure(error: Exception, *, by_egress: bool = False) -> UpstreamError:
    """What to say of an upstream that gave no answer."""
    if by_egress:
        return UpstreamError(
            "the egress answers that the upstream cannot be reached",
            unreachable=True,
            by_egress=True,
        )
    if isinstance(error, TimeoutError | ProxyTimeoutError):
        return UpstreamError("the upstream did not answer in time", http_status=504)
    if (trouble := certificate_trouble(error)) is not None:
        return UpstreamError(f"the upstream's certificate {trouble}", unreachable=True)
    if isinstance(error, SOCKS_ERRORS):
        return UpstreamError("the upstream cannot be reached", unreachable=True)
    if not isinstance(error, ClientConnectorError):
        return UpstreamError(f"the upstream gave no HTTP answer ({type(error).__name__})")
    if isinstance(error.os_error, RefusedAddressError):
        return error.os_error.error.made_anew()
    if isinstance(error, ClientConnectorDNSError) and isinstance(error.os_error, TimeoutError):
        what = "no name server answered for the upstream's name in time"
        return UpstreamError(what, http_status=504, unreachable=True)
    return UpstreamError("the upstream cannot be reached", unreachable=True)
