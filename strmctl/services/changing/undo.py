"""`undo` takes back runs, the newest first; what was changed since stays as it is."""

from collections.abc import Generator, Iterator, Sequence

from strmctl.domain import brake
from strmctl.domain.change import Action, Change
from strmctl.domain.selection import Selection
from strmctl.domain.urls.playback_url import Proof
from strmctl.errors import ItemError, UsageError
from strmctl.services.changing.change_run import BATCH, Done, LeftAloneError, apply
from strmctl.services.library import tree
from strmctl.storage.database.connection import Database
from strmctl.storage.files.sidecar_files import SidecarFiles
from strmctl.storage.files.strm_file import LibraryFiles
from strmctl.storage.tables.journal import Journal, JournalledRun
from strmctl.storage.tables.mappings import Mappings
from strmctl.storage.tables.row_changes import RowChanges


def undoable_runs(database: Database) -> list[JournalledRun]:
    """The newest first, as far back as the journal goes."""
    return Journal(database).newest()


def last_run(database: Database) -> JournalledRun | None:
    """The run that `undo` takes back."""
    return Journal(database).last()


def one_run(database: Database, number: int) -> JournalledRun:
    """Raises UsageError for one that cannot be taken back."""
    run = Journal(database).get(number)
    if run is None:
        raise UsageError(f"run {number} is not in the journal: `strmctl undo --list` shows them")
    return run


def undoable(database: Database, run: JournalledRun) -> Iterator[Done]:
    """What `undo` would do, changing and checking nothing."""
    yield from (Done(Change(Action.REMOVED, path)) for path in Journal(database).sidecars(run.id))
    for page in Journal(database).changes(run.id, backwards=True):
        yield from (Done(change.reversed()) for change in page.values())


def check_undo(database: Database, run: JournalledRun, max_change: float) -> None:
    """Raises SafetyError where so many of the library's files would go that it may be a mistake.

    Only those count: to put back what was there is what undoing is for.
    """
    total = Mappings(database).count(Selection())
    # Undoing the `write` that made a library would empty it.
    brake.check(Journal(database).files_made(run.id), total, max_change, "files would be removed")


def undo(
    database: Database,
    files: LibraryFiles,
    proof: Proof,
    run: JournalledRun | None = None,
    *,
    batch: int = BATCH,
) -> Generator[Done, None, None]:
    """Take back a run, whole or killed, the last one if not given; what has been changed since
    stays as it is.

    So does what would hold a playback URL that no key in force, `proof`, proves any more. What
    cannot be written or read now is kept for the next time.
    """
    journal = Journal(database)
    run = run or journal.last()
    if run is None:
        return
    # Before their `.strm` moves, which takes along what is beside it.
    yield from _without_sidecars(journal, run.id, SidecarFiles(files.root))
    RowChanges(database).move(run.id, backwards=True)
    for page in journal.changes(run.id, backwards=True, page=batch):
        changes = [change.reversed() for change in page.values()]
        done = apply(database, files, changes, _unplayable(changes, proof))
        journal.drop(
            number for number, item in zip(page, done, strict=True) if not item.can_be_tried_again
        )
        yield from done
    journal.forget_taken_back(run.id)


def _without_sidecars(journal: Journal, run: int, files: SidecarFiles) -> Iterator[Done]:
    for path, sha256 in journal.sidecars(run).items():
        change = Change(Action.REMOVED, path)
        try:
            as_written = files.is_as_written(path, sha256)
            if as_written:
                files.remove(path)
        except ItemError as error:
            # What cannot be read or removed now is kept for the next time.
            yield Done(change, error)
            continue
        if as_written is not None:
            yield Done(change, None if as_written else _changed(path))
        journal.drop_sidecars(run, [path])


def _changed(path: str) -> ItemError:
    return LeftAloneError(f"{path}: has been changed since: it is left as it is")


def _unplayable(changes: Sequence[Change], proof: Proof) -> dict[str, ItemError]:
    looked = [tree.classify(it.strm_path, it.file_after, proof) for it in changes if it.file_after]
    return {
        file.strm_path: LeftAloneError(
            f"{file.strm_path}: its URL before was signed with a key that is no longer in force: "
            "it is left as it is"
        )
        for file in looked
        if file.kind is tree.Kind.OWN and not file.proved
    }
