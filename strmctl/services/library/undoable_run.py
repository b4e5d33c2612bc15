"""A run for `undo` is recorded with its first change, so a run without changes leaves no trace."""

import threading
from collections.abc import Mapping as Table

from strmctl.storage.database.connection import Database
from strmctl.storage.tables.journal import Journal


class UndoableRun:
    """`command` is what `undo` calls it."""

    def __init__(self, database: Database, command: str) -> None:
        self._command = command
        self._journal = Journal(database)
        self._run: int | None = None
        # A refresh writes what lies beside several links at once, each in a thread.
        self._beginning = threading.Lock()

    def beside(self, files: Table[str, bytes]) -> None:
        """These come beside a `.strm`: the SHA-256 of each by its path."""
        self._journal.add_sidecars(self._begun(), files)
        self._journal.forget_earlier()

    def finish(self) -> None:
        if self._run is not None:
            self._journal.finish(self._run)

    def _begun(self) -> int:
        with self._beginning:
            if self._run is None:
                run = self._journal.begin(self._command)
                self._journal.start(run)
                self._run = run
            return self._run
