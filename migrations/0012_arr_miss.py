"""What Sonarr and Radarr spoke of and the library did not have, for people to look at."""

from sqlite_utils import Database


def migrate(db: Database) -> None:
    db.execute(
        """
        CREATE TABLE arr_miss (
            id INTEGER PRIMARY KEY,
            sender TEXT NOT NULL CHECK (sender <> ''),
            event TEXT NOT NULL CHECK (event <> ''),
            path TEXT NOT NULL CHECK (path <> ''),
            outcome TEXT NOT NULL CHECK (outcome <> ''),
            reason TEXT NOT NULL DEFAULT '',
            at TEXT NOT NULL CHECK (at GLOB '????-??-??T??:??:??.???Z'),
            UNIQUE (sender, path)
        ) STRICT
        """
    )
