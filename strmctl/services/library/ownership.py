"""A file is of one row, whatever paths lead to it: through links, or on a disk that takes upper
and lower case for the same."""

from collections.abc import Iterable, Iterator, Mapping as Table, Sequence
from pathlib import PurePosixPath

from msgspec import Struct

from strmctl.domain.identity import Identity
from strmctl.domain.library import strm_text
from strmctl.domain.library.library_path import PathTakenError
from strmctl.domain.mapping import Mapping
from strmctl.domain.urls import playback_url
from strmctl.errors import ItemError
from strmctl.storage.database.connection import Database
from strmctl.storage.files.strm_file import Content, LibraryFiles
from strmctl.storage.tables.mappings import Mappings
from strmctl.storage.tables.resolved_urls import resolved_before, resolving_to


class Twin(Struct, frozen=True):
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
        # APFS, NTFS and SMB take "Dark" and "dark" for one name.
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
    """Twins among files that exist already: what a file holds tells which row it belongs to."""
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


class ForeignFileError(ItemError):
    http_status = 409


def check_own(
    strm_path: str, content: bytes | None, versions: Iterable[Mapping], mappings: Mappings
) -> None:
    """Raises ForeignFileError for content that is none of a mapping's; `versions` are the mapping
    as it is and as it shall be.

    Its own are its playback URL, its upstream URL, and those it had before: a killed run may
    have left one of them.
    """
    if is_foreign(content, versions, mappings):
        raise ForeignFileError(
            f"{strm_path}: holds something else: move it away, or write with --force"
        )


def is_foreign(content: bytes | None, versions: Iterable[Mapping], mappings: Mappings) -> bool:
    url = strm_text.parse(content or b"").url
    if url is None:
        return False
    named = playback_url.identity_in(url)
    return not any(
        named == mapping.identity
        or (mapping.resolution is not None and mapping.resolution.url == url)
        or mappings.has_resolved_to(mapping.id, url)
        for mapping in versions
    )


class UrlOwners:
    """For one look at the library, batch by batch: no row is given to two files while another
    one lacks its file."""

    def __init__(self, database: Database, files: LibraryFiles) -> None:
        self._database, self._files = database, files
        self._given: set[int] = set()

    def find(self, urls: Table[str, str]) -> dict[str, Mapping]:
        """By path, for the URLs in files by their paths."""
        paths: dict[str, list[str]] = {}
        for path, url in urls.items():
            paths.setdefault(url, []).append(path)
        found: dict[str, Mapping] = {}
        current = resolving_to(self._database, paths)
        former = [url for url in paths if url not in current]
        before = resolved_before(self._database, former) if former else {}
        for url, rows in (current | before).items():
            if len(rows) == 1:
                found |= dict.fromkeys(paths[url], rows[0])
            else:
                found |= self._shared(paths[url], rows)
        return found

    def _shared(self, paths: Sequence[str], rows: Sequence[Mapping]) -> dict[str, Mapping]:
        """A file that has kept its name goes to the row of that name."""
        contents = self._files.read_all(row.strm_path for row in rows)
        lacking = {
            row.id: row
            for row in rows
            if row.id not in self._given and not is_at_home(row, contents[row.strm_path])
        }
        namesakes: dict[str, list[Mapping]] = {}
        for row in rows:
            namesakes.setdefault(_name(row.strm_path), []).append(row)
        found: dict[str, Mapping] = {}
        for path in paths:
            same = namesakes.get(_name(path), [])
            in_place = (row for row in same if self._files.is_one(row.strm_path, path))
            owner = next(in_place, None) or _taken(lacking, same)
            if owner is not None:
                found[path] = owner
        for path in paths:
            if path not in found:
                found[path] = lacking.pop(next(iter(lacking))) if lacking else rows[0]
        self._given |= {row.id for row in found.values()}
        return found


def is_at_home(row: Mapping, content: Content) -> bool:
    """Whether what its path holds is the row's, or cannot be looked at."""
    if isinstance(content, ItemError):
        return True
    url = strm_text.parse(content or b"").url
    return url is not None and (
        playback_url.identity_in(url) == row.identity
        or (row.resolution is not None and row.resolution.url == url)
    )


def _taken(lacking: dict[int, Mapping], rows: Iterable[Mapping]) -> Mapping | None:
    """The first of the rows that lacks its file, which is one fewer then."""
    return next((lacking.pop(row.id) for row in rows if row.id in lacking), None)


def _name(path: str) -> str:
    return PurePosixPath(path).name.casefold()
