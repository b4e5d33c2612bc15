"""Sonarr and Radarr move, rename and delete files: the mappings' paths follow.

A file is touched only where it moved while a run renewed its link, in mode direct. What lies
where they say is believed for its content alone, and a mapping is forgotten only when its file is
really gone. The same event twice changes nothing the second time.
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from msgspec import Struct, structs

from strmctl.domain import brake
from strmctl.domain.change import Action, Change, Finding, Step
from strmctl.domain.library.arr_about import About
from strmctl.domain.library.arr_event import ArrEvent, Sender, read
from strmctl.domain.library.arr_path import Spellings
from strmctl.domain.mapping import Mapping
from strmctl.domain.selection import Selection
from strmctl.errors import ItemError, SafetyError
from strmctl.services.arr.passing import Passed, Passing
from strmctl.services.arr.places import Places
from strmctl.services.changing.change_run import ChangeRun
from strmctl.services.changing.import_ import TAKEN, UNCHANGED, Importing
from strmctl.services.library.direct_files import direct_files
from strmctl.services.library.mounted import emptied
from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.files.library_tree import strm_paths
from strmctl.storage.files.strm_file import LibraryFiles
from strmctl.storage.locks.run_lock import run_lock
from strmctl.storage.tables.arr_events import ArrMisses, Miss
from strmctl.storage.tables.mappings import Mappings

log = logging.getLogger(__name__)

NOT_FOUND, THERE = "not_found", "there"
NOT_DONE = frozenset({NOT_FOUND, "duplicate", "taken", "foreign", "bad", "failed"})
"""Outcomes that ask somebody to look."""

_NO_FILE = "no such file in the library"

_LOGGED = 20
"""So many lines for one event; the page shows more."""


class FileOutcome(Struct, frozen=True):
    """What became of one file that the event speaks of.

    `outcome` is an Action or the kind of a Finding: `moved`, `created` (its file was known to no
    mapping), `removed` (forgotten), `unchanged`, `there` (not gone after all), `not_found`,
    `duplicate`, `taken`, `foreign`, `bad`, `failed`.
    """

    strm_path: str
    outcome: str
    reason: str = ""
    mapping_id: int | None = None


class Received(Struct, frozen=True):
    """`ignored` is an event that concerns no `.strm` file; one that is `waiting` has done nothing
    yet, since another run holds the lock."""

    sender: Sender
    event: str
    ignored: bool
    files: Sequence[FileOutcome] = ()
    waiting: bool = False


def receive(settings: Settings, database: Database, sender: Sender, payload: object) -> Received:
    """Raises UsageError for what is no webhook of theirs,
    LockedError, ItemError where there is no library, SafetyError where more would be forgotten
    than safety.max_change, DatabaseError, and SettingsError where no usable key is to be had.
    """
    event = read(sender, payload)
    # Sonarr's Test button and its health events.
    if not event.concerns_files:
        return Received(sender, event.name, ignored=True)
    with run_lock(database.path, f"serve ({sender.value}: {event.name})"):
        files = list(_Following(settings, database).follow(sender, event))
    _report(database, sender, event, files)
    return Received(sender, event.name, ignored=False, files=files)


def named_as_gone(settings: Settings, database: Database, event: ArrEvent) -> list[Mapping]:
    """The rows of the files that it says are deleted, without another in their place."""
    if event.present:
        return []
    places = Places(settings, Mappings(database), LibraryFiles(settings.library))
    named = [row for file in event.gone if (row := places.row(file)) is not None]
    if event.gone_folder is not None:
        named += [row for row in places.below(event.gone_folder)[1] if _is_gone(row, event)]
    return named


def _report(
    database: Database, sender: Sender, event: ArrEvent, files: Sequence[FileOutcome]
) -> None:
    """Neither of them shows an answer to anybody, so misses are for the log and the page."""
    now = datetime.now(UTC)
    misses = [
        Miss(sender, event.name, file.strm_path, file.outcome, file.reason, now)
        for file in files
        if file.outcome in NOT_DONE
    ]
    # A Rename of a long series names a thousand files.
    for miss in misses[:_LOGGED]:
        log.warning("%s: %s %s: %s", sender, miss.outcome, miss.path, miss.reason)
    if len(misses) > _LOGGED:
        log.warning("%s: %d more files were not followed", sender, len(misses) - _LOGGED)
    ArrMisses(database).put(misses)


class _Following:
    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings, self._database = settings, database
        self._mappings = Mappings(database)
        self._files = LibraryFiles(settings.library)
        self._places = Places(settings, self._mappings, self._files)
        self._files.check_there()
        self._direct = direct_files(settings, self._mappings)

    def follow(self, sender: Sender, event: ArrEvent) -> Iterator[FileOutcome]:
        # Sonarr may rename all that it has; only what it makes forget is braked, by `_plan`.
        run = ChangeRun(self._database, self._files, sender.value, limit=None)
        try:
            found = [step for step in run.plan(self._plan(event)) if isinstance(step, Finding)]
        except SafetyError:
            run.discard()
            raise
        for finding in found:
            yield _outcome(finding, finding.kind, finding.reason)
        for done in run.carry_out():
            if done.error is None:
                self._catch_up(done.change)
            kind = "failed" if done.error else done.change.action.value
            yield _outcome(done.change, kind, str(done.error or ""))

    def _catch_up(self, change: Change) -> None:
        row = change.row_after
        if self._direct is None or row is None or row.resolution is None:
            return
        # The run that renewed its link meanwhile found no file at the old place.
        try:
            self._direct.catch_up(row, row.resolution)
        except ItemError as error:
            log.warning("%s: it keeps its old link until the next run: %s", row.strm_path, error)

    def _plan(self, event: ArrEvent) -> Iterator[Step]:
        moving: set[int] = set()
        for step in self._arrivals(event):
            # A file that Sonarr renames is gone at one path and there at another: not forgotten.
            if isinstance(step, Change) and step.row_before is not None:
                moving.add(step.row_before.id)
            yield step
        departed = list(self._departures(event, moving))
        self._brake([step for step in departed if isinstance(step, Change)])
        yield from departed

    def _arrivals(self, event: ArrEvent) -> Iterator[Step]:
        places = {tuple(file): self._places.file(file) for file in event.present}
        here = [place for place in places.values() if place is not None]
        absent = [file for file, place in places.items() if place is None]
        passed = Passing(self._settings, self._places, self._mappings, self._files).of(
            event, absent
        )
        yield from (_not_found(file, _NO_FILE) for file in absent if file not in passed)
        # Older Sonarr 3 says Rename without a list of files, so the folder is looked at.
        if event.changed_folder is not None:
            folder = self._places.folder(event.changed_folder)
            if folder is None:
                yield _not_found([event.changed_folder], "no such folder in the library")
            else:
                here += strm_paths(self._settings.library, folder)
        if here or passed:
            yield from self._followed(here, passed, event.about)

    def _followed(self, here: Sequence[str], passed: Passed, about: About) -> Iterator[Step]:
        absent = {place: file for file, (place, _) in passed.items()}
        importing = Importing(self._settings, self._database, self._files)
        for step in importing.plan(only=list(dict.fromkeys(here)), passed=dict(passed.values())):
            # No file is there that could hold another's URL.
            if isinstance(step, Finding) and step.kind == TAKEN and step.strm_path in absent:
                yield _not_found(absent[step.strm_path], f"{_NO_FILE}, and another has its path")
            else:
                yield _knowing(step, about)

    def _departures(self, event: ArrEvent, moving: set[int]) -> Iterator[Step]:
        rows: dict[int, Mapping] = {}
        for file in event.gone:
            row = self._places.row(file)
            if row is None:
                yield _not_found(file, "no mapping has this file")
            else:
                rows[row.id] = row
        if event.gone_folder is not None:
            _, below = self._places.below(event.gone_folder)
            below = [row for row in below if _is_gone(row, event)]
            if not below:
                yield _not_found([event.gone_folder], "no mapping lies below this folder")
            rows |= {row.id: row for row in below}
        yield from (self._departure(row) for row in rows.values() if row.id not in moving)

    def _departure(self, row: Mapping) -> Step:
        if self._files.exists(row.strm_path):
            # The event may have waited for a run: a new file may have that name by now.
            return Finding(THERE, row.strm_path, "its file is still there", row)
        return Change(Action.REMOVED, row.strm_path, row_before=row)

    def _brake(self, forgotten: Sequence[Change]) -> None:
        """Raises SafetyError where so much is gone at once that it may be the library itself."""
        total = self._mappings.count(Selection())
        # Sonarr sees another mount than strmctl: a folder that is empty here proves nothing.
        gone = [change.strm_path for change in forgotten]
        if gone and (reason := emptied(self._settings, self._database, but=gone)) is not None:
            raise SafetyError(f"{reason} Nothing was forgotten")
        try:
            brake.check(len(forgotten), total, self._settings.safety.max_change, "")
        except SafetyError:
            raise SafetyError(
                f"the files of {len(forgotten)} of {total} mappings are gone, more than "
                "safety.max_change: nothing was forgotten; `strmctl prune --force` does it"
            ) from None


def _knowing(step: Step, about: About) -> Step:
    """With the ids of the event, and its title and year where the row has none."""
    row = step.mapping
    if row is None or not (isinstance(step, Change) or step.kind == UNCHANGED):
        return step
    known = about.added_to(row)
    if isinstance(step, Change):
        return structs.replace(step, row_after=known)
    return step if known == row else Change(Action.UPDATED, step.strm_path, row, known)


def _is_gone(row: Mapping, event: ArrEvent) -> bool:
    """Of what is below the folder that is gone: all of it, unless the event names episodes."""
    place = row.identity.season, row.identity.episode
    return not event.gone_episodes or place in event.gone_episodes


def _not_found(file: Spellings, reason: str) -> Finding:
    return Finding(NOT_FOUND, file[0], reason)


def _outcome(step: Step, kind: str, reason: str) -> FileOutcome:
    row = step.mapping
    return FileOutcome(step.strm_path, kind, reason, (row and row.id) or None)
