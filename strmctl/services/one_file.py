"""A file is of one row, whatever paths lead to it: through links, or on a disk that takes upper
and lower case for the same."""

from collections.abc import Iterator
from collections.abc import Mapping as Table
from dataclasses import dataclass

from strmctl.domain import playback_url, strm_text
from strmctl.domain.identity import Identity
from strmctl.domain.library_path import PathTakenError
from strmctl.storage.database import Database
from strmctl.storage.mappings import Mappings
from strmctl.storage.resolved_urls import resolving_to
from strmctl.storage.strm_file import Content, LibraryFiles


@dataclass(frozen=True, slots=True)
class Twin:
    """A path of `identity` that may name the file which `owner` has at an `other` path."""

    identity: Identity
    strm_path: str
    owner: Identity
    other: str


def in_batch(places: Table[Identity, str], files: LibraryFiles) -> list[Twin]:
    """All but the first of those that may name one file; the disk tells once that is written."""
    alike = files.places(places.values())
    first: dict[str, Identity] = {}
    for identity, path in places.items():
        first.setdefault(alike[path], identity)
    owners = {identity: first[alike[path]] for identity, path in places.items()}
    return [
        Twin(identity, places[identity], owner, places[owner])
        for identity, owner in owners.items()
        if identity != owner
    ]


def in_library(
    places: Table[Identity, str], contents: Table[str, Content], database: Database, *, direct: bool
) -> Iterator[Twin]:
    """Of places that are there already: what they hold tells whose file they may name."""
    urls = {
        identity: url
        for identity, path in places.items()
        if isinstance(content := contents[path], bytes)
        and (url := strm_text.parse(content).url) is not None
    }
    named = {identity: playback_url.identity_in(url) for identity, url in urls.items()}
    rows = Mappings(database).known(name for name in named.values() if name)
    resolving = resolving_to(database, urls.values()) if direct and urls else {}
    for identity, name in named.items():
        for row in [rows[name]] if name in rows else resolving.get(urls[identity], []):
            if row.identity != identity:
                yield Twin(identity, places[identity], row.identity, row.strm_path)


def refusal(twin: Twin, files: LibraryFiles) -> PathTakenError | None:
    """None where each path has a file of its own."""
    if not files.is_one(twin.strm_path, twin.other):
        return None
    return PathTakenError(
        f"{twin.strm_path} is the same file as {twin.other}, which belongs to {twin.owner}: "
        "give a path of its own"
    )
