"""What is strmctl's own is put right: files that moved are followed, old contents rewritten.

Foreign, edited and duplicate files are never touched; the brake holds as it does for commands.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from strmctl.domain.change import Action, Change, Step
from strmctl.domain.selection import Selection
from strmctl.errors import ItemError, SafetyError, SettingsError
from strmctl.services.changing.change_run import ChangeRun
from strmctl.services.changing.import_ import Importing
from strmctl.services.changing.rebuild import set_aside
from strmctl.services.changing.rewrite import Rewriting
from strmctl.services.doctor.finding import Finding, of_error
from strmctl.services.doctor.installation import Installation
from strmctl.services.keys import in_force
from strmctl.services.library.files import library_files
from strmctl.services.library.mounted import files_there
from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database, database_exists
from strmctl.storage.database.integrity import is_damaged
from strmctl.storage.files.strm_file import LibraryFiles
from strmctl.storage.tables.mappings import Mappings


def library_mended(installation: Installation) -> Iterator[Finding]:
    """Comes before the library is examined, which tells what is left."""
    database = installation.usable_database() if installation.fix else None
    if database is None:
        return
    settings, files = installation.settings, installation.files
    try:
        files_there(settings, database)
        importing, rewriting = Importing(settings, database, files), Rewriting(settings)
    except (ItemError, SettingsError):  # the examination says it
        return
    moved = _Mending(installation, database, "moved", Action.MOVED)
    yield from moved.carry_out(importing.plan())
    outdated = _Mending(installation, database, "outdated", Action.REWRITTEN)
    yield from outdated.carry_out(rewriting.plan(database, files, Selection()))


class _Mending:
    """Only the changes of one kind in a plan; the examination reports the others."""

    def __init__(
        self, installation: Installation, database: Database, check: str, action: Action
    ) -> None:
        self._installation, self._database = installation, database
        self._check, self._action = check, action

    def carry_out(self, steps: Iterable[Step]) -> Iterator[Finding]:
        files = library_files(self._installation.settings, self._database)
        force, most = self._installation.force, self._installation.settings.safety.max_change
        limit = None if force else most
        run = ChangeRun(self._database, files, "doctor --fix", limit=limit)
        for _ in run.plan(step for step in steps if self._is_wanted(step)):
            pass
        try:
            yield from self._done(run)
        except SafetyError as error:
            yield of_error(error, "safety", self._check, "`strmctl doctor --fix --force`")

    def _done(self, run: ChangeRun) -> Iterator[Finding]:
        for done in run.carry_out():
            path = done.change.strm_path
            if done.error is None:
                yield replace(Finding.warning(self._check, path, self._what_was_done()), fixed=True)
            else:
                yield of_error(done.error, self._check, path)

    def _is_wanted(self, step: Step) -> bool:
        return isinstance(step, Change) and step.action is self._action

    def _what_was_done(self) -> str:
        return {Action.MOVED: "its mapping follows it"}.get(
            self._action, "is now what the settings want"
        )


def make_way(settings: Settings) -> Path | None:
    """Where a damaged database lies now; None where none was in the way.

    Only one that holds nothing, or that nobody can read, is made anew from the library.
    Call it under the run lock. Raises SafetyError for a database with mappings, and before
    anything is moved what would keep the new one from being made: SettingsError, ItemError,
    DatabaseError.
    """
    in_force.proof(settings)
    LibraryFiles(settings.library).check_there()
    if not database_exists(settings.database):
        return None
    if is_damaged(settings.database):
        return set_aside(settings.database)
    with Database.open(settings.database) as database:
        if count := Mappings(database).count(Selection()):
            raise SafetyError(
                f"{settings.database}: holds {count} mappings and is not damaged: `strmctl import` "
                "adds what it does not know; move it away to make a new one from the library"
            )
    return None
