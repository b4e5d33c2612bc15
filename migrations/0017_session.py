"""Who is signed in to the page: a row each, which signing out deletes for every worker.

`hash` is of the cookie's value and the admin token: nobody can make a cookie out of a row.
"""

from sqlite_utils import Database


def migrate(db: Database) -> None:
    db.execute(
        """
        CREATE TABLE session (
            hash TEXT PRIMARY KEY CHECK (length(hash) = 64),
            made_at TEXT NOT NULL CHECK (made_at GLOB '????-??-??T??:??:??.???Z')
        ) STRICT, WITHOUT ROWID
        """
    )
