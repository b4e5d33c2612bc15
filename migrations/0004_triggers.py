"""Jobs that the server runs, what they said, and what media servers have yet to be told.

A job is one run of the command line; its lines are those of `--json`. A notice is one file that
changed, for one `[notify.NAME]` table; a later change of the same file joins the one that waits.
"""

from sqlite_utils import Database

STATEMENTS = (
    """
    CREATE TABLE job (
        id INTEGER PRIMARY KEY,
        command TEXT NOT NULL CHECK (command <> ''),
        arguments TEXT NOT NULL CHECK (json_valid(arguments)),
        cause TEXT NOT NULL CHECK (cause <> ''),
        state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN
            ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'interrupted')),
        owner TEXT NOT NULL CHECK (owner <> ''),
        total INTEGER CHECK (total >= 0),
        done INTEGER NOT NULL DEFAULT 0 CHECK (done >= 0),
        counts TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(counts)),
        exit_code INTEGER,
        message TEXT,
        cancel_requested INTEGER NOT NULL DEFAULT 0 CHECK (cancel_requested IN (0, 1)),
        created_at TEXT NOT NULL CHECK (created_at GLOB '????-??-??T??:??:??.???Z'),
        started_at TEXT CHECK (started_at GLOB '????-??-??T??:??:??.???Z'),
        finished_at TEXT CHECK (finished_at GLOB '????-??-??T??:??:??.???Z')
    ) STRICT
    """,
    "CREATE INDEX job_state ON job (state, id)",
    """
    CREATE TABLE job_line (
        job_id INTEGER NOT NULL REFERENCES job (id) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        document TEXT NOT NULL CHECK (json_valid(document)),
        PRIMARY KEY (job_id, number)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE notice (
        id INTEGER PRIMARY KEY,
        target TEXT NOT NULL CHECK (target <> ''),
        strm_path TEXT NOT NULL CHECK (strm_path <> ''),
        change TEXT NOT NULL CHECK (change IN ('created', 'modified', 'deleted')),
        changed_at TEXT NOT NULL CHECK (changed_at GLOB '????-??-??T??:??:??.???Z'),
        attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
        next_attempt_at TEXT NOT NULL CHECK (next_attempt_at GLOB '????-??-??T??:??:??.???Z'),
        UNIQUE (target, strm_path)
    ) STRICT
    """,
    "CREATE INDEX notice_next ON notice (target, next_attempt_at)",
    "CREATE INDEX event_at ON event (at)",
)


def migrate(db: Database) -> None:
    for statement in STATEMENTS:
        db.execute(statement)
