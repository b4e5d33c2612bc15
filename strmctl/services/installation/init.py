"""`init` makes what is missing and never touches what is there."""

import json
import os
import re
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from strmctl.errors import SettingsError
from strmctl.services.installation.keys import new_secret
from strmctl.services.keys import in_force
from strmctl.services.library.mounted import check_may_be_made
from strmctl.settings.load import load
from strmctl.settings.model import Auth, Settings
from strmctl.storage.database.connection import Database, database_exists
from strmctl.storage.files.library_tree import is_folder


class Made(Struct, frozen=True):
    """One thing that a library needs; `created` is False where it was there already."""

    what: str
    path: Path
    created: bool


def init(file: Path, values: Mapping[str, str | int]) -> Sequence[Made]:
    """Make the settings file with `values` in it, then the key, library and database it names.

    `values` are strings and numbers by the name of their key. Raises SettingsError
    and DatabaseError.
    """
    file = file.absolute()
    text = settings_text({**_listening(values.get("public_base_url")), **values})
    is_new_file = _create(file, text, 0o600)
    try:
        settings = load(file).settings
        check_may_be_made(settings)
        library = _make_library(settings.library)
    except SettingsError:
        # With a file that names this library, `init --library` of another one would fail as well.
        if is_new_file:
            file.unlink()
        raise
    key = _make_key(settings)
    is_new = not database_exists(settings.database)
    Database.open(settings.database).close()
    made = Made("settings", file, is_new_file)
    return [made, *key, library, Made("database", settings.database, is_new)]


def settings_text(values: Mapping[str, str | int]) -> str:
    """The commented settings file, with some values replaced."""
    text = resources.files("strmctl.settings").joinpath("template.toml").read_text("utf-8")
    for name, value in values.items():
        before = re.search(rf'^{name} = ("[^"]*"|\d+)', text, re.MULTILINE)
        if before is None:
            raise KeyError(name)
        line = f"{name} = {json.dumps(value, ensure_ascii=False)}"
        text = text[: before.start()] + line + text[before.end() :]
    return text


def _listening(base_url: str | int | None) -> Mapping[str, int]:
    """The port that a plain http base URL names: no other server stands before that one."""
    parts = urlsplit(str(base_url or ""))
    return {"port": parts.port} if parts.scheme == "http" and parts.port else {}


def _make_key(settings: Settings) -> Sequence[Made]:
    proxy = settings.proxy
    # The key may come from the environment, as containers have it.
    if proxy.secret or proxy.auth is Auth.NONE:
        return ()
    created = _create(proxy.secret_file, new_secret() + "\n", 0o600)
    in_force.secrets(proxy)
    return (Made("key", proxy.secret_file, created),)


def _make_library(folder: Path) -> Made:
    created = not is_folder(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except PermissionError:
        raise SettingsError(
            f"{folder}: this user cannot make the library: run `install -d -o {os.geteuid()} "
            f"-g {os.getegid()} {folder}` as root, or choose another folder"
        ) from None
    except OSError as error:
        raise SettingsError(f"{folder}: the library cannot be made: {error.strerror}") from None
    # Docker makes a folder that it mounts as root; on a read-only mount root may not write either.
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SettingsError(
            f"{folder}: this user cannot write the library: "
            f"run `chown {os.geteuid()}:{os.getegid()} {folder}` as root, or run as its owner"
        )
    return Made("library", folder, created)


def _create(file: Path, text: str, mode: int) -> bool:
    try:
        # O_EXCL: a key that another `init` has just made is not overwritten (open(2)).
        descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
    except FileExistsError:
        return False
    except OSError as error:
        raise SettingsError(f"{file}: cannot be written: {error.strerror}") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        # A key lost with the power would orphan every file that it has signed.
        os.fsync(stream.fileno())
    return True
