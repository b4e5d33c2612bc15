"""What Sonarr and Radarr said while a run held the lock, kept until it has been done."""

from sqlite_utils import Database


def migrate(db: Database) -> None:
    db.execute(
        """
        CREATE TABLE late_event (
            id INTEGER PRIMARY KEY,
            sender TEXT NOT NULL CHECK (sender <> ''),
            payload TEXT NOT NULL CHECK (json_valid(payload)),
            received_at TEXT NOT NULL CHECK (received_at GLOB '????-??-??T??:??:??.???Z')
        ) STRICT
        """
    )
