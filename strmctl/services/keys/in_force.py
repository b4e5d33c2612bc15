"""Which keys sign and verify, read from the settings; a key file is the owner's alone."""

from collections.abc import Sequence
from pathlib import Path

from strmctl.domain.urls.playback_url import KeyProof, NoProof, Proof, SignedProof
from strmctl.domain.urls.signature import Keyring, Signer, Unsigned
from strmctl.errors import SettingsError
from strmctl.settings.model import Auth, ProxySettings, Settings

SHORTEST_KEY = 16
_OTHERS = 0o077


def signer(settings: Settings) -> Signer:
    """Signs child URLs; raises SettingsError where no usable key is to be had."""
    if settings.proxy.auth is Auth.NONE:
        return Unsigned()
    return Keyring([secret.encode() for secret in secrets(settings.proxy)])


def proof(settings: Settings) -> Proof:
    """Proves playback URLs; raises SettingsError where no usable key is to be had."""
    if settings.proxy.auth is Auth.NONE:
        return NoProof()
    if settings.proxy.auth is Auth.API_KEY:
        return KeyProof(secrets(settings.proxy))
    return SignedProof(signer(settings))


def secrets(proxy: ProxySettings) -> Sequence[str]:
    """`proxy.secret`, else the lines of `proxy.secret_file`; the first one signs."""
    if proxy.secret:
        return _checked(proxy.secret, "proxy.secret")
    return _checked(_lines(proxy.secret_file), str(proxy.secret_file))


def _lines(file: Path) -> Sequence[str]:
    try:
        # As ssh does with private keys: refused, so that it is noticed.
        if file.stat().st_mode & _OTHERS:
            raise SettingsError(f"{file}: others can read this key file: run `chmod 600 {file}`")
        # Notepad on Windows puts a BOM before the first key.
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise SettingsError(f"{file}: no key file: make one with `strmctl init`") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{file}: not a key file: it takes one key a line") from None
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read: {error.strerror}") from None
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _checked(keys: Sequence[str], where: str) -> Sequence[str]:
    if not keys:
        raise SettingsError(f"{where}: holds no key: make one with `strmctl init`")
    if any(len(key) < SHORTEST_KEY for key in keys):
        raise SettingsError(f"{where}: a key is shorter than {SHORTEST_KEY} characters")
    return keys
