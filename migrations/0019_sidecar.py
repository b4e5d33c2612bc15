"""What a run has made beside a `.strm`, and how it was then: `undo` removes what is still so."""

from sqlite_utils import Database

STATEMENTS = (
    """
    CREATE TABLE sidecar (
        run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
        path TEXT NOT NULL CHECK (path <> ''),
        sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
        PRIMARY KEY (run_id, path)
    ) STRICT, WITHOUT ROWID
    """,
)


def migrate(db: Database) -> None:
    for statement in STATEMENTS:
        db.execute(statement)
