"""What a run plans, does and can take back; the newest runs that did something are kept."""

import json
from collections.abc import Iterable, Iterator, Mapping as Table
from datetime import UTC, datetime

from msgspec import Struct

from strmctl.domain.change import Action, Change
from strmctl.domain.mapping import Mapping
from strmctl.storage.database import rows
from strmctl.storage.database.connection import Database

_PAGE = 1000
_RUNS = 20
"""That `undo` can take back, one after another."""

_ADD = """
INSERT INTO change (run_id, action, strm_path, row_before, row_after, file_before, file_after)
VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_FORGET_EARLIER = f"""
DELETE FROM run WHERE id <= (
    SELECT id FROM run WHERE started_at IS NOT NULL ORDER BY id DESC LIMIT 1 OFFSET {_RUNS}
)
"""
_STARTED = """
SELECT run.*, (SELECT count(*) FROM change WHERE run_id = run.id)
    + (SELECT count(*) FROM sidecar WHERE run_id = run.id) AS changes FROM run
WHERE started_at IS NOT NULL AND (:id IS NULL OR id = :id)
ORDER BY id DESC LIMIT :limit
"""
_FORGET_TAKEN_BACK = """
DELETE FROM run WHERE id = ? AND NOT EXISTS (SELECT 1 FROM change WHERE run_id = run.id)
    AND NOT EXISTS (SELECT 1 FROM sidecar WHERE run_id = run.id)
"""

# A killed run may have stored rows without their files.
_WITH_FILES = """
SELECT count(*) AS number FROM strm_mapping WHERE strm_path NOT IN (
    SELECT value FROM json_each(:but)
) AND strm_path NOT IN (
    SELECT strm_path FROM change WHERE row_before IS NULL AND row_after IS NOT NULL AND run_id IN (
        SELECT id FROM run WHERE started_at IS NOT NULL AND finished_at IS NULL
            AND id > (SELECT ifnull(max(id), 0) FROM run WHERE finished_at IS NOT NULL)
    )
)
"""

# By the few runs: a join would read the whole journal.
_UNFINISHED = """
SELECT strm_path FROM change WHERE row_after IS NOT NULL AND run_id IN (
    SELECT id FROM run WHERE started_at IS NOT NULL AND finished_at IS NULL
)
"""

# Columns that rows which the journal kept earlier do not have.
_ABSENT = dict.fromkeys(
    ("muted_until", "last_played_at", "media_bytes", "media_seconds", "media_link")
)


class JournalledRun(Struct, frozen=True):
    id: int
    command: str
    started_at: datetime
    finished_at: datetime | None = None
    changes: int = 0


class Journal:
    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, command: str) -> int:
        """The id of a new run, which plans until `start`."""
        with self._database.transaction() as connection:
            cursor = connection.execute("INSERT INTO run (command) VALUES (?)", (command,))
        return int(cursor.lastrowid or 0)

    def add(self, run: int, changes: Iterable[Change]) -> None:
        values = [_columns(run, change) for change in changes]
        with self._database.transaction() as connection:
            connection.executemany(_ADD, values)

    def start(self, run: int) -> None:
        """From now on `undo` means this run first."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE run SET started_at = ? WHERE id = ?",
                (rows.time_text(datetime.now(UTC)), run),
            )

    def forget_earlier(self) -> None:
        """Something of this run was done: those beyond the newest are not taken back any more."""
        with self._database.transaction() as connection:
            connection.execute(_FORGET_EARLIER)

    def finish(self, run: int) -> None:
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE run SET finished_at = ? WHERE id = ?",
                (rows.time_text(datetime.now(UTC)), run),
            )

    def forget(self, run: int) -> None:
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM run WHERE id = ?", (run,))

    def forget_taken_back(self, run: int) -> None:
        """Unless some of its changes are still there."""
        with self._database.transaction() as connection:
            connection.execute(_FORGET_TAKEN_BACK, (run,))

    def drop(self, changes: Iterable[int]) -> None:
        """By their numbers: they are not taken back any more."""
        with self._database.transaction() as connection:
            connection.executemany(
                "DELETE FROM change WHERE id = ?", ((number,) for number in changes)
            )

    def add_sidecars(self, run: int, sidecars: Table[str, bytes]) -> None:
        """Files that it makes beside a `.strm`: the SHA-256 of each by its path."""
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO sidecar (run_id, path, sha256) VALUES (?, ?, ?)",
                ((run, path, sha256) for path, sha256 in sidecars.items()),
            )

    def sidecars(self, run: int) -> dict[str, bytes]:
        found = self._database.query(
            "SELECT path, sha256 FROM sidecar WHERE run_id = ? ORDER BY path", (run,)
        )
        return {str(row["path"]): row["sha256"] for row in found}

    def drop_sidecars(self, run: int, paths: Iterable[str]) -> None:
        """They are not taken back any more."""
        with self._database.transaction() as connection:
            connection.executemany(
                "DELETE FROM sidecar WHERE run_id = ? AND path = ?", ((run, it) for it in paths)
            )

    def forget_plans(self) -> None:
        """Plans that were never carried out, left by killed runs; call it under the run lock."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM run WHERE started_at IS NULL")

    def last(self) -> JournalledRun | None:
        """The newest run that has begun to change something and was not taken back."""
        return next(iter(self.newest(limit=1)), None)

    def newest(self, *, limit: int = _RUNS) -> list[JournalledRun]:
        """Runs that can be taken back, the newest first."""
        return self._started(None, limit)

    def get(self, run: int) -> JournalledRun | None:
        return next(iter(self._started(run, 1)), None)

    def _started(self, run: int | None, limit: int) -> list[JournalledRun]:
        found = self._database.query(_STARTED, {"id": run, "limit": limit})
        return [_run(row) for row in found]

    def files_made(self, run: int) -> int:
        """How many files were not there before."""
        [row] = self._database.query(
            "SELECT count(*) AS number FROM change"
            " WHERE run_id = ? AND file_before IS NULL AND file_after IS NOT NULL",
            (run,),
        )
        return int(row["number"])

    def mappings_with_files(self, but: Iterable[str]) -> int:
        """Those that have had a file, for all that is known; those with the paths `but` are left
        out."""
        [row] = self._database.query(_WITH_FILES, {"but": json.dumps(list(but))})
        return int(row["number"])

    def unfinished(self) -> set[str]:
        """The paths of rows whose run was killed or has failed: their files may never have come."""
        return {str(row["strm_path"]) for row in self._database.query(_UNFINISHED)}

    def changes(
        self, run: int, *, backwards: bool = False, page: int = _PAGE
    ) -> Iterator[dict[int, Change]]:
        """By number, page by page, in the order in which they were added or the reverse of it."""
        beyond, direction = ("<", "DESC") if backwards else (">", "ASC")
        # The largest integer of SQLite: every id is below it.
        last = 2**63 - 1 if backwards else 0
        query = (
            f"SELECT * FROM change WHERE run_id = ? AND id {beyond} ?"
            f" ORDER BY id {direction} LIMIT ?"
        )
        while found := self._database.query(query, (run, last, page)):
            last = found[-1]["id"]
            yield {row["id"]: _change(row) for row in found}


def _columns(run: int, change: Change) -> tuple[object, ...]:
    return (
        run,
        change.action.value,
        change.strm_path,
        _row_text(change.row_before),
        _row_text(change.row_after),
        change.file_before,
        change.file_after,
    )


def _row_text(mapping: Mapping | None) -> str | None:
    return None if mapping is None else json.dumps(rows.columns(mapping))


def _row(text: str | None) -> Mapping | None:
    """A run that an older version has journalled lacks the columns that came later."""
    return None if text is None else rows.mapping({**_ABSENT, **json.loads(text)})


def _change(row: rows.Row) -> Change:
    return Change(
        action=Action(str(row["action"])),
        strm_path=str(row["strm_path"]),
        row_before=_row(row["row_before"]),
        row_after=_row(row["row_after"]),
        file_before=row["file_before"],
        file_after=row["file_after"],
    )


def _run(row: rows.Row) -> JournalledRun:
    started = rows.time_value(row["started_at"])
    assert started is not None, "only runs that have started are read"
    return JournalledRun(
        id=int(row["id"]),
        command=str(row["command"]),
        started_at=started,
        finished_at=rows.time_value(row["finished_at"]),
        changes=row["changes"],
    )
