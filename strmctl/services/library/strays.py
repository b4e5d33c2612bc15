"""The library's files that lie where no row says: moved, there twice, or of no row at all."""

from collections.abc import Iterator

from msgspec import Struct

from strmctl.domain.mapping import Mapping
from strmctl.services.keys.in_force import proof
from strmctl.services.library.tree import Kind, TreeFile, look
from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.files.library_tree import strm_paths
from strmctl.storage.files.strm_file import LibraryFiles
from strmctl.storage.tables.mappings import Mappings
from strmctl.storage.tables.resolved_urls import resolving_to


class Stray(Struct, frozen=True):
    """`row` is that of the identity or URL in the file, which has another path; None for none.

    With a URL that several rows have, a file is a stray of each of them.
    """

    file: TreeFile
    row: Mapping | None


def strays(database: Database, files: LibraryFiles, settings: Settings) -> Iterator[Stray]:
    """Raises ItemError for a folder that cannot be read."""
    mappings = Mappings(database)
    for batch in look(files, strm_paths(settings.library), proof(settings)):
        owners = mappings.owners(file.strm_path for file in batch)
        named = {
            file: file.identity
            for file in batch
            if file.identity is not None and owners.get(file.strm_path) != file.identity
        }
        rows = mappings.known(named.values())
        for file, identity in named.items():
            # One that no row knows may lie at a row's path: that row has it, whatever it names.
            if identity in rows or file.strm_path not in owners:
                yield Stray(file, rows.get(identity))
        yield from _direct(database, [file for file in batch if file.strm_path not in owners])


def homes(database: Database, files: LibraryFiles, settings: Settings) -> dict[int, str]:
    """By the ids of rows, where a file lies that holds what theirs did."""
    found = strays(database, files, settings)
    return {stray.row.id: stray.file.strm_path for stray in found if stray.row is not None}


# In mode direct a file that Sonarr has renamed is known by its URL alone.
def _direct(database: Database, unowned: list[TreeFile]) -> Iterator[Stray]:
    """Files of mode direct hold the URL of their row."""
    foreign = {file.url: file for file in unowned if file.kind is Kind.FOREIGN and file.url}
    if foreign:
        rows = resolving_to(database, foreign)
        yield from (Stray(file, row) for url, file in foreign.items() for row in rows.get(url, []))
