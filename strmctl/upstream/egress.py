"""A failure of the egress is an EgressError; a failure beyond it is the upstream's.

An EgressError says nothing about a link, and no resolver is asked because of it.
"""

import ssl
from functools import lru_cache
from http import HTTPStatus
from urllib.parse import quote, unquote, urlsplit

from aiohttp import (
    ClientConnectionError,
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorSSLError,
    ClientHttpProxyError,
    ClientProxyConnectionError,
    ClientResponse,
    ClientResponseError,
    ConnectionTimeoutError,
)
from aiohttp_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError

from strmctl.errors import EgressError
from strmctl.settings.masking import hide_credentials


class HungUpError(ClientConnectionError):
    """The proxy ended the connection before it led to the upstream."""


SOCKS_ERRORS = (ProxyConnectionError, ProxyError, ProxyTimeoutError)
"""What aiohttp_socks raises; they are not errors of aiohttp, and have no class in common."""

OF_A_PROXY = frozenset({500, 502, 503, 504})
"""What an HTTP proxy answers for an upstream without TLS that it cannot reach."""

_HOSTS = 4
_LATELY = 10.0
"""Seconds."""

_NETWORK_AUTHENTICATION_REQUIRED = 511
"""Only a captive portal on the way says this (RFC 6585 section 6)."""

# RFC 1928 section 6: what the server says of the address, not of itself.
_SOCKS_BEYOND = range(1, 7)
_SOCKS_NOT_ALLOWED = 2
_PROXY_AUTHENTICATION_REQUIRED = 407

# OpenSSL's names for an answer that is no TLS at all.
_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"})

# X509_V_ERR_…: self-signed, alone and in a chain, and of another name. A captive portal has no
# other certificates to show; a missing intermediate (20, 21) and an old one (10) are an upstream's.
_OF_ANOTHER = frozenset({18, 19, 62})

# Words of our own: those of OpenSSL name the host.
_REFUSED = {
    9: "is not valid yet: is this machine's clock right?",
    10: "has expired",
    18: "is signed by itself",
    19: "is signed by nobody who is trusted",
    20: "is signed by nobody who is trusted",
    21: "is signed by nobody who is trusted",
    62: "is of another name",
    64: "is of another address",
}


@lru_cache(maxsize=64)
def http_proxy(egress: str) -> str | None:
    """The egress as aiohttp wants it; None for SOCKS, which its connector handles.

    aiohttp writes user and password in Latin-1, and raises for other letters. Proxies expect
    UTF-8 (RFC 7617 section 2.1), as httpx, which asks resolvers, sends it.
    """
    if not egress.startswith("http"):
        return None
    parts = urlsplit(egress)
    user, at, place = parts.netloc.rpartition("@")
    bytes_of = [unquote(text).encode().decode("latin-1") for text in user.split(":", 1)]
    return parts._replace(
        netloc=":".join(quote(it, safe="") for it in bytes_of) + at + place
    ).geturl()


class Heard:
    """Remembers which hosts have answered through an egress lately: if one has, the egress works,
    and the failures of others are their own. A few hosts for each egress are enough."""

    def __init__(self) -> None:
        self._at: dict[str, dict[str, float]] = {}

    def put(self, egress: str, host: str, now: float) -> None:
        hosts = self._at.setdefault(egress, {})
        hosts.pop(host, None)
        hosts[host] = now
        if len(hosts) > _HOSTS:
            del hosts[next(iter(hosts))]

    def lately(self, egress: str, besides: str, now: float) -> bool:
        hosts = self._at.get(egress, {})
        return any(now - at < _LATELY for host, at in hosts.items() if host != besides)


def own_failure(
    error: Exception, egress: str, setting: str, *, tunnelled: bool
) -> EgressError | None:
    """The EgressError that `error` amounts to, None where the upstream may be at fault.

    `setting` is where the egress is set; `tunnelled` says that the upstream speaks TLS.
    """
    what = _complaint(error, tunnelled=tunnelled)
    return _failure(egress, setting, what) if what else None


def check_answer(response: ClientResponse, egress: str, setting: str) -> None:
    """Raises EgressError for an answer that no upstream gives: 407 is a proxy's (RFC 9110 section
    15.5.8), 511 a captive portal's, whether or not there is a proxy."""
    if response.status == _NETWORK_AUTHENTICATION_REQUIRED:
        response.close()
        raise EgressError("the network wants a login first (HTTP 511): nothing leads out of it")
    if egress and response.status == _PROXY_AUTHENTICATION_REQUIRED:
        response.close()
        raise _failure(egress, setting, "does not accept the user name and password")


def _complaint(error: Exception, *, tunnelled: bool) -> str:
    match error:
        case ClientProxyConnectionError() | ProxyConnectionError() | ClientConnectorDNSError():
            return "cannot be reached"
        case ConnectionTimeoutError() if not tunnelled:
            # Through an HTTP proxy only a tunnel waits for the upstream's connection as well.
            return "cannot be reached in time"
        case ClientHttpProxyError(status=407):
            return "does not accept the user name and password"
        case ClientResponseError(request_info=asked) if (
            asked.method == "CONNECT" and not isinstance(error, ClientHttpProxyError)
        ):
            return "does not speak HTTP"
        # The tunnel itself was refused, or a captive portal redirects: the upstream was not asked.
        case ClientHttpProxyError(status=status) if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return f"refuses to connect: it answered {status}"
        case ClientHttpProxyError(status=511):
            return "wants a login first (HTTP 511)"
        case ProxyError(error_code=None):
            return "does not let strmctl in"
        case ProxyError(error_code=code):
            is_own = code == _SOCKS_NOT_ALLOWED or code not in _SOCKS_BEYOND
            return f"refuses to connect: {error}" if is_own else ""
    return ""


def spoke(error: Exception) -> bool:
    """Whether the egress answered that it did not reach the upstream. The upstream may be down, or,
    with a VPN, everything beyond the egress (gluetun answers 500 or 503 then)."""
    match error:
        case ClientHttpProxyError(status=status):
            return status >= HTTPStatus.INTERNAL_SERVER_ERROR
        case ProxyError(error_code=code):
            return code in _SOCKS_BEYOND
        # Some proxies say so for an upstream that they do not reach, in place of a code.
        case HungUpError():
            return True
    match _tls_failure(error):
        case ssl.SSLCertVerificationError(verify_code=code):
            return code in _OF_ANOTHER
        case ssl.SSLError(reason=reason):
            # A captive portal's page where TLS was to begin; no certificate is in question.
            return reason in _NO_TLS
    return False


def certificate_trouble(error: Exception) -> str | None:
    """What is wrong with an upstream's certificate; None where something else is."""
    refused = _tls_failure(error)
    if isinstance(refused, ssl.SSLCertVerificationError):
        return _REFUSED.get(refused.verify_code, "is not trusted")
    return None


def _tls_failure(error: Exception) -> BaseException | None:
    match error:
        case ClientConnectorSSLError(os_error=OSError() as failed):
            return failed
        case ClientConnectorCertificateError(certificate_error=Exception() as refused):
            return refused
    # Behind SOCKS aiohttp does not know that it was TLS.
    return error.__cause__


def _failure(egress: str, setting: str, what: str) -> EgressError:
    return EgressError(f"the egress {hide_credentials(egress)} {what}: check {setting}")
