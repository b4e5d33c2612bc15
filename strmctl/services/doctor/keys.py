"""Keys are there, long enough, and their owner's alone."""

import shlex
from collections.abc import Iterator
from pathlib import Path

from strmctl.domain.counted import counted
from strmctl.errors import DRIFT, SettingsError
from strmctl.services.doctor.finding import Finding, of_error
from strmctl.services.doctor.installation import Installation
from strmctl.services.keys import in_force
from strmctl.settings.model import Auth

OTHERS = 0o077
"""The bits of a mode by which anybody but the owner may do something."""


def key_file_mode(installation: Installation) -> Iterator[Finding]:
    proxy = installation.settings.proxy
    if proxy.auth is Auth.NONE or proxy.secret:
        return
    if is_open_to_others(proxy.secret_file):
        yield open_to_others("key", proxy.secret_file, exit_code=SettingsError.exit_code)


def keys_usable(installation: Installation) -> Iterator[Finding]:
    proxy = installation.settings.proxy
    if proxy.auth is Auth.NONE:
        return
    if not proxy.secret and is_open_to_others(proxy.secret_file):
        return
    where = "proxy.secret" if proxy.secret else str(proxy.secret_file)
    try:
        in_force.secrets(proxy)
    except SettingsError as refused:
        error = refused
        # A new key would leave every file signed by one that is gone.
        if not proxy.secret and not proxy.secret_file.exists():
            error = SettingsError("there is no key file")
        yield of_error(error, "key", where, _remedy(proxy.secret_file))


def key_in_library(installation: Installation) -> Iterator[Finding]:
    """Media servers show and share what lies there."""
    settings = installation.settings
    file = settings.proxy.secret_file
    if settings.proxy.secret or not file.exists():
        return
    # Jellyfin and SMB show everybody what lies in a library.
    if file.resolve().is_relative_to(settings.library.resolve()):
        yield Finding.error(
            "key",
            str(file),
            "the key lies in the library, which media servers show",
            "move it elsewhere and set proxy.secret_file",
        )


def settings_file_mode(installation: Installation) -> Iterator[Finding]:
    """One that holds a secret is its owner's alone, as a key file is."""
    file = installation.loaded.file
    if file is None:
        return
    secrets = [
        value.key
        for value in installation.loaded.values
        if value.source == str(file) and value.kind.secret and _holds_a_secret(value.value)
    ]
    if secrets and is_open_to_others(file):
        yield open_to_others("settings", file, reason=f"others can read {secrets[0]} in it")


def is_open_to_others(file: Path) -> bool:
    try:
        return bool(file.stat().st_mode & OTHERS)
    except OSError:
        return False


def open_to_others(
    check: str, *files: Path, reason: str = "others can read it", exit_code: int = DRIFT
) -> Finding:
    """One finding for the first file and those beside it."""

    def mend() -> None:
        for file in files:
            file.chmod(0o600)

    beside = f", and {counted(len(files) - 1, 'file')} beside it" if files[1:] else ""
    remedy = f"`chmod 600 {shlex.join(map(str, files))}`"
    return Finding.error(check, str(files[0]), reason + beside, remedy, mend, exit_code)


def _holds_a_secret(value: object) -> bool:
    """A proxy's URL without a password is none."""
    return bool(value) and (not isinstance(value, str) or "://" not in value or "@" in value)


def _remedy(file: Path) -> str:
    if file.exists():
        return ""
    return (
        "restore it from a backup, or make another with `strmctl init` and then `strmctl rewrite`"
    )
