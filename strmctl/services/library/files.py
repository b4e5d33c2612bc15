"""What the settings say of the library's files: how they are named, and who hears of a change."""

from functools import partial

from strmctl.domain.library.naming import TemplateError, Templates
from strmctl.errors import SettingError
from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.files.strm_file import LibraryFiles


def library_files(settings: Settings, database: Database) -> LibraryFiles:
    """The files in the folder that the settings name.

    Each change is recorded for every `[notify.NAME]` table.
    """
    targets = [table.name for table in settings.notify]
    # Notices for nobody would fill the database.
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
