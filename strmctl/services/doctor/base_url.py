"""At the base URL strmctl answers, not something else; nobody there is no fault of this machine."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx

from strmctl.services.doctor.clock import note_skew
from strmctl.services.doctor.finding import Finding, Severity
from strmctl.services.doctor.installation import Installation
from strmctl.services.doctor.settings import is_loopback, is_own_address
from strmctl.settings.model import Mode

_SECONDS = 5.0


def base_url_answers(installation: Installation) -> Iterator[Finding]:
    base = installation.settings.proxy.public_base_url
    if installation.settings.proxy.mode is Mode.DIRECT:
        return
    try:
        # HTTP_PROXY of the shell is not how media servers reach it.
        with httpx.Client(timeout=_SECONDS, trust_env=False) as client:
            response = client.get(f"{base}/healthz")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        yield _silent(installation, type(error).__name__)
        return
    note_skew(installation, "the base URL", response.headers.get("Date"))
    if not _is_strmctl(response):
        yield Finding(
            Severity.WARNING,
            "base_url",
            base,
            f"something else answers there: HTTP {response.status_code}, {_kind(response)}",
            "set proxy.public_base_url to where strmctl is reached, then `strmctl rewrite`",
        )


def _silent(installation: Installation, why: str) -> Finding:
    """On this machine that may only say that the server does not run at the moment."""
    settings = installation.settings
    base = settings.proxy.public_base_url
    host = urlsplit(base).hostname or ""
    # `doctor` often runs before `serve` does: no fault.
    if is_own_address(host):
        hidden = is_loopback(settings.serve.host) and not is_loopback(host)
        return Finding(
            Severity.INFO,
            "base_url",
            base,
            f"strmctl does not answer there now ({why})",
            f"`strmctl serve{' --host 0.0.0.0' if hidden else ''}`",
        )
    return Finding(
        Severity.WARNING,
        "base_url",
        base,
        f"nothing answers there ({why})",
        "start the server there, or set proxy.public_base_url and then `strmctl rewrite`",
    )


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
