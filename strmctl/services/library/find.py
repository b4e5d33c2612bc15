"""The mappings that somebody names, changing nothing."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from strmctl.domain.mapping import Mapping
from strmctl.errors import ItemError
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.mappings import Mappings

if TYPE_CHECKING:
    from strmctl.domain.change import Finding


class UnknownMappingError(ItemError):
    http_status = 404


def one(mappings: Mappings, name: str, library: Path) -> Mapping:
    """The mapping with this id or at this path, relative to the library or to where the user is.

    Raises UnknownMappingError where there is none.
    """
    mapping = mappings.get(int(name)) if _is_id(name) else None
    mapping = mapping or mappings.by_path(name) or mappings.by_path(_in_library(name, library))
    if mapping is None:
        raise UnknownMappingError(f"no such mapping: {name}: `strmctl list` shows them")
    return mapping


def by_id(database: Database, mapping_id: int) -> Mapping:
    """Raises UnknownMappingError where there is none."""
    mapping = Mappings(database).get(mapping_id)
    if mapping is None:
        raise UnknownMappingError(f"no such mapping: {mapping_id}")
    return mapping


def each(mappings: Mappings, names: Iterable[str], library: Path) -> "Iterator[Mapping | Finding]":
    """Once each, in their order; a name of no mapping is a finding."""
    from strmctl.domain.change import Finding  # `show` needs none.

    seen: set[int] = set()
    for name in names:
        try:
            mapping = one(mappings, name, library)
        except ItemError as error:
            yield Finding("failed", name, str(error))
        else:
            if mapping.id not in seen:
                seen.add(mapping.id)
                yield mapping


def _is_id(name: str) -> bool:
    # isdigit() takes ² too, and SQLite's integers end at 19 places.
    return name.isascii() and name.isdigit() and len(name) <= 18


def _in_library(name: str, library: Path) -> str:
    absolute = Path(name).absolute()
    return absolute.relative_to(library).as_posix() if absolute.is_relative_to(library) else name
