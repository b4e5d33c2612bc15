"""A lost database is made again from the tree: every own file names its identity.

Titles come from the paths; what the mappings resolved to, and their history, has gone with it.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from strmctl.domain.change import Finding
from strmctl.services.changing.change_run import ChangeRun, Done
from strmctl.services.changing.import_ import Importing
from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.files.strm_file import LibraryFiles


def rebuild(settings: Settings) -> Iterator[Done | Finding]:
    """Each file as it is known again; rows that are there stay. No file is changed.

    Call it under the run lock. The database is made where there is none. Findings are of the
    kinds of services/changing/import_.py: "foreign" files hold direct URLs, which say nothing of an
    identity.
    Raises ItemError where there is no library.
    """
    files = LibraryFiles(settings.library)
    files.check_there()
    with Database.open(settings.database) as database:
        run = ChangeRun(database, files, "doctor --rebuild", limit=settings.safety.max_change)
        for step in run.plan(Importing(settings, database, files).plan()):
            if isinstance(step, Finding):
                yield step
        yield from run.carry_out()


def set_aside(database: Path) -> Path | None:
    """Rename a damaged database, with its write-ahead log, so that `rebuild` can make a new one;
    None where there is none. Call it while nobody has it open."""
    if not database.exists():
        return None
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    aside = database.with_name(f"{database.name}.damaged-{now}")
    # SQLite would read the old write-ahead log into the new database.
    for suffix in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            Path(f"{database}{suffix}").rename(f"{aside}{suffix}")
    return database.rename(aside)
