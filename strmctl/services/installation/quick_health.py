"""The check that Docker repeats twice a minute, at a sixth of the whole command's price.

`strmctl healthcheck --quiet` asks here first. Whatever is not plainly well is left to the whole
command, which says why.
"""

import socket
import time
from urllib.parse import urlsplit

from strmctl.errors import StrmctlError
from strmctl.services.installation.healthcheck import own_base_url
from strmctl.settings.load import load

_SECONDS = 3.0
_LONGEST = 16 * 1024
_WELL = '"status":"ok"'
_VERSION = '"version":"'


def well() -> str | None:
    """What the command prints of a server that is well; None for everything else."""
    begun = time.monotonic()
    try:
        url = own_base_url(load().settings.serve)
        answer = _ask(urlsplit(url).hostname or "", urlsplit(url).port or 80)
    except (StrmctlError, OSError):
        return None
    head, _, body = answer.partition("\r\n\r\n")
    if " 200 " not in head.partition("\r\n")[0] or _WELL not in body or _VERSION not in body:
        return None
    version = body.partition(_VERSION)[2].partition('"')[0]
    taken = round(1000 * (time.monotonic() - begun))
    return f"healthy: strmctl {version} at {url}/healthz answered in {taken} ms"


def _ask(host: str, port: int) -> str:
    with socket.create_connection((host, port), timeout=_SECONDS) as connection:
        name = f"[{host}]" if ":" in host else host
        # HTTP/1.0: the server closes, and sends no chunks (RFC 9112 section 7.1).
        request = f"GET /healthz HTTP/1.0\r\nHost: {name}:{port}\r\n\r\n"
        connection.sendall(request.encode("ascii"))
        answer = b""
        while len(answer) < _LONGEST and (part := connection.recv(_LONGEST)):
            answer += part
    return answer.decode("utf-8", "replace")
