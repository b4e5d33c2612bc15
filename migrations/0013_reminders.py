"""What is out of order with the whole installation, and what people have been told already.

A trouble is there as long as it lasts. A reminder is a finding that a digest has shown, an alert
a trouble that one `[notify.NAME]` table has been sent; `alert_sent` is when, for each kind.
"""

from sqlite_utils import Database

_TIME = "GLOB '????-??-??T??:??:??.???Z'"

STATEMENTS = (
    f"""
    CREATE TABLE trouble (
        kind TEXT NOT NULL CHECK (kind <> ''),
        name TEXT NOT NULL,
        reason TEXT NOT NULL,
        since TEXT NOT NULL CHECK (since {_TIME}),
        at TEXT NOT NULL CHECK (at {_TIME}),
        PRIMARY KEY (kind, name)
    ) STRICT, WITHOUT ROWID
    """,
    f"""
    CREATE TABLE reminder (
        subject TEXT NOT NULL CHECK (subject <> ''),
        state TEXT NOT NULL CHECK (state <> ''),
        mapping_id INTEGER REFERENCES strm_mapping (id) ON DELETE CASCADE,
        at TEXT NOT NULL CHECK (at {_TIME}),
        PRIMARY KEY (subject, state)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX reminder_mapping ON reminder (mapping_id) WHERE mapping_id IS NOT NULL",
    """
    CREATE TABLE alert (
        target TEXT NOT NULL CHECK (target <> ''),
        kind TEXT NOT NULL CHECK (kind <> ''),
        subject TEXT NOT NULL,
        PRIMARY KEY (target, kind, subject)
    ) STRICT, WITHOUT ROWID
    """,
    f"""
    CREATE TABLE alert_sent (
        target TEXT NOT NULL CHECK (target <> ''),
        kind TEXT NOT NULL CHECK (kind <> ''),
        at TEXT CHECK (at {_TIME}),
        last_event INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (target, kind)
    ) STRICT, WITHOUT ROWID
    """,
)


def migrate(db: Database) -> None:
    for statement in STATEMENTS:
        db.execute(statement)
