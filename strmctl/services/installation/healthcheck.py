"""Whether the server answers, asked the way that its clients ask."""

import socket
import time
from http import HTTPStatus
from ipaddress import ip_address
from typing import TYPE_CHECKING

from msgspec import Struct

from strmctl.domain.http.unanswered import why_unanswered
from strmctl.errors import SettingsError, StrmctlError
from strmctl.settings.model import ServeSettings

if TYPE_CHECKING:
    import httpx

_SECONDS = 3.0


class Health(Struct, frozen=True):
    """`url` is what was asked, `seconds` how long the answer took."""

    url: str
    version: str
    seconds: float


def check_health(base_url: str) -> Health:
    """Raises StrmctlError, exit code 1 as Docker's HEALTHCHECK wants it, for a server that ails."""
    import httpx

    url = base_url.removesuffix("/").removesuffix("/healthz") + "/healthz"
    begun = time.monotonic()
    try:
        # A proxy of the environment would be asked for its own loopback.
        response = httpx.get(url, timeout=_SECONDS, trust_env=False)
    except httpx.TimeoutException:
        raise StrmctlError(f"unhealthy: {url} does not answer within {_SECONDS:g} s") from None
    except (httpx.TransportError, httpx.InvalidURL) as error:
        why = f"cannot be reached: {why_unanswered(error)}: does `strmctl serve` run?"
        raise StrmctlError(f"unhealthy: {url} {why}") from None
    return Health(url, _version(url, response), time.monotonic() - begun)


def own_base_url(settings: ServeSettings) -> str:
    """Where `serve` with these settings can be reached from this machine."""
    # With port 0 the system chooses one, and only the running server knows which.
    if settings.port == 0:
        raise SettingsError("serve.port is 0, a port that changes: pass --url")
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        found = socket.getaddrinfo(settings.host or "0.0.0.0", settings.port, family)
    except OSError as error:
        raise SettingsError(f"serve.host {settings.host!r}: {error.strerror}") from None
    host = str(found[0][4][0])
    # 0.0.0.0 and :: are for listening; Windows cannot connect to them.
    if ip_address(host).is_unspecified:
        host = "::1" if family == socket.AF_INET6 else "127.0.0.1"
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def _version(url: str, response: "httpx.Response") -> str:
    if response.status_code != HTTPStatus.OK:
        raise StrmctlError(f"unhealthy: {url} answers {response.status_code}")
    try:
        answer = response.json()
        if answer["status"] == "ok":
            return str(answer["version"])
    except (ValueError, TypeError, KeyError):
        pass
    # Another container may have taken the port.
    raise StrmctlError(f"unhealthy: at {url} something else answers than strmctl")
