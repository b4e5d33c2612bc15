"""The library's files, for whoever changes them: media servers are told of every change."""

from functools import partial

from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.files.strm_file import LibraryFiles
from strmctl.storage.tables.notices import Notices


def library_files(settings: Settings, database: Database) -> LibraryFiles:
    """Without a `[notify.NAME]` table nothing is recorded."""
    targets = [table.name for table in settings.notify]
    if not targets:
        return LibraryFiles(settings.library)
    return LibraryFiles(settings.library, partial(Notices(database).recording, targets))
