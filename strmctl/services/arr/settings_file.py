"""Writes `[arr] paths` into the settings file; every other byte of it stays as it is."""

import secrets
from collections.abc import Mapping
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AbstractTable

from strmctl.errors import SettingsError
from strmctl.storage.files.durable import replace_file, sync


def add_paths(file: Path, paths: Mapping[str, str]) -> None:
    """Raises SettingsError where the file cannot be read, understood or written."""
    try:
        # Notepad on Windows saves a BOM, which TOML does not know.
        document = tomlkit.parse(file.read_text(encoding="utf-8-sig"))
        table = _table(document, "arr", tomlkit.table())
        _table(table, "paths", tomlkit.inline_table()).update(paths)
        _replace(file, tomlkit.dumps(document).encode())
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: not TOML: {error}") from None
    except OSError as error:
        raise SettingsError(f"{file}: cannot be written: {error.strerror}") from None


def _table(
    parent: tomlkit.TOMLDocument | AbstractTable, name: str, new: AbstractTable
) -> AbstractTable:
    if name not in parent:
        parent[name] = new
    table = parent[name]
    if not isinstance(table, AbstractTable):
        raise TOMLKitError(f"{name} is no table")
    return table


def _replace(file: Path, content: bytes) -> None:
    """What is a link stays one; owner and mode are kept, since it may hold tokens."""
    # It may be a link, as dotfile managers make them.
    target = file.resolve()
    status = target.stat()
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    replace_file(temporary, target, content, owner=status.st_uid)
    target.chmod(status.st_mode & 0o7777)
    sync(target.parent)
