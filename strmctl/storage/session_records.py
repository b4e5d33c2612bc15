"""Who is signed in to the page, by hashes alone; a session counts from when it was made."""

from datetime import datetime

from strmctl.storage.database import rows
from strmctl.storage.database.connection import Database


class SessionRecords:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, hashed: str, now: datetime, oldest: datetime) -> None:
        """Sessions made before `oldest` are deleted."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM session WHERE made_at < ?", (rows.time_text(oldest),))
            connection.execute("INSERT INTO session VALUES (?, ?)", (hashed, rows.time_text(now)))

    def has(self, hashed: str, oldest: datetime) -> bool:
        statement = "SELECT 1 FROM session WHERE hash = ? AND made_at >= ?"
        return bool(self._database.query(statement, (hashed, rows.time_text(oldest))))

    def delete(self, hashed: str) -> None:
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM session WHERE hash = ?", (hashed,))
