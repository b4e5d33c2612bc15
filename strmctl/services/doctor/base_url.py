"""At the base URL strmctl answers, not something else; nobody there is no fault of this machine.

A player node's upkeep node answers as well, takes its token, and knows the same keys.
"""

import asyncio
import json
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

import httpx

from strmctl.domain.counted import counted
from strmctl.domain.http.unanswered import why_unanswered
from strmctl.services.doctor.clock import note_skew
from strmctl.services.doctor.finding import Finding
from strmctl.services.doctor.installation import Installation
from strmctl.services.doctor.settings import is_loopback, is_own_address
from strmctl.services.notifying.connection import Connection, UndeliveredError
from strmctl.services.notifying.upkeep_node import address
from strmctl.settings.model import Auth, Mode, Role

_SECONDS = 5.0
_KEYS = "/api/v1/keys"
_NOT_FOUND = 404
_Wrong = tuple[str, str]
"""What is wrong, and what to do about it."""


def base_url_answers(installation: Installation) -> Iterator[Finding]:
    base = installation.settings.proxy.public_base_url
    if installation.settings.proxy.mode is Mode.DIRECT:
        return
    try:
        # HTTP_PROXY of the shell is not how media servers reach it.
        with httpx.Client(timeout=_SECONDS, trust_env=False) as client:
            response = client.get(f"{base}/healthz")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        yield _silent(installation, why_unanswered(error))
        return
    note_skew(installation, "the base URL", response.headers.get("Date"))
    if not _is_strmctl(response):
        reason = f"something else answers there: HTTP {response.status_code}, {_kind(response)}"
        remedy = "set proxy.public_base_url to where strmctl is reached, then `strmctl rewrite`"
        yield Finding.warning("base_url", base, reason, remedy)


def _silent(installation: Installation, why: str) -> Finding:
    """On this machine that may only say that the server does not run at the moment."""
    settings = installation.settings
    base = settings.proxy.public_base_url
    host = urlsplit(base).hostname or ""
    # `doctor` often runs before `serve` does: no fault.
    if is_own_address(host):
        hidden = is_loopback(settings.serve.host) and not is_loopback(host)
        remedy = f"`strmctl serve{' --host 0.0.0.0' if hidden else ''}`"
        return Finding.info("base_url", base, f"strmctl does not answer there now ({why})", remedy)
    remedy = "start the server there, or set proxy.public_base_url and then `strmctl rewrite`"
    return Finding.warning("base_url", base, f"nothing answers there ({why})", remedy)


def _is_strmctl(response: httpx.Response) -> bool:
    try:
        answer = response.json()
    except ValueError:
        return False
    return response.status_code == 200 and isinstance(answer, dict) and answer.get("status") == "ok"


def _kind(response: httpx.Response) -> str:
    server = response.headers.get("Server")
    kind = response.headers.get("Content-Type", "no content type").partition(";")[0]
    return f"{kind} from {server}" if server else kind


def upkeep_node_answers(installation: Installation) -> Iterator[Finding]:
    serve = installation.settings.serve
    if serve.role is not Role.PLAYER or not serve.upkeep_url:
        return
    try:
        wrong = [*_differences(installation, asyncio.run(_known_keys(installation)))]
    except UndeliveredError as error:
        wrong = [_what_is_wrong(error)]
    for reason, remedy in wrong:
        yield Finding.error("upkeep_node", serve.upkeep_url, reason, remedy)


async def _known_keys(installation: Installation) -> Sequence[str]:
    """By id, the one that signs first. Raises UndeliveredError."""
    async with Connection(address(installation.settings.serve), timeout=_SECONDS) as connection:
        answer = await connection.get(_KEYS)
    try:
        return [str(item["id"]) for item in json.loads(answer)["items"]]
    except (ValueError, TypeError, KeyError):
        raise UndeliveredError("something else answers there than strmctl") from None


def _what_is_wrong(error: UndeliveredError) -> _Wrong:
    if error.refused:
        return str(error), "set the same serve.admin_token on all nodes"
    # A player node has no API; so has a front that leads players to player nodes.
    if error.status == _NOT_FOUND:
        reason = f"{error}: there is no API, as on a player node"
        return reason, "set serve.upkeep_url to the node whose serve.role is all, not to the front"
    if error.untrusted:
        return str(error), "set SSL_CERT_FILE to the authority that signed its certificate (PEM)"
    return str(error), "start it, or correct serve.upkeep_url; what plays here waits for it"


def _differences(installation: Installation, there: Sequence[str]) -> Iterator[_Wrong]:
    """Between the keys that count here and those of the upkeep node."""
    here = installation.key_ids()
    # Its own check says what is wrong with the keys here.
    if installation.settings.proxy.auth is not Auth.HMAC or not here:
        return
    if not there:
        yield "it checks no keys", "set the same proxy.auth on all nodes"
        return
    if missing := [key_id for key_id in there if key_id not in here]:
        reason = f"it knows {_keys(missing)} not known here: what such a key signs is refused here"
        yield reason, "copy its key file to this node, then SIGHUP for `strmctl serve`"
    if unknown := [key_id for key_id in here if key_id not in there]:
        reason = f"it does not know {_keys(unknown)}: what such a key signs is refused there"
        yield reason, "copy this node's key file to it, then SIGHUP for `strmctl serve` there"


def _keys(ids: Sequence[str]) -> str:
    return f"{counted(len(ids), 'key')} ({', '.join(ids)})"
