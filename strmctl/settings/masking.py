"""What looks like a secret is shown as `***`: better too much than too little."""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

MASK = "***"
_WORDS = "token|passw|key|secret|auth|cookie|credential|header"
# Texts: every command imports this, and `re` compiles them for those that ask.
_SECRET_NAME = rf"(?i:{_WORDS})"
_SECRET_OPTION = rf"-+[\w-]*{_SECRET_NAME}[\w-]*"
_URL = r"[A-Za-z][A-Za-z0-9+.-]*://\S*"
_ADDON = r"(?s)^/.+(/manifest\.json/?)$"
# `--token SECRET`, `--token=SECRET`, `API_KEY=SECRET`, `Authorization: SECRET`
_GIVEN_SECRET = rf"(?s)((?:^|\s)(?:{_SECRET_OPTION}[=:\s]|[\w-]*{_SECRET_NAME}[\w-]*[=:])\s*)\S.*"


def is_secret_name(name: str) -> bool:
    return re.search(_SECRET_NAME, name) is not None


def hide_credentials(url: str) -> str:
    """A URL without user, password, query and an addon's configuration, fit to be shown."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return MASK
    # A password may hold an "@" that nobody has encoded.
    host = parts.netloc.rpartition("@")[2]
    hidden = f"{MASK}@{host}" if "@" in parts.netloc else host
    query = MASK if parts.query else ""
    # An addon's user has their keys in the path of its manifest.
    path = re.sub(_ADDON, rf"/{MASK}\1", parts.path)
    return parts._replace(netloc=hidden, path=path, query=query, fragment="").geturl()


def masked(value: object, *, secret: bool = False) -> object:
    """Any TOML value; `secret` says that all of it is one."""
    if isinstance(value, dict):
        return {
            name: masked(item, secret=secret or is_secret_name(name))
            for name, item in value.items()
        }
    if isinstance(value, list):
        return masked_words(value, secret=secret)
    if secret:
        return MASK
    return _masked_text(value) if isinstance(value, str) else value


def masked_words(words: Sequence[object], *, secret: bool = False) -> list[object]:
    """A list may be a command line, where a secret follows the option that is called so."""
    before = ["", *words]
    return [
        masked(word, secret=secret or (_asks_for_secret(option) and not _is_option(word)))
        for option, word in zip(before, words, strict=False)
    ]


def _asks_for_secret(word: object) -> bool:
    return isinstance(word, str) and re.fullmatch(_SECRET_OPTION, word) is not None


def _is_option(word: object) -> bool:
    # One hyphen may begin a secret: base64url has it.
    return isinstance(word, str) and word.startswith("--")


def _masked_text(text: str) -> str:
    without_credentials = re.sub(_URL, lambda match: hide_credentials(match[0]), text)
    return re.sub(_GIVEN_SECRET, rf"\1{MASK}", without_credentials)
