"""A library that is not mounted is not an empty library: nothing is written in its place."""

from collections.abc import Iterable

from strmctl.domain.brake import ALWAYS_ALLOWED
from strmctl.domain.counted import counted
from strmctl.domain.selection import Selection
from strmctl.errors import ItemError
from strmctl.services.library.files import library_files
from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database, database_exists
from strmctl.storage.files.library_tree import is_empty, is_folder, strm_paths
from strmctl.storage.files.strm_file import LibraryFiles
from strmctl.storage.tables.journal import Journal
from strmctl.storage.tables.mappings import Mappings


def files_there(
    settings: Settings, database: Database, *, may_be_empty: bool = False
) -> LibraryFiles:
    """The files of a library that is there, for a run that changes them.

    Raises ItemError where it is gone, or holds nothing though it should.
    """
    files = library_files(settings, database)
    files.check_there()
    if not may_be_empty:
        # A few files may well have been deleted: nobody can tell that from a disk that is away.
        check_mounted(settings, database, few=ALWAYS_ALLOWED)
    return files


def check_mounted(
    settings: Settings, database: Database, *, but: Iterable[str] = (), few: int = 0
) -> None:
    """Raises ItemError where the library is gone, or empty though more than a `few` mappings have
    files in it. Mappings with the paths `but` do not count: their files may have been deleted."""
    library = settings.library
    # What is written below a mount point vanishes with the next mount, and until then `prune`
    # takes it for the library.
    if is_folder(library) and not is_empty(library):
        return
    if (mappings := Journal(database).mappings_with_files(but)) > few:
        LibraryFiles(library).check_there()
        raise ItemError(
            f"{library}: holds nothing, though {counted(mappings, 'mapping')} "
            f"{'has its file' if mappings == 1 else 'have their files'} there: mount it, or set "
            "`library` (deleted for good? `strmctl prune --force` forgets them, `strmctl rewrite "
            "--create-missing --force` makes them again)"
        )


def emptied(settings: Settings, database: Database, *, but: Iterable[str] = ()) -> str | None:
    """For who would forget mappings because their files are gone: why the library is taken for one
    that is not mounted. A folder or an image that is left says nothing, a single `.strm` does."""
    # Also those of a killed run: its files may have been there long before, as for `import`.
    mappings = Mappings(database).count(Selection()) - len({*but})
    if not mappings or next(strm_paths(settings.library), None) is not None:
        return None
    there_are = "there is" if mappings == 1 else "there are"
    return (
        f"{settings.library}: holds no .strm though {there_are} {counted(mappings, 'mapping')}: "
        "is it mounted?"
    )


def check_may_be_made(settings: Settings) -> None:
    """For who would make a missing library's folder: raises ItemError where mappings have files
    in it. The new folder would hide that it is not mounted."""
    if is_folder(settings.library) or not database_exists(settings.database):
        return
    with Database.open(settings.database) as database:
        check_mounted(settings, database)
