"""A key is known everywhere before it signs, and goes once no file is signed with it any more."""

import secrets
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct, structs

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


class KeyUse(Struct, frozen=True):
    """`files` are those of the library that are signed with it."""

    id: str
    state: KeyState
    files: int


# `keys retire -abc` would be read as options.
def new_secret() -> str:
    """A key of 256 bits; its id does not look like an option on a command line."""
    while True:
        secret = secrets.token_urlsafe(32)
        if not _id(secret).startswith("-"):
            return secret


def look(settings: Settings) -> list[KeyUse]:
    """The one that signs, those that verify, then those that files need and nobody has.

    Raises SettingsError where no usable key is to be had.
    """
    known_states = states(settings)
    files = _files_by_key(settings)
    known = [KeyUse(key_id, state, files.pop(key_id, 0)) for key_id, state in known_states.items()]
    return known + [KeyUse(id, KeyState.UNKNOWN, count) for id, count in sorted(files.items())]


def states(settings: Settings) -> dict[str, KeyState]:
    """What each key in force does, by id, without a look at the library.

    Raises SettingsError where no usable key is to be had.
    """
    ids = dict.fromkeys(_id(secret) for secret in _secrets(settings))
    return {
        key_id: KeyState.VERIFIES if number else KeyState.SIGNS for number, key_id in enumerate(ids)
    }


def add(settings: Settings, *, signs: bool = True) -> KeyUse:
    """A new key: the one that signs from now on, or one that only verifies.

    Several machines have to know a key before one of them signs with it.
    """
    _secrets(settings)
    lines = _lines(settings)
    secret = new_secret()
    # What is read first signs, as it has since 0.1.0: the file needs no other mark.
    at = _first_key(lines) if signs else len(lines)
    key_file.replace_lines(settings.proxy.secret_file, [*lines[:at], secret, *lines[at:]])
    return KeyUse(_id(secret), KeyState.SIGNS if signs else KeyState.VERIFIES, 0)


def promote(settings: Settings, key_id: str) -> KeyUse:
    """A key that verified signs from now on; the one that signed verifies.

    Raises ItemError where there is no such key. One that signs already is left as it is.
    """
    use = _known(settings, key_id)
    lines = _lines(settings)
    if use.state is KeyState.SIGNS:
        return use
    own = next(line for line in lines if _has_id(line, key_id))
    rest = [line for line in lines if not _has_id(line, key_id)]
    at = _first_key(rest)
    key_file.replace_lines(settings.proxy.secret_file, [*rest[:at], own, *rest[at:]])
    return structs.replace(use, state=KeyState.SIGNS)


def retire(settings: Settings, key_id: str, *, force: bool = False) -> KeyUse:
    """What it signed is refused from now on.

    Raises SafetyError for the last key, and, unless `force`d, for the one that signs and where
    files are signed with it; ItemError where there is no such key.
    """
    use = _known(settings, key_id)
    lines = _lines(settings)
    others = dict.fromkeys(_id(line) for line in lines if _is_key(line)).keys() - {key_id}
    # Without any key no file plays and `rewrite` has nothing to sign with.
    if not others:
        raise SafetyError(f"{key_id} is the last key: add another one first")
    if not force:
        _check_unneeded(use, len(others))
    kept = [line for line in lines if not _has_id(line, key_id)]
    key_file.replace_lines(settings.proxy.secret_file, kept)
    return use


def _check_unneeded(use: KeyUse, others: int) -> None:
    """Raises SafetyError."""
    # Which of the others signs next is the operator's choice, and every machine has to know it.
    if use.state is KeyState.SIGNS:
        raise SafetyError(
            f"{use.id} is the key that signs: let another one sign first, by `strmctl keys "
            f"promote ID` ({counted(others, 'other key')}: `strmctl keys list`), then run "
            "`strmctl rewrite`; nothing was done; with --force it goes at once"
        )
    if use.files:
        raise SafetyError(
            f"{counted(use.files, 'file')} signed with {use.id}: run `strmctl rewrite` first; "
            "nothing was done; with --force they are refused until it has run"
        )


def _known(settings: Settings, key_id: str) -> KeyUse:
    for use in look(settings):
        if use.id == key_id and use.state is not KeyState.UNKNOWN:
            return use
    raise ItemError(f"no such key: {key_id}: `strmctl keys list` shows them")


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


def _has_id(line: str, key_id: str) -> bool:
    return _is_key(line) and _id(line) == key_id


def _first_key(lines: Sequence[str]) -> int:
    return next(number for number, line in enumerate(lines) if _is_key(line))


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
