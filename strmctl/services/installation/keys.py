"""A key is added first, so that it signs, and retired once no file is signed with it any more."""

import secrets
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qs, urlsplit

from strmctl.domain.counted import counted
from strmctl.domain.urls.playback_url import KeyProof, key_id_in
from strmctl.domain.urls.signature import Key
from strmctl.errors import ItemError, SafetyError, SettingsError
from strmctl.services.keys import in_force
from strmctl.services.library.tree import look as look_at_files
from strmctl.settings.model import Auth, Settings
from strmctl.storage.files import key_file
from strmctl.storage.files.library_tree import strm_paths
from strmctl.storage.files.strm_file import LibraryFiles


class KeyState(StrEnum):
    """`unknown` is one that files are signed with though it is not in force."""

    SIGNS = "signs"
    VERIFIES = "verifies"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class KeyUse:
    """`files` are those of the library that are signed with it."""

    id: str
    state: KeyState
    files: int


# `keys retire -abc` would be read as options.
def new_secret() -> str:
    """Of 256 bits; its id does not look like an option on a command line."""
    while True:
        secret = secrets.token_urlsafe(32)
        if not _id(secret).startswith("-"):
            return secret


def look(settings: Settings) -> list[KeyUse]:
    """The one that signs, those that verify, then those that files need and nobody has.

    Raises SettingsError where no usable key is to be had.
    """
    ids = dict.fromkeys(_id(secret) for secret in _secrets(settings))
    files = _files_by_key(settings)
    known = [
        KeyUse(key_id, KeyState.VERIFIES if number else KeyState.SIGNS, files.pop(key_id, 0))
        for number, key_id in enumerate(ids)
    ]
    return known + [KeyUse(id, KeyState.UNKNOWN, count) for id, count in sorted(files.items())]


def add(settings: Settings) -> KeyUse:
    """A new key, which signs from now on."""
    _secrets(settings)
    lines = _lines(settings)
    first = next(number for number, line in enumerate(lines) if _is_key(line))
    secret = new_secret()
    key_file.replace_lines(settings.proxy.secret_file, [*lines[:first], secret, *lines[first:]])
    return KeyUse(_id(secret), KeyState.SIGNS, 0)


def retire(settings: Settings, key_id: str, *, force: bool = False) -> KeyUse:
    """What it signed is refused from now on.

    Raises SafetyError for the last key, and, unless `force`d, where files are signed with it;
    ItemError where there is no such key.
    """
    uses = {use.id: use for use in look(settings) if use.state is not KeyState.UNKNOWN}
    use = uses.get(key_id)
    if use is None:
        raise ItemError(f"no such key: {key_id}: `strmctl keys list` shows them")
    # Without any key no file plays and `rewrite` has nothing to sign with.
    if len(uses) == 1:
        raise SafetyError(f"{key_id} is the last key: add another one first")
    if use.files and not force:
        raise SafetyError(
            f"{counted(use.files, 'file')} signed with {key_id}: run `strmctl rewrite` first; "
            "nothing was done; with --force they are refused until it has run"
        )
    kept = [line for line in _lines(settings) if not (_is_key(line) and _id(line) == key_id)]
    key_file.replace_lines(settings.proxy.secret_file, kept)
    return use


def _secrets(settings: Settings) -> list[str]:
    if settings.proxy.auth is Auth.NONE:
        raise SettingsError("proxy.auth is none: no key is used")
    return list(in_force.secrets(settings.proxy))


def _lines(settings: Settings) -> list[str]:
    if settings.proxy.secret:
        raise SettingsError(
            "proxy.secret holds the keys: change them there, or move them, one a line, to the "
            f"file of proxy.secret_file ({settings.proxy.secret_file})"
        )
    return key_file.read_lines(settings.proxy.secret_file)


def _is_key(line: str) -> bool:
    return bool(line.strip()) and not line.strip().startswith("#")


def _id(secret: str) -> str:
    return Key(secret.strip().encode()).id


def _files_by_key(settings: Settings) -> Counter[str]:
    files = LibraryFiles(settings.library)
    files.check_there()
    batches = look_at_files(files, strm_paths(settings.library), in_force.proof(settings))
    return Counter(
        key_id
        for batch in batches
        for file in batch
        if file.identity and file.url and (key_id := _key_of(file.url, settings.proxy.auth))
    )


def _key_of(url: str, auth: Auth) -> str | None:
    if auth is Auth.HMAC:
        return key_id_in(url)
    secret = parse_qs(urlsplit(url).query).get(KeyProof.parameter)
    return (secret and _id(secret[0])) or None
