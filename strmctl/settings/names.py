"""Every key of the settings, its kind and its default, read from the types in `model.py`."""

from enum import StrEnum
from typing import Annotated, Any, get_args, get_origin

from msgspec import NODEFAULT, Struct, structs
from msgspec.inspect import is_struct_type

from strmctl.settings.model import ArrServer, NotifySettings, ResolverSettings, Settings
from strmctl.settings.values import PLAIN, Kind, choice, option


class Key(Struct, frozen=True):
    """`name` is `section.key`, or `key` at the top; a required key has no default."""

    name: str
    kind: Kind
    default: object = None
    required: bool = False


def _kind(annotation: Any) -> Kind:
    if get_origin(annotation) is Annotated:
        return next(mark for mark in get_args(annotation) if isinstance(mark, Kind))
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return choice(annotation)
    return PLAIN[annotation]


TABLES: dict[str, Any] = {
    "resolvers": ResolverSettings,
    "notify": NotifySettings,
    "arr": ArrServer,
}
"""Sections that hold tables with names of their own, `[resolvers.NAME]`; `arr` holds keys, too."""
_OPEN = ("resolvers",)
"""Their tables take more keys than are known here."""


def _keys(shape: type, prefix: str = "") -> dict[str, Key]:
    return {
        prefix + field.name: Key(
            name=prefix + field.name,
            kind=_kind(field.type),
            default=None if field.default is NODEFAULT else field.default,
            required=field.default is NODEFAULT,
        )
        for field in structs.fields(shape)
        if field.name not in (*SECTIONS, *TABLES, "people", "name", "options", "servers")
    }


SECTIONS: dict[str, Any] = {
    field.name: field.type for field in structs.fields(Settings) if is_struct_type(field.type)
}
KEYS: dict[str, Key] = _keys(Settings)
for _name, _shape in SECTIONS.items():
    KEYS |= _keys(_shape, f"{_name}.")

TABLE_KEYS = {name: _keys(shape) for name, shape in TABLES.items()}


def table_key(section: str, table: str, key: str) -> Key | None:
    """The key `section.table.key`; in a resolver's table those that only its kind knows take any
    value, elsewhere there are none but the known."""
    known = TABLE_KEYS[section].get(key)
    name = f"{section}.{table}.{key}"
    if known is not None:
        return Key(name, known.kind, known.default, known.required)
    return Key(name, option(key)) if section in _OPEN else None


def in_force(settings: Settings) -> list[tuple[str, object]]:
    """Every key of these settings with its value, fit to be shown: secrets are masked."""
    found = []
    for key in KEYS.values():
        section, _, name = key.name.rpartition(".")
        value = getattr(getattr(settings, section) if section else settings, name)
        found.append((key.name, key.kind.show(value)))
    tables = (
        ("resolvers", settings.resolvers),
        ("notify", (*settings.notify, *settings.people)),
        ("arr", settings.arr.servers),
    )
    for section, rows in tables:
        for row in rows:
            found += _of_table(section, row)
    return found


def _of_table(section: str, row: Any) -> list[tuple[str, object]]:
    prefix = f"{section}.{row.name}."
    found = [
        (prefix + key.name, key.kind.show(getattr(row, key.name)))
        for key in TABLE_KEYS[section].values()
    ]
    options = getattr(row, "options", {})
    return found + [(prefix + name, option(name).show(it)) for name, it in options.items()]
