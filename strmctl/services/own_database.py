"""A player node keeps what it knows in a database of its own, which goes with it.

The one of the settings may be missing, or be a copy that is only read: once, at the start.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import structs

from strmctl.domain.counted import counted
from strmctl.domain.selection import Selection
from strmctl.errors import DatabaseError
from strmctl.settings.model import Role, Settings
from strmctl.storage.database.backup import read_copy
from strmctl.storage.database.connection import Database, database_exists
from strmctl.storage.tables.mappings import Mappings

_ANEW = "every title is resolved anew"


@contextmanager
def own_database(settings: Settings) -> Iterator[tuple[Settings, str]]:
    """The settings to serve with and, for a player node, a line that says what it begins with."""
    if settings.serve.role is Role.ALL:
        yield settings, ""
        return
    # Another node may copy the database at any time: a writer of the copy would break that.
    with TemporaryDirectory(prefix="strmctl-player-") as folder:
        file = Path(folder) / "strmctl.db"
        said = _begun_with(settings.database, file)
        yield structs.replace(settings, database=file), f"this node is a player: {said}"


def _begun_with(source: Path, file: Path) -> str:
    try:
        if not database_exists(source):
            return f"{source} does not exist: {_ANEW}"
        read_copy(source, file)
        with Database.open(file) as copy:
            number = Mappings(copy).count(Selection())
            return f"{source} is read once and never written: {counted(number, 'mapping')}"
    except DatabaseError as error:
        for part in file.parent.iterdir():
            with suppress(OSError):
                part.unlink()
        return f"{str(error).replace(str(file), str(source))}: {_ANEW}"
