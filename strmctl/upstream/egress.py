"""Whose failure it was: the egress's own is an EgressError, what lies beyond it is the upstream's.

Nothing is concluded about a link from the first kind, and no resolver is asked because of it.
"""

from aiohttp import (
    ClientConnectorDNSError,
    ClientHttpProxyError,
    ClientProxyConnectionError,
    ClientResponse,
    ConnectionTimeoutError,
)
from aiohttp_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError

from strmctl.errors import EgressError
from strmctl.settings.masking import hide_credentials

SOCKS_ERRORS = (ProxyConnectionError, ProxyError, ProxyTimeoutError)
"""What aiohttp_socks raises; they are no errors of aiohttp's and have no class in common."""

# RFC 1928 section 6: what the server says of the address, not of itself.
_SOCKS_BEYOND = range(1, 7)
_SOCKS_NOT_ALLOWED = 2
_PROXY_AUTHENTICATION_REQUIRED = 407


def own_failure(
    error: Exception, egress: str, setting: str, *, tunnelled: bool
) -> EgressError | None:
    """The EgressError that `error` amounts to, or None where the upstream may be at fault.

    `setting` names where the egress stands; `tunnelled` tells that the upstream speaks TLS.
    """
    what = _complaint(error, tunnelled=tunnelled)
    return _failure(egress, setting, what) if what else None


def check_answer(response: ClientResponse, egress: str, setting: str) -> None:
    """Raises EgressError for an answer that only a proxy gives (RFC 9110 section 15.5.8)."""
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
        case ClientHttpProxyError(status=status) if 400 <= status < 500:
            return f"refuses to connect: it answered {status}"
        case ProxyError(error_code=None):
            return "does not let strmctl in"
        case ProxyError(error_code=code):
            is_own = code == _SOCKS_NOT_ALLOWED or code not in _SOCKS_BEYOND
            return f"refuses to connect: {error}" if is_own else ""
    return ""


def _failure(egress: str, setting: str, what: str) -> EgressError:
    return EgressError(f"the egress {hide_credentials(egress)} {what}: check {setting}")
