"""Settings that let in too many or too few: who may play, look and change things."""

import socket
from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from strmctl.errors import SettingError, SettingsError
from strmctl.services.doctor.finding import Finding, of_error
from strmctl.services.doctor.installation import Installation
from strmctl.services.jobs.maintenance import check_intervals
from strmctl.services.library.files import templates
from strmctl.settings.model import Auth, Mode


def open_proxy(installation: Installation) -> Iterator[Finding]:
    settings = installation.settings
    if settings.proxy.auth is not Auth.NONE or is_loopback(settings.serve.host):
        return
    yield Finding.error(
        "auth",
        "proxy.auth",
        f'"none" lets anybody play who reaches {settings.serve.host}',
        'set proxy.auth = "hmac", or serve.host = "127.0.0.1"',
        exit_code=SettingsError.exit_code,
    )


def unreachable_by_others(installation: Installation) -> Iterator[Finding]:
    settings = installation.settings
    host = urlsplit(settings.proxy.public_base_url).hostname or ""
    if settings.proxy.mode is Mode.DIRECT or is_loopback(settings.serve.host):
        return
    if is_loopback(host):
        yield Finding.warning(
            "base_url",
            settings.proxy.public_base_url,
            f"only this machine reaches it, though serve.host is {settings.serve.host}",
            "set proxy.public_base_url to the address that media servers use, "
            "then `strmctl rewrite`",
        )


def page_closed(installation: Installation) -> Iterator[Finding]:
    settings = installation.settings
    host = urlsplit(settings.proxy.public_base_url).hostname or ""
    if settings.serve.admin_token or is_loopback(host):
        return
    yield Finding.info(
        "page",
        "serve.admin_token",
        "is not set: the API and the web page open on this machine only",
        "set it to a long random text and restart `strmctl serve`",
    )


def is_loopback(host: str) -> bool:
    """For a name: whether all its addresses are."""
    addresses = _addresses(host)
    return bool(addresses) and all(ip_address(address).is_loopback for address in addresses)


def is_own_address(host: str) -> bool:
    """Whether this machine has it: only such an address can be bound."""
    for address in _addresses(host):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            try:
                # bind(2) fails for an address of another machine (EADDRNOTAVAIL).
                probe.bind((address, 0))
            except OSError:
                continue
            return True
    return False


# A zone such as %eth0 is this machine's name for a link (RFC 4007 section 11).
def _addresses(host: str) -> set[str]:
    try:
        found = socket.getaddrinfo(host or None, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return set()
    return {str(info[4][0]).partition("%")[0] for info in found}


def intervals_fit(installation: Installation) -> Iterator[Finding]:
    settings = installation.settings.maintain
    if not settings.enabled:
        return
    try:
        check_intervals(settings)
    except SettingsError as error:
        yield of_error(error, "maintain", "maintain.refresh_every")


def templates_usable(installation: Installation) -> Iterator[Finding]:
    try:
        templates(installation.settings)
    except SettingError as error:
        yield of_error(error, "naming", installation.loaded.origin(error.key))
