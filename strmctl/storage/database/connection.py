"""One connection, one transaction at a time; the schema is current before anything else happens.

The database holds upstream URLs with tokens, so a new one can be read by its owner alone.
"""

import os
import sqlite3
import threading
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from strmctl.errors import DatabaseError
from strmctl.storage.database import schema
from strmctl.storage.database.file_system import is_disk_full

if TYPE_CHECKING:
    import sqlite_utils

_BUSY_SECONDS = 30.0
_WAL_ATTEMPTS = 50
_BATCH = 1000
"""Rows that one DELETE takes away, so that nobody who writes meanwhile waits for long."""

Parameters = Sequence[object] | Mapping[str, object]


class Database:
    """Usable from several threads: each query or transaction waits for the one before it.

    Every method raises DatabaseError for what SQLite refuses.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._lock = threading.RLock()

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        migrate: bool = True,
        create: bool = True,
        patience: float = _BUSY_SECONDS,
    ) -> "Database":
        """Open or create; with `migrate` the schema is brought up to date, after a backup.

        `patience` in seconds is how long a transaction waits for another program's.

        Raises DatabaseError for a file that is not a strmctl database or is newer than this
        program, and, without `migrate` or `create`, for a file that does not exist.
        """
        if migrate and create:
            _create_private(path)
        elif not database_exists(path):
            raise DatabaseError(f"{path}: no such database: run `strmctl init`")
        with _explained(path):
            # Python's own transactions begin deferred, and not for every statement.
            connection = sqlite3.connect(
                path, timeout=patience, isolation_level=None, check_same_thread=False
            )
        database = cls(path, connection)
        try:
            database._prepare(migrate)
        except BaseException:
            database.close()
            raise
        return database

    @cached_property
    def db(self) -> "sqlite_utils.Database":
        """The same connection with the methods of sqlite-utils, imported when first asked for."""
        import sqlite_utils

        return sqlite_utils.Database(self._connection)

    def query(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """All rows of one statement that reads."""
        with self._lock, _explained(self.path):
            return self._connection.execute(sql, parameters).fetchall()

    def integers(self, sql: str, parameters: Parameters = ()) -> "array[int]":
        """The first column of all rows, eight bytes each and no more while they are read."""
        with self._lock, _explained(self.path):
            # 64 bits, as SQLite's integers have.
            return array("q", (row[0] for row in self._connection.execute(sql, parameters)))

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything inside happens or nothing; one inside another is part of it."""
        with self._lock, _explained(self.path):
            if self._connection.in_transaction:
                yield self._connection
                return
            # A deferred one that writes after it has read fails at once where another has written.
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def delete_in_batches(self, statement: str, values: Mapping[str, str | int | None]) -> int:
        """How many rows a DELETE with `LIMIT :batch` took away; others write in between."""
        total = 0
        while True:
            with self.transaction() as connection:
                deleted = connection.execute(statement, {**values, "batch": _BATCH}).rowcount
            total += deleted
            if deleted < _BATCH:
                return total

    def applied(self) -> list[str]:
        """The names of the migrations that this database has had, in their order."""
        if not self.query("SELECT 1 FROM sqlite_master WHERE name = '_sqlite_migrations'"):
            return []
        rows = self.query(
            "SELECT name FROM _sqlite_migrations WHERE migration_set = ? ORDER BY rowid",
            (schema.MIGRATION_SET,),
        )
        return [row["name"] for row in rows]

    def pending(self) -> list[str]:
        """The names of the migrations that it still needs."""
        return sorted(set(schema.known()) - set(self.applied()))

    def migrate(self) -> list[str]:
        """Run what is pending, after a backup beside the database; returns the names."""
        if not self.pending():
            return []
        with self.transaction():
            # Asked again now that nobody else can write: two first starts meet here.
            pending = self.pending()
            if pending and self.applied():
                self._backup_before(pending[0])
            if pending:
                schema.load().apply(self.db)
            return pending

    def backup(self, target: Path) -> None:
        """A consistent copy at `target`, which must not exist, while others read and write."""
        from strmctl.storage.database.backup import copy_database

        with _explained(self.path):
            copy_database(self.path, target)

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _prepare(self, migrate: bool) -> None:
        with _explained(self.path):
            self._connection.row_factory = sqlite3.Row
            self._refuse_foreign()
            if migrate:
                _use_wal(self._connection)
            # With WAL a power cut may undo the last commits, never damage the file.
            self._connection.execute("PRAGMA synchronous = NORMAL")
            # SQLite keeps them off, for each connection anew.
            self._connection.execute("PRAGMA foreign_keys = ON")
        self._refuse_newer()
        if migrate:
            self.migrate()

    def _refuse_foreign(self) -> None:
        # One statement: between two of them another process may make the tables.
        [(application_id, has_tables)] = self._connection.execute(
            "SELECT application_id, EXISTS"
            " (SELECT 1 FROM sqlite_master WHERE name NOT GLOB '*sqlite_*')"
            " FROM pragma_application_id"
        ).fetchall()
        if application_id == schema.APPLICATION_ID:
            return
        if application_id or has_tables:
            raise DatabaseError(
                f"{self.path}: a database of another program: set `database` to another file"
            )

    def _refuse_newer(self) -> None:
        known = set(schema.known())
        unknown = [name for name in self.applied() if name not in known]
        if unknown:
            raise DatabaseError(
                f"{self.path}: made by a newer strmctl (migration {unknown[0]}): upgrade strmctl, "
                "or go back to the backup beside it that was made before that migration"
            )

    def _backup_before(self, migration: str) -> None:
        from strmctl.storage.database.backup import copy_database

        # To the millisecond: a migration that was killed and begins again makes another copy.
        [(now,)] = self.query("SELECT strftime('%Y%m%dT%H%M%fZ')")
        target = self.path.with_name(f"{self.path.name}.{now}-before-{migration}.bak")
        # On a connection of its own: VACUUM cannot run in the transaction that is open here.
        copy_database(self.path, target)


def database_exists(path: Path) -> bool:
    """Raises DatabaseError for a path that no file can have."""
    try:
        return path.exists()
    except OSError as error:
        raise DatabaseError(f"{path}: cannot be a database: {error.strerror}") from None


def _create_private(path: Path) -> None:
    # O_EXCL: closing a second descriptor of an open database would drop SQLite's own locks on it.
    with suppress(FileExistsError):
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileNotFoundError:
            raise DatabaseError(f"{path}: the folder does not exist: create it first") from None
        except OSError as error:
            if not database_exists(path):
                raise DatabaseError(f"{path}: cannot be created: {error.strerror}") from None


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to write-ahead logging, which a database remembers for good."""
    for _ in range(_WAL_ATTEMPTS):
        try:
            connection.execute("PRAGMA journal_mode = wal").fetchall()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            # SQLite gives up at once here; BEGIN waits until the others have finished.
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")
        else:
            return
    raise DatabaseError("the database stays busy: end the other programs that have it open")


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """SQLite's refusals as DatabaseError, with the file and what to do."""
    try:
        yield
    except sqlite3.Error as error:
        raise DatabaseError(f"{path}: {error}{_advice(error)}") from error


def _advice(error: sqlite3.Error) -> str:
    if is_disk_full(error):
        return ": the disk is full: free some space"
    # The low byte is the primary code; extended ones tell more above it.
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return ": set `database` to another file, or restore a backup"
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return ": another program has held it for too long"
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return ": strmctl needs to write the file and its folder"
        case _:
            return ""
