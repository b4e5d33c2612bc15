"""Each egress lets requests through, and the canaries answer."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from urllib.parse import urlsplit

from strmctl.domain.urls import canary as answer_of_a_canary
from strmctl.errors import EgressError, UpstreamError
from strmctl.resolvers.registry import leaving
from strmctl.services.doctor.clock import note_skew
from strmctl.services.doctor.finding import Finding, of_error
from strmctl.services.doctor.installation import Installation
from strmctl.settings.masking import hide_credentials
from strmctl.settings.model import Settings
from strmctl.upstream.client import UpstreamClient
from strmctl.upstream.guard import guard

_SECONDS = 10.0
_KEPT_TO = frozenset({"http", "template", "ytdlp", "stremio"})
"""Kinds whose requests are strmctl's own, and yt-dlp, which goes by its environment."""
_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}


def egress_works(installation: Installation) -> Iterator[Finding]:
    """A connection to each proxy; with canaries, requests through it."""
    yield from asyncio.run(_look(installation))


async def _look(installation: Installation) -> list[Finding]:
    settings = installation.settings
    found: list[Finding] = []
    async with aclosing(UpstreamClient(settings.upstream, guard(settings))) as client:
        for egress, setting in egresses(settings).items():
            silent = await _connect(egress, setting)
            if silent is not None:
                found.append(silent)
                continue
            found += [finding async for finding in _ask(installation, client, egress)]
    return found


def programs_follow(installation: Installation) -> Iterator[Finding]:
    """A program, and code of a plug-in, is given the egress; what it makes of it is its matter."""
    for table in installation.settings.resolvers:
        egress = leaving(table, installation.settings).egress
        if not egress or table.type in _KEPT_TO:
            continue
        if table.type == "command":
            what = "its program is given the egress in http_proxy, https_proxy and all_proxy"
        else:
            what = f"the entry point {table.type!r} is given the egress"
        reason = f"resolver {table.name!r}: {what}: strmctl cannot see whether it goes that way"
        remedy = "run it in the VPN's own network if it does not (docs/egress.md)"
        yield Finding.info("egress", table.name, reason, remedy)


def egresses(settings: Settings) -> dict[str, str]:
    """Every egress in use, "" for none, and the setting that names it."""
    found = {settings.upstream.egress: "upstream.egress"}
    for table in settings.resolvers:
        if table.egress:
            found.setdefault(table.egress, f"resolvers.{table.name}.egress")
    return found


async def _connect(egress: str, setting: str) -> Finding | None:
    if not egress:
        return None
    parts = urlsplit(egress)
    port = parts.port or _PORTS[parts.scheme]
    try:
        async with asyncio.timeout(_SECONDS):
            _, writer = await asyncio.open_connection(parts.hostname, port)
            writer.close()
            await writer.wait_closed()
    except (OSError, TimeoutError):
        # A VPN's proxy often has user and password in its URL.
        shown = hide_credentials(egress)
        error = EgressError(f"the egress {shown} cannot be reached: check {setting}")
        return of_error(error, "egress", shown, f"start the proxy, or correct {setting}")
    return None


async def _ask(
    installation: Installation, client: UpstreamClient, egress: str
) -> AsyncIterator[Finding]:
    for canary in installation.settings.probe.canaries:
        try:
            complaint = await _complaint(installation, client, canary, egress)
        except EgressError as error:
            yield of_error(error, "egress", hide_credentials(egress), "start or correct the proxy")
            return
        if complaint:
            yield _dead_canary(hide_credentials(canary), egress, complaint)


async def _complaint(
    installation: Installation, client: UpstreamClient, canary: str, egress: str
) -> str | None:
    """Why a canary does not prove that the network is there; None if it does.

    Raises EgressError.
    """
    try:
        async with asyncio.timeout(installation.settings.probe.timeout.total_seconds()):
            response = await client.get(canary, {}, egress=egress)
    except (UpstreamError, TimeoutError) as error:
        return str(error) or "no answer in time"
    # Only the head counts: a canary may be a large page.
    response.close()
    note_skew(installation, hide_credentials(canary), response.field("Date"))
    return answer_of_a_canary.complaint(canary, response.status, response.url)


def _dead_canary(shown: str, egress: str, why: str) -> Finding:
    through = f" (through {hide_credentials(egress)})" if egress else ""
    return Finding.error(
        "canary",
        shown,
        f"{why}{through}: nothing that a probe finds is believed",
        "check the network, or put another URL into probe.canaries",
    )
