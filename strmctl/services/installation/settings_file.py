"""Writes tables into the settings file; every other byte of it stays as it is."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AbstractTable

from strmctl.errors import SettingsError
from strmctl.storage.files.durable import replace_file, sync


def add_paths(file: Path, paths: Mapping[str, str]) -> None:
    """`[arr] paths`. Raises SettingsError where the file cannot be read, understood or written."""
    with _edited(file) as document:
        table = _table(document, "arr", tomlkit.table())
        _table(table, "paths", tomlkit.inline_table()).update(paths)


def put_resolver(file: Path, name: str, table: Mapping[str, object]) -> None:
    """`[resolvers.NAME]`, in place of what stood there. Raises SettingsError likewise."""
    with _edited(file) as document:
        tables = _table(document, "resolvers", tomlkit.table(is_super_table=True))
        tables[name] = _shown(table)


def resolver_text(name: str, table: Mapping[str, object]) -> str:
    """The same as text, for whoever puts it there."""
    document = tomlkit.document()
    document["resolvers"] = tomlkit.table(is_super_table=True)
    _table(document, "resolvers", tomlkit.table())[name] = _shown(table)
    return tomlkit.dumps(document).rstrip("\n") + "\n"


def _shown(table: Mapping[str, object]) -> tomlkit.items.Table:
    shown = tomlkit.table()
    shown.update(table)
    return shown


@contextmanager
def _edited(file: Path) -> Iterator[tomlkit.TOMLDocument]:
    try:
        # Notepad on Windows saves a BOM, which TOML does not know.
        document = tomlkit.parse(file.read_text(encoding="utf-8-sig"))
        yield document
        text = tomlkit.dumps(document)
        _replace(file, (text if text.endswith("\n") else f"{text}\n").encode())
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
