"""Only a database that holds nothing, or that nobody can read, is made anew from the library."""

from pathlib import Path

from strmctl.domain.selection import Selection
from strmctl.errors import SafetyError
from strmctl.services.changing.rebuild import put_aside
from strmctl.services.keys import in_force
from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database, database_exists
from strmctl.storage.database.integrity import is_damaged
from strmctl.storage.files.strm_file import LibraryFiles
from strmctl.storage.tables.mappings import Mappings


def make_way(settings: Settings) -> Path | None:
    """Where a damaged database lies now; None where none was in the way.

    Call it under the run lock. Raises SafetyError for a database with mappings, and before
    anything is moved what would keep the new one from being made: SettingsError, ItemError,
    DatabaseError.
    """
    in_force.proof(settings)
    LibraryFiles(settings.library).check_there()
    if not database_exists(settings.database):
        return None
    if is_damaged(settings.database):
        return put_aside(settings.database)
    with Database.open(settings.database) as database:
        if count := Mappings(database).count(Selection()):
            raise SafetyError(
                f"{settings.database}: holds {count} mappings and is not damaged: `strmctl import` "
                "adds what it does not know; move it away to make a new one from the library"
            )
    return None
