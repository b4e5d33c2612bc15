"""A run that changes the library: all of it planned, braked, then carried out; it can be undone.

The brake is the run's own, so that no caller can forget it.

The plan lies in the database, so neither its size nor a kill matters: a row that comes is stored
before its file is, a row that goes is forgotten after its file, so that whenever a run ends, the
same command again does what is missing and `undo` takes back what was done.
"""

import logging
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping as Table, Sequence
from datetime import timedelta
from itertools import islice
from types import MappingProxyType

from msgspec import Struct, structs

from strmctl.domain import brake
from strmctl.domain.change import Change, Finding, Step
from strmctl.domain.identity import Identity
from strmctl.domain.mapping import Mapping
from strmctl.domain.selection import Selection
from strmctl.errors import ItemError, SafetyError
from strmctl.services.library import find
from strmctl.services.library.files import library_files
from strmctl.services.library.mounted import files_there
from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.database.file_system import is_disk_full
from strmctl.storage.files.strm_file import Content, LibraryFiles
from strmctl.storage.locks.run_lock import run_lock
from strmctl.storage.tables.journal import Journal
from strmctl.storage.tables.mappings import Mappings
from strmctl.storage.tables.row_changes import RowChanges

log = logging.getLogger(__name__)

BATCH = 1000


class LeftAloneError(ItemError):
    """What is there by now is not what the change was meant for."""


class RefusedError(ItemError):
    """The library as it is does not allow the change: another file is there, say."""

    http_status = 409


Planner = Callable[[Database, LibraryFiles, Selection], Iterable[Step]]


def change_one(
    settings: Settings,
    command: str,
    mapping_id: int,
    plan: Planner,
    *,
    wait: timedelta,
    needs_library: bool = True,
) -> None:
    """As `strmctl COMMAND ID` does: `undo` takes it back.

    Raises UnknownMappingError, LockedError after the `wait`, or why it cannot be done.
    """
    lock = run_lock(settings.database, f"{command} {mapping_id}", wait=wait)
    with lock, Database.open(settings.database) as database:
        find.by_id(database, mapping_id)
        files = (files_there if needs_library else library_files)(settings, database)
        changes = ChangeRun(database, files, command, limit=settings.safety.max_change)
        for step in changes.plan(plan(database, files, Selection(ids=(mapping_id,)))):
            if isinstance(step, Finding) and step.kind == "failed":
                raise RefusedError(step.reason)
        for done in changes.carry_out():
            if done.error is not None:
                raise done.error


class Done(Struct, frozen=True):
    """One change, with the id of a row that it has made, and, if it was not done, why."""

    change: Change
    error: ItemError | None = None

    @property
    def can_be_tried_again(self) -> bool:
        return self.error is not None and not isinstance(self.error, LeftAloneError)


class ChangeRun:
    """Used under the run lock: `plan`, then `carry_out`; or `rehearse`, which keeps nothing."""

    def __init__(
        self,
        database: Database,
        files: LibraryFiles,
        command: str,
        *,
        limit: float | None,
        batch: int = BATCH,
    ) -> None:
        """`limit` is the share of the library that it may change, safety.max_change; None is force.
        A `batch` of changes is done before the first of them is reported."""
        self._database, self._files, self._command = database, files, command
        self._limit, self._batch = limit, batch
        self._journal = Journal(database)
        self._run: int | None = None
        self.planned = 0
        self.altering = 0
        self._changed = 0
        self._altered: Counter[str] = Counter()

    def plan(self, steps: Iterable[Step]) -> Iterator[Step]:
        """Keep the changes for `carry_out`; every step comes out again, for those who watch."""
        self._journal.forget_plans()
        waiting = iter(steps)
        while batch := list(islice(waiting, self._batch)):
            changes = [step for step in batch if not isinstance(step, Finding)]
            if changes and self._run is None:
                self._run = self._journal.begin(self._command)
            if self._run is not None:
                self._journal.add(self._run, changes)
            for change in changes:
                self._count(change)
            yield from batch

    def rehearse(self, steps: Iterable[Step]) -> Iterator[Step]:
        """As `plan`, for a dry run; `needs_force` then says what `carry_out` would."""
        for step in steps:
            if not isinstance(step, Finding):
                self._count(step)
            yield step

    @property
    def needs_force(self) -> bool:
        try:
            self._check_brake()
        except SafetyError:
            return True
        return False

    def _count(self, change: Change) -> None:
        self.planned += 1
        if change.alters:
            self.altering += 1
            self._altered[f"{_series(change)} {change.action.value}"] += 1

    def _check_brake(self) -> None:
        total = max(Mappings(self._database).count(Selection()), self.altering)
        brake.check(
            self.altering,
            total,
            self._limit,
            "would change",
            groups=self._altered,
            advice="check that the library and the settings are the right ones (--dry-run)",
        )

    def _end_of_all(self, done: Sequence[Done]) -> ItemError | None:
        errors = [item.error for item in done if item.error is not None]
        self._changed += len(done) - len(errors)
        if not errors:
            return None
        try:
            # A NAS that goes away in mid-run fails every file: one line in place of 5,000.
            self._files.check_there()
        except ItemError as gone:
            return gone
        return next(filter(is_disk_full, errors), None)

    def discard(self) -> None:
        if self._run is not None:
            self._journal.forget(self._run)

    def carry_out(self) -> Generator[Done, None, None]:
        """In the order of the plan; one that fails does not stop the others.

        Raises SafetyError before anything is done where the plan is more than the limit, ItemError
        where all that is left would fail for one reason: the library has gone, or the disk is full.
        """
        if self._run is None:
            return
        try:
            self._check_brake()
        except SafetyError:
            self.discard()
            raise
        # After this `undo` can take the run back, even if it is killed.
        self._journal.start(self._run)
        RowChanges(self._database).move(self._run)
        stuck: dict[str, ItemError] = {}
        for page in self._journal.changes(self._run, page=self._batch):
            done = apply(self._database, self._files, list(page.values()), stuck)
            stuck |= _stuck(done)
            if any(item.error is None for item in done):
                self._journal.forget_earlier()
            if (reason := self._end_of_all(done)) is not None:
                yield from (item for item in done if item.error is None)
                text = f"{reason}: {self._changed} of {self.planned} changes are done"
                raise ItemError(text) from reason
            yield from done
        self._journal.finish(self._run)


def _stuck(done: Sequence[Done]) -> dict[str, ItemError]:
    """The old places of what could not move: that half of a move may come with the next page."""
    found = {}
    for item in done:
        before, after = item.change.row_before, item.change.row_after
        if item.error and before and after and before.strm_path != after.strm_path:
            found[before.strm_path] = item.error
    return found


def _series(change: Change) -> str:
    """The mapping's, or the folder of a file that has none."""
    mapping = change.mapping
    return mapping.identity.slug if mapping else change.strm_path.rpartition("/")[0] or "."


def apply(
    database: Database,
    files: LibraryFiles,
    changes: Sequence[Change],
    unwanted: Table[str, ItemError] = MappingProxyType({}),
) -> list[Done]:
    """Rows that come, then files, then rows that go; what is done already stays done."""
    contents = files.read_all(change.strm_path for change in changes if change.changes_file)
    obstacles = _obstacles(Mappings(database), changes, contents) | dict(unwanted)
    possible = [change for change in changes if change.strm_path not in obstacles]
    rows = RowChanges(database)
    rows.put(possible)
    failed = obstacles | _change_files(files, possible, contents)
    rows.put_back([change for change in changes if change.strm_path in failed and _moves(change)])
    _move_sidecars(files, [change for change in possible if change.strm_path not in failed])
    rows.delete(
        [
            change.row_before
            for change in possible
            if change.row_before and change.row_after is None and change.strm_path not in failed
        ]
    )
    made = Mappings(database).known(
        change.row_after.identity
        for change in possible
        if change.row_after and change.row_before is None
    )
    return [Done(_with_id(change, made), failed.get(change.strm_path)) for change in changes]


def _moves(change: Change) -> bool:
    """Whether it writes the new file of a row that has another place before."""
    before, after = change.row_before, change.row_after
    is_elsewhere = before is not None and after is not None and before.strm_path != after.strm_path
    return is_elsewhere and after is not None and change.strm_path == after.strm_path


def _move_sidecars(files: LibraryFiles, changes: Sequence[Change]) -> None:
    """Subtitles and `.nfo` files keep the name of their `.strm`, or no server finds them."""
    for change in changes:
        before, after = change.row_before, change.row_after
        if not (change.changes_file and before and after) or before.strm_path == after.strm_path:
            continue
        try:
            files.move_sidecars(before.strm_path, after.strm_path)
        except ItemError as error:
            # The change itself is done.
            log.warning("what lies beside it stays at its old place: %s", error)


def _with_id(change: Change, made: Table[Identity, Mapping]) -> Change:
    row = change.row_after and made.get(change.row_after.identity)
    return structs.replace(change, row_after=row) if row and change.row_before is None else change


def _obstacles(
    mappings: Mappings, changes: Sequence[Change], contents: Table[str, Content]
) -> dict[str, ItemError]:
    """By path, why a change cannot be: its file or its row is no longer what was planned for."""
    rows = mappings.known(
        row.identity for change in changes for row in (change.row_before, change.row_after) if row
    )
    owners = mappings.owners(change.row_after.strm_path for change in changes if change.row_after)
    found: dict[str, ItemError] = {}
    for change in changes:
        content = contents.get(change.strm_path)
        if isinstance(content, ItemError):
            found[change.strm_path] = content
        elif not (_file_fits(change, content) and _row_fits(change, rows, owners)):
            found[change.strm_path] = _changed_since(change)
    return found


def _file_fits(change: Change, content: bytes | None) -> bool:
    # Sonarr or a person may have changed the file between the plan and this.
    return not change.changes_file or content in (change.file_before, change.file_after)


def _row_fits(change: Change, rows: Table[Identity, Mapping], owners: Table[str, Identity]) -> bool:
    if not change.changes_row:
        return True
    before, after = change.row_before, change.row_after
    if after is None:
        row = rows.get(before.identity) if before else None
        return row is None or before is None or row.strm_path == before.strm_path
    row = rows.get(after.identity)
    if row is None and before is not None:
        row = rows.get(before.identity)  # `set` gives it another language or provider
    elif row is not None and before is not None and before.identity in rows:
        row = rows[before.identity]
    if row is None:
        return before is None and after.strm_path not in owners
    return row.strm_path == after.strm_path


def _changed_since(change: Change) -> ItemError:
    return LeftAloneError(f"{change.strm_path}: has been changed since: it is left as it is")


def _change_files(
    files: LibraryFiles, changes: Sequence[Change], contents: Table[str, Content]
) -> dict[str, ItemError]:
    shall = {item.strm_path: item.file_after for item in changes if item.changes_file}
    differing = {path: content for path, content in shall.items() if contents[path] != content}
    moved_from = {
        item.row_after.strm_path: item.row_before.strm_path
        for item in changes
        if item.row_before and item.row_after
    }
    written = {path: item for path, item in differing.items() if item is not None}
    failed = files.write_all(written, moved_from)
    # A file that could not be written at its new place exists only at the old one.
    kept = {moved_from.get(path) for path in failed}
    gone = [path for path, content in differing.items() if content is None and path not in kept]
    return failed | _remove_all(files, gone)


def _remove_all(files: LibraryFiles, paths: Iterable[str]) -> dict[str, ItemError]:
    failed: dict[str, ItemError] = {}
    for path in paths:
        try:
            files.remove(path)
        except ItemError as error:
            failed[path] = error
    return failed
