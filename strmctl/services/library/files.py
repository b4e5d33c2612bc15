"""The library's files, for whoever changes them: how they are named, who is told of a change.

A library that is not mounted is not an empty library: nothing is written in its place.
"""

from collections.abc import Iterable
from functools import partial

from strmctl.domain.counted import counted
from strmctl.domain.library.naming import TemplateError, Templates
from strmctl.errors import ItemError, SettingError
from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.files.library_tree import is_empty, is_folder
from strmctl.storage.files.strm_file import LibraryFiles
from strmctl.storage.tables.journal import Journal


# Notices for nobody would fill the database.
def library_files(settings: Settings, database: Database) -> LibraryFiles:
    """Without a `[notify.NAME]` table nothing is recorded."""
    targets = [table.name for table in settings.notify]
    if not targets:
        return LibraryFiles(settings.library)
    from strmctl.storage.tables.notices import Notices

    return LibraryFiles(settings.library, partial(Notices(database).recording, targets))


def templates(settings: Settings) -> Templates:
    """Raises SettingsError, naming key and token."""
    naming = settings.naming
    try:
        return Templates(naming.series, naming.season, naming.episode, naming.film)
    except TemplateError as error:
        raise SettingError(f"naming.{error.key}", error.what) from None


def check_mounted(
    settings: Settings, database: Database, *, but: Iterable[str] = (), few: int = 0
) -> None:
    """Raises ItemError for a library that is gone, or holds nothing though more than a `few`
    mappings have files in it; those with the paths `but` may have been deleted."""
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
