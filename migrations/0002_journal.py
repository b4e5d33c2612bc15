"""The journal of the last run that changed the library, and how long links were seen to live.

A change is one row, one file or both, as they were and as they shall be: what a run has planned,
what it still has to do, and what `undo` puts back. `started_at` is NULL while a run plans.
"""

from sqlite_utils import Database

STATEMENTS = (
    """
    CREATE TABLE run (
        id INTEGER PRIMARY KEY,
        command TEXT NOT NULL CHECK (command <> ''),
        started_at TEXT CHECK (started_at GLOB '????-??-??T??:??:??.???Z'),
        finished_at TEXT CHECK (finished_at GLOB '????-??-??T??:??:??.???Z')
    ) STRICT
    """,
    """
    CREATE TABLE change (
        id INTEGER PRIMARY KEY,
        run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
        action TEXT NOT NULL CHECK (action <> ''),
        strm_path TEXT NOT NULL CHECK (strm_path <> ''),
        row_before TEXT CHECK (row_before IS NULL OR json_valid(row_before)),
        row_after TEXT CHECK (row_after IS NULL OR json_valid(row_after)),
        file_before BLOB,
        file_after BLOB
    ) STRICT
    """,
    "CREATE INDEX change_run ON change (run_id, id)",
    """
    CREATE TABLE lifetime (
        id INTEGER PRIMARY KEY,
        host TEXT NOT NULL CHECK (host <> ''),
        scheme TEXT NOT NULL CHECK (scheme <> ''),
        seconds REAL NOT NULL CHECK (seconds > 0),
        at TEXT NOT NULL CHECK (at GLOB '????-??-??T??:??:??.???Z')
    ) STRICT
    """,
    "CREATE INDEX lifetime_host ON lifetime (host, scheme, id)",
)


def migrate(db: Database) -> None:
    for statement in STATEMENTS:
        db.execute(statement)
