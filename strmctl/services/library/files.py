"""The library's files, for whoever changes them: how they are named, who is told of a change."""

from functools import partial

from strmctl.domain.library.naming import Templates
from strmctl.errors import SettingError, UsageError
from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.files.strm_file import LibraryFiles


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
    except UsageError as error:
        raise SettingError(f"naming.{error}") from None
